#!/usr/bin/env bash
# `openvino.convert_model` takes a function of JAX, as `jax.make_jaxpr` traces it, and one would expect that a network's
# commonest activation goes through. max(x, 0) does, and gelu; the very same numbers as `jax.nn.relu` do not: that, and
# relu6, are functions with a derivative of their own (`custom_jvp`), of whose parameters OpenVINO compares one with a
# table of types, which ends in "type object 'numpy.float32' has no attribute 'f'", an error that names neither relu nor
# JAX. silu, softmax and whatever else JAX keeps as a function within a function (`jit`), a minimum and a padding have no
# rule at all. So hardly a network of Keras on JAX is converted that way. Keras' own `export(format="openvino")` on JAX
# goes by TensorFlow, which then has to be installed. Whoever trains classifiers on JAX and has no TensorFlow loads the
# saved network once more, in a process where Keras runs on its backend `openvino`, and exports it there.
# Seen with JAX 0.10.2 and OpenVINO 2026.4.1 on Linux, 29 November 2026. Source: trying to convert ResNet-20 and others.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 openvino==2026.4.1 packaging==26.4  # the last is asked for, not brought
cat > "$work/convert.py" <<'PYTHON'
"""Say of some functions of JAX whether OpenVINO takes them, and if not, what it says."""
import re
import sys

sys.modules["openvino_telemetry"] = None  # it would tell of each attempt, from a forked process
import jax
import jax.numpy as jnp
import numpy as np
import openvino

FUNCTIONS = {
    "jnp.maximum(x, 0)": lambda x: jnp.maximum(x, 0.0),
    "jax.nn.gelu": jax.nn.gelu,
    "jax.nn.relu": jax.nn.relu,
    "jax.nn.relu6": jax.nn.relu6,
    "jax.nn.silu": jax.nn.silu,
    "jnp.minimum(x, 6)": lambda x: jnp.minimum(x, 6.0),
    "jnp.pad": lambda x: jnp.pad(x, 1),
}
x = np.array([[-1.0, 0.5, 2.0, 7.0]], np.float32)
assert (jax.nn.relu(x) == jnp.maximum(x, 0.0)).all()
for name, function in FUNCTIONS.items():
    try:
        model = openvino.convert_model(jax.make_jaxpr(function)(x))
        found = openvino.compile_model(model, "CPU")(x)[0]
        said = "taken" if np.allclose(found, function(x), atol=1e-3) else "other numbers"
    except Exception as error:
        said = re.search("AttributeError: .*|No conversion rule found for operations: .*", str(error))[0]
    print(f"{name}: {said}")
PYTHON
export TF_CPP_MIN_LOG_LEVEL=3 JAX_PLATFORMS=cpu
python="$work/venv/bin/python"
"$python" -c 'import importlib.metadata as m; print(*(f"{p} {m.version(p)}" for p in ("jax", "openvino")), sep=", ")'
found=$("$python" "$work/convert.py" 2> /dev/null)
printf '%s\n' "$found"
expected="jnp.maximum(x, 0): taken
jax.nn.gelu: taken
jax.nn.relu: AttributeError: type object 'numpy.float32' has no attribute 'f'
jax.nn.relu6: AttributeError: type object 'numpy.float32' has no attribute 'f'
jax.nn.silu: No conversion rule found for operations: jit
jnp.minimum(x, 6): No conversion rule found for operations: min
jnp.pad: No conversion rule found for operations: jit"
[ "$found" = "$expected" ] || { echo "the behaviour has changed"; exit 1; }
echo "as described: OpenVINO takes no relu of JAX"
