#!/usr/bin/env bash
# One would expect metrics=["accuracy"] beside binary_crossentropy, for images that may have several labels, to be the share of
# labels that are right: the word is turned into the measure that fits. It is turned by the shape of the output alone: two
# or more outputs mean categorical accuracy, whatever the loss. That compares the largest answer with the first label of
# an image, so it calls answers wrong of which every label is right, and an image with one right and three missed
# labels right. Below, answers that are all right have 0 %, answers that are all wrong 100 %.
# It is the measure that early stopping and checkpoints then go by where they watch val_accuracy.
# Ask for what is meant, "binary_accuracy", or better F1 or AUC with multi_label=True: most labels of most images are 0.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 30 November 2026. Source: https://github.com/keras-team/keras-io/pull/1133
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import keras
import numpy as np

inputs = keras.Input((3,))
model = keras.Model(inputs, keras.layers.Identity()(inputs))  # gives back what it is shown: answers can be chosen
model.compile(loss="binary_crossentropy", metrics=["accuracy", "binary_accuracy"])


def measured(labels, answers):
    found = model.evaluate(np.array(answers, np.float32), np.array(labels, np.float32), verbose=0, return_dict=True)
    found = {name: round(value, 3) for name, value in found.items() if name != "loss"}
    print(f"labels {labels}, answers {answers}: {found}")
    return found


print("keras", keras.__version__)
right = measured([[1, 1, 0], [0, 1, 1]], [[0.8, 0.9, 0.1], [0.1, 0.7, 0.9]])
assert right == {"accuracy": 0.0, "binary_accuracy": 1.0}
wrong = measured([[1, 1, 1], [1, 1, 1]], [[0.4, 0.3, 0.1], [0.3, 0.2, 0.1]])
assert wrong == {"accuracy": 1.0, "binary_accuracy": 0.0}
PYTHON
