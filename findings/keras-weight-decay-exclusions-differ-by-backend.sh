#!/usr/bin/env bash
# One would expect exclude_from_weight_decay(var_names=["batch_normalization", "layer_norm", "head"]) to keep the same weights
# from decay on each backend. Keras searches for the words in `variable.name`. The TensorFlow backend asks the variable below,
# whose name is the whole path, "layer_norm/gamma"; the others have Keras' own variable, whose name is "gamma" alone. So on
# TensorFlow names of layers work, on JAX they match nothing, and words that match nothing are not reported.
# The same lines with KERAS_BACKEND=jax pull all scales of normalisation towards 0, and a head or an embedding that was to be
# spared: two backends are compared with two regularisations.
# With ["bias", "gamma", "beta"], which both find, TensorFlow spares a whole layer that is called beta_head.
# Say [r"(^|/)(bias|gamma|beta)(:0)?$"], or give the variables themselves as var_list.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0 and JAX 0.10.2, 30 November 2026. Source: the review at
# https://github.com/keras-team/keras/pull/16274 said why names of variables are no good handle
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 jax==0.10.2
cat > "$work/decay.py" <<'PYTHON'
"""Print what is left of weights that begin at 1 after ten steps without a gradient, by what was excluded."""
import json

import keras


def left(names=None, by_variable=False, name="head"):
    norms = keras.layers.BatchNormalization(name="batch_normalization"), keras.layers.LayerNormalization(name="layer_norm")
    head = keras.layers.Dense(3, kernel_initializer="ones", name=name)
    images = keras.Input((4,))
    model = keras.Model(images, head(norms[1](norms[0](images))))
    optimizer = keras.optimizers.AdamW(learning_rate=0.1, weight_decay=0.5)
    if names or by_variable:
        spared = [v for layer in (*norms, head) for v in layer.trainable_variables]
        optimizer.exclude_from_weight_decay(var_list=spared if by_variable else None, var_names=names)
    variables = model.trainable_variables
    for _ in range(10):
        optimizer.apply([keras.ops.zeros(v.shape) for v in variables], variables)
    return [round(float(keras.ops.mean(v.value)), 2) for v in (norms[0].gamma, norms[1].gamma, head.kernel)]


print(json.dumps({
    "nothing": left(),
    "names of layers": left(["batch_normalization", "layer_norm", "head", "bias"]),
    "names of weights": left(["gamma", "beta", "bias"]),
    "names of weights, head called beta_head,": left(["gamma", "beta", "bias"], name="beta_head"),
    "whole names of weights, head called beta_head,": left([r"(^|/)(gamma|beta|bias)(:0)?$"], name="beta_head"),
    "variables": left(by_variable=True),
}))
PYTHON
cd "$work"
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu
for backend in tensorflow jax; do
    KERAS_BACKEND=$backend venv/bin/python decay.py > $backend.json 2> errors || { tail -5 errors; exit 1; }
done
venv/bin/python - <<'PYTHON'
import json
from importlib.metadata import version

print(*(f"{name} {version(name)}" for name in ("keras", "tensorflow", "jax")), sep=", ")
found = {backend: json.load(open(f"{backend}.json")) for backend in ("tensorflow", "jax")}
for excluded in found["jax"]:
    values = ", ".join(f"{each[excluded]} on {backend}" for backend, each in found.items())
    print(f"{excluded} excluded: two scales and a kernel are {values}")
for values in found.values():
    assert values["nothing"] == [0.6, 0.6, 0.6]
    assert values["names of weights"] == [1, 1, 0.6]
    assert values["whole names of weights, head called beta_head,"] == [1, 1, 0.6]
    assert values["variables"] == [1, 1, 1]
assert found["tensorflow"]["names of layers"] == [1, 1, 1]
assert found["jax"]["names of layers"] == found["jax"]["nothing"]
called_beta = "names of weights, head called beta_head,"
assert (found["tensorflow"][called_beta], found["jax"][called_beta]) == ([1, 1, 1], [1, 1, 0.6])
PYTHON
