#!/usr/bin/env bash
# `TFLiteConverter.from_concrete_functions([function], trackable)` asks, as its second argument, for the object that owns the
# variables of the function. One would hand it the Keras 3 model that the function calls. The converter then finds no
# variables in it, writes a file of a few kilobytes without any weights, says nothing, and the file loads and answers nan.
# With a `tf.Module` that lists the values of the model's variables, the weights are in the file.
# Whoever wraps a Keras model for a phone (preprocessing, class names, two outputs) should look at the size of the file,
# and run it on an image beside the model before it is shipped.
# Seen with TensorFlow 2.21.0, Keras 3.15.1 and ai-edge-litert 2.3.0 on Linux, 28 November 2026. Source: an export of a
# classifier that was compared with the network it was made of.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 ai-edge-litert==2.3.0
cat > "$work/convert.py" <<'PYTHON'
"""Convert a function that calls a Keras model with two different owners of its variables, and run each file."""
import sys
from importlib.metadata import version

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

keras.utils.set_random_seed(0)
image = keras.Input((8, 8, 3))
maps = keras.layers.Conv2D(8, 3, activation="relu")(image)
wide = keras.layers.Dense(2000, activation="relu")(keras.layers.GlobalAveragePooling2D()(maps))
model = keras.Model(image, keras.layers.Dense(100)(wide))
pixels = np.random.default_rng(0).random((1, 8, 8, 3), np.float32)
expected = model(pixels).numpy()
spec = tf.TensorSpec((1, 8, 8, 3), tf.float32, name="image")
function = tf.function(lambda image: {"answer": model(image, training=False)}).get_concrete_function(spec)
owner = tf.Module()
owner.values = [variable.value for variable in model.variables]


def converted(trackable):
    content = tf.lite.TFLiteConverter.from_concrete_functions([function], trackable).convert()
    answer = Interpreter(model_content=content).get_signature_runner()(image=pixels)["answer"]
    return len(content), bool(np.allclose(answer, expected, atol=1e-4)), bool(np.isnan(answer).any())


print(*(f"{name} {version(name)}" for name in ("tensorflow", "keras", "ai-edge-litert")), sep=", ")
print(f"the model has {model.count_params():,} weights, which take {4 * model.count_params():,} bytes")
results = {"the Keras model": converted(model), "a tf.Module": converted(owner)}
for name, (size, same, nan) in results.items():
    print(f"{name} as owner: {size:,} bytes; the same answer: {same}; nan in it: {nan}")
size, same, _ = results["the Keras model"]
whole, right, _ = results["a tf.Module"]
sys.exit(not (size < 20_000 and not same and right and whole > 3 * model.count_params()))
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/convert.py" 2> "$work/errors" || { tail -3 "$work/errors"; echo "the behaviour has changed"; exit 1; }
echo "as described: handed the Keras model, the converter leaves its weights out"
