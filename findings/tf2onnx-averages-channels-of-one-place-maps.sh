#!/usr/bin/env bash
# One would expect a converter to keep the axes of a mean. Where maps have a single place, (n, 1, 1, channels), tf2onnx turns
# the second mean of `tf.math.reduce_std` over height and width into one over the channels: of eight deviations, one is
# left, the shape of the output is another, and nothing is said. With two places by two the same lines are converted right.
# Maps of one place are what is left of a small image at the end of a deep network. Where a layer of fixed size follows, such
# as a dense one, onnxruntime refuses the file with a message about dimensions; where none does, the file loads and answers
# wrongly. Whoever exports statistics of maps (style, instance normalisation, distances of features) should compare the outputs
# of the file with those of the network, at the smallest image size too; maps reshaped to three dimensions first,
# (n, places, channels), are converted right.
# Seen with tf2onnx 1.17.0, TensorFlow 2.21.0, onnx 1.23.2 and onnxruntime 1.32.0 on Linux, 28 November 2026. Source: an
# exported classifier that onnxruntime refused at an image size of 48 pixels and not at 64.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.32.0
cat > "$work/deviation.py" <<'PYTHON'
"""Convert the standard deviation of each channel over the places of a map, and compare the file with TensorFlow."""
import logging
import sys
from importlib.metadata import version

import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx

logging.getLogger("tf2onnx").setLevel(logging.ERROR)
KERNEL = np.random.default_rng(0).normal(size=(3, 3, 3, 8)).astype(np.float32)


def maps(image):
    return tf.nn.relu(tf.nn.conv2d(image, KERNEL, 1, "VALID"))


def four(image):
    return tf.math.reduce_std(maps(image), (1, 2))


def three(image):
    places = maps(image)
    return tf.math.reduce_std(tf.reshape(places, (-1, places.shape[1] * places.shape[2], 8)), 1)


def shapes(function, side):
    image = np.random.default_rng(1).random((2, side, side, 3), np.float32)
    signature = [tf.TensorSpec((None, side, side, 3), tf.float32, name="image")]
    model, _ = tf2onnx.convert.from_function(tf.function(function), input_signature=signature, opset=18)
    (found,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"image": image})
    expected = function(image).numpy()
    return expected.shape, found.shape, found.shape == expected.shape and bool(np.allclose(found, expected, atol=1e-5))


print(*(f"{name} {version(name)}" for name in ("tf2onnx", "tensorflow", "onnx", "onnxruntime")), sep=", ")
results = {"one place": shapes(four, 3), "two by two places": shapes(four, 4), "one place, reshaped first": shapes(three, 3)}
for name, (expected, found, same) in results.items():
    print(f"{name}: TensorFlow gives {expected}, the file {found}; the same values: {same}")
sys.exit(results["one place"] != ((2, 8), (2, 1), False) or not all(same for *_, same in list(results.values())[1:]))
PYTHON
PYTHONHASHSEED=0 TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/deviation.py" 2> "$work/errors" || { tail -3 "$work/errors"; echo "the behaviour has changed"; exit 1; }
echo "as described: the deviation of a map of one place becomes one over its channels"
