#!/usr/bin/env bash
# One would expect a network that was converted to int8, and still answers in float32, to give probabilities a little off. The
# last softmax has a fixed scale in LiteRT, 1/256, whatever the representative images were: its answers are multiples of 1/256,
# and the largest of them 255/256 = 0.996. So no answer is ever surer than 99.6 %: a threshold of 0.997 or 0.999, which the
# float network passes in one of four cases, turns all of them away. What is below 1/512 is 0: of 100 classes 94 have none left.
# The true class of one image in 240 has probability 0, so the log loss, 0.50 in float, is infinite (or what the clipping of a
# library makes of it). The fifth and sixth place are a tie in 72 % of the answers, and top-5 accuracy is how ties are broken.
# The most likely class is as good as before, which is all that most comparisons look at.
# The specification of int8 operators has the scale in a table; the guides on quantization do not speak of it.
# Convert the network without its softmax and apply it to the logits in float32; choose thresholds on the converted file.
# Seen with tensorflow 2.21.0, ai-edge-litert 2.3.0, numpy 2.4.6, 1 December 2026. Source:
# https://ai.google.dev/edge/litert/models/quantization_spec
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 ai-edge-litert==2.3.0 numpy==2.4.6
cd "$work"
cat > probabilities.py <<'PYTHON'
"""Compare the probabilities of a classifier in float32 with those of its int8 file."""
from importlib.metadata import version

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

CLASSES, SIDE, IMAGES = 100, 32, 4000
rng = np.random.default_rng(0)
centres = 0.7 * rng.normal(size=(CLASSES, SIDE)).astype(np.float32)
labels = rng.integers(0, CLASSES, IMAGES)
images = (centres[labels] + rng.normal(size=(IMAGES, SIDE))).astype(np.float32)


class Classifier(tf.Module):
    """The classifier that these images are made for: its probabilities are the true ones."""

    def __init__(self):
        self.kernel = tf.Variable(centres.T)
        self.bias = tf.Variable(-0.5 * (centres**2).sum(1))

    @tf.function(input_signature=[tf.TensorSpec((1, SIDE))])
    def probabilities(self, image):
        return tf.nn.softmax(self.logits(image))

    @tf.function(input_signature=[tf.TensorSpec((1, SIDE))])
    def logits(self, image):
        return image @ self.kernel + self.bias


def converted(function, owner):
    """Return the answers of the function's int8 file, which takes and gives float32."""
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], owner)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([images[row : row + 1]] for row in range(500))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    interpreter = Interpreter(model_content=converter.convert())
    place, answer = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert place["dtype"] == answer["dtype"] == np.float32
    interpreter.resize_tensor_input(place["index"], images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(place["index"], images)
    interpreter.invoke()
    return interpreter.get_tensor(answer["index"])


def softmax(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def judge(name, answers):
    of_truth = answers[np.arange(IMAGES), labels]
    places = np.sort(answers, axis=1)[:, ::-1]
    with np.errstate(divide="ignore"):
        loss = float(-np.log(of_truth).mean())
    shown = {
        "right": float((answers.argmax(1) == labels).mean()),
        "largest": float(answers.max()),
        "surer than 99.7 %": float((answers.max(1) > 0.997).mean()),
        "zeros": float((answers == 0).mean()),
        "truth is 0": float((of_truth == 0).mean()),
        "log loss": loss,
        "5th and 6th tied": float((places[:, 4] == places[:, 5]).mean()),
    }
    print(f"{name}:", ", ".join(f"{key} {value:.4g}" for key, value in shown.items()))
    return shown


print(*(f"{name} {version(name)}" for name in ("tensorflow", "ai-edge-litert", "numpy")), sep=", ")
network = Classifier()
exact = judge("float32", softmax(images @ centres.T - 0.5 * (centres**2).sum(1)))
answers = converted(network.probabilities, network)
small = judge("int8 with its softmax", answers)
mended = judge("int8 logits, softmax in float32", softmax(converted(network.logits, network)))
assert np.array_equal(answers * 256, np.rint(answers * 256)) and small["largest"] == 255 / 256
assert abs(small["right"] - exact["right"]) < 0.02 and abs(mended["right"] - exact["right"]) < 0.02
assert exact["surer than 99.7 %"] > 0.2 and small["surer than 99.7 %"] == 0 and mended["surer than 99.7 %"] > 0.2
assert small["zeros"] > 0.9 and exact["zeros"] < 0.05 and small["truth is 0"] > 0.002 and small["log loss"] == np.inf
assert mended["log loss"] < 1.5 * exact["log loss"]
assert small["5th and 6th tied"] > 0.5 and exact["5th and 6th tied"] < 0.01
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python probabilities.py 2> errors || { tail -3 errors; echo "the behaviour has changed"; exit 1; }
