#!/usr/bin/env bash
# One would expect fit(class_weight=...) to weigh each label of an image by its class, or to refuse labels that it cannot weigh.
# It takes the largest entry of a row, the first of several, as the class of the image, and weighs the whole row by that.
# With several labels, an image of a rare and a common class so has the weight of whichever comes first in the alphabet, and
# an image without any label that of class 0. With labels mixed by MixUp, CutMix, an image that is 51 % common and 49 % rare
# has the weight of the common class alone. Nothing is said, and the loss looks as it should.
# Give sample_weight instead, or a loss that weighs each output.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 30 November 2026. Source: class_weight_to_sample_weights in its
# src/trainers/data_adapters/data_adapter_utils.py; asked about in https://github.com/keras-team/keras/issues/9186
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import keras
import numpy as np

WEIGHTS = {0: 1.0, 1: 1.0, 2: 100.0}  # the last class is rare
inputs = keras.Input((3,))
model = keras.Model(inputs, keras.layers.Dense(3, activation="sigmoid", kernel_initializer="zeros")(inputs))
model.compile(optimizer=keras.optimizers.SGD(0.0), loss="binary_crossentropy")


def weight(labels):
    """Return by how much the loss of an image grows with class weights."""
    image, labels = np.ones((1, 3), np.float32), np.array([labels], np.float32)
    plain, weighted = (
        model.fit(image, labels, class_weight=given, verbose=0).history["loss"][0] for given in (None, WEIGHTS)
    )
    print(f"labels {labels[0].tolist()}: weight {weighted / plain:.0f}")
    return round(weighted / plain)


print("keras", keras.__version__)
assert weight([0, 0, 1]) == 100
assert weight([1, 0, 1]) == 1  # has the rare class too
assert weight([0, 0, 0]) == 1
assert weight([0.51, 0, 0.49]) == 1
assert weight([0.49, 0, 0.51]) == 100
PYTHON
