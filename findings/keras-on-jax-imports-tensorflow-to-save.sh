#!/usr/bin/env bash
# One would expect a program that runs Keras on JAX to leave TensorFlow alone. It does while it builds, trains, predicts
# and loads; but the first `model.save` or `clone_model` imports the whole of TensorFlow where that is installed, because
# Keras asks, value by value, whether it might be one of TensorFlow's, and asks by importing. `keras.utils.
# set_random_seed`, the first line of most scripts, does so too, to seed what is not used. So a ModelCheckpoint of whole
# models brings TensorFlow into a JAX training in the middle of it: seconds of processor time and some hundred MB that
# the process never gives back, and TensorFlow's notes on its build on the screen. `save_weights`, and a ModelCheckpoint
# with `save_weights_only=True`, do not. Whoever sets `sys.modules["tensorflow"] = None` before `import keras` gets the
# same numbers and saves the same file without it.
# Seen with Keras 3.15.1, JAX 0.10.2 and TensorFlow 2.21.0 on Linux, 29 November 2026. Source: a training of a classifier
# on JAX in an environment that had TensorFlow too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 jax==0.10.2
cat > "$work/train.py" <<'PYTHON'
"""Train a small network on JAX, then save it; print when TensorFlow was there, and what saving cost."""
import json
import resource
import sys
import time
import zipfile

if sys.argv[1] == "hidden":
    sys.modules["tensorflow"] = None
import keras
import numpy as np

assert keras.config.backend() == "jax"


def tensorflow_is_there():
    return sys.modules.get("tensorflow") is not None


def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if sys.argv[1] == "seeded":
    keras.utils.set_random_seed(0)
    print(tensorflow_is_there())
    sys.exit()
network = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, activation="softmax")])
network.compile("adam", "sparse_categorical_crossentropy")
network.fit(np.ones((16, 8), np.float32), np.zeros(16), verbose=0)
network.predict(np.ones((4, 8), np.float32), verbose=0)
network.save_weights(f"{sys.argv[2]}/network.weights.h5")
trained, before, started = tensorflow_is_there(), megabytes(), time.process_time()
network.save(f"{sys.argv[2]}/network.keras")
seconds = time.process_time() - started
config = json.loads(zipfile.ZipFile(f"{sys.argv[2]}/network.keras").read("config.json"))
config["config"]["dtype"].pop("shared_object_id", None)  # an address in memory
print(trained, tensorflow_is_there(), f"{seconds:.1f}", megabytes() - before, json.dumps(config).replace(" ", ""))
PYTHON
export KERAS_BACKEND=jax TF_CPP_MIN_LOG_LEVEL=3
"$work/venv/bin/python" -c 'import importlib.metadata as m; print(*(f"{p} {m.version(p)}" for p in ("keras", "jax", "tensorflow")), sep=", ")'
read -r trained saved seconds more config < <("$work/venv/bin/python" "$work/train.py" shown "$work" 2> /dev/null)
echo "TensorFlow is imported after training: $trained, after saving: $saved; saving took $seconds s of processor time and $more MB"
read -r hidden_trained hidden_saved less_seconds less hidden_config < <("$work/venv/bin/python" "$work/train.py" hidden "$work" 2> /dev/null)
echo "with TensorFlow hidden: $hidden_trained, $hidden_saved; $less_seconds s and $less MB; the same configuration: $([ "$config" = "$hidden_config" ] && echo yes || echo no)"
seeded=$("$work/venv/bin/python" "$work/train.py" seeded "$work" 2> /dev/null)
echo "after set_random_seed alone: $seeded"
[ "$seeded" = True ] && [ "$trained $saved" = "False True" ] && [ "$hidden_trained $hidden_saved" = "False False" ] && [ "$config" = "$hidden_config" ] \
  || { echo "the behaviour has changed"; exit 1; }
echo "as described: on JAX, saving a model imports TensorFlow"
