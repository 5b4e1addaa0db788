#!/usr/bin/env bash
# One would expect sample_weight=[1, 0] to leave the second image out of a loss, as it does for cross-entropy. Keras' Dice
# and Tversky, by default, make one number of the whole batch before the weights are looked at, and multiply that number by
# each: which image has which weight makes no difference. Weights of [1, 0] and [0, 1] give the same loss, half that of the
# batch, though one image is segmented perfectly and the other all wrongly.
# Padded images, images without a mask and rare classes that were weighted up are learned from as all others, with a
# smaller or larger step. Give axis=(1, 2, 3): one loss an image, which the weights then choose from.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 27 November 2026. Source: seen by running;
# https://keras.io/api/losses/probabilistic_losses/
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf

true = np.zeros((2, 4, 4, 1), np.float32)
true[0, :2] = true[1, 2:] = 1
predicted = np.stack([true[0], 1 - true[1]])  # the first is perfect, the second all wrong


def losses(loss):
    return [round(float(loss(true, predicted, sample_weight=weights)), 3) for weights in (None, [1.0, 0.0], [0.0, 1.0])]


found = {
    "Dice()": losses(keras.losses.Dice()),
    "Tversky()": losses(keras.losses.Tversky()),
    "Dice(axis=(1, 2, 3))": losses(keras.losses.Dice(axis=(1, 2, 3))),
}
print("keras", keras.__version__, "tensorflow", tf.__version__)
for name, values in found.items():
    print(f"{name}: no weights {values[0]}, weights [1, 0] {values[1]}, weights [0, 1] {values[2]}")
assert found["Dice()"] == found["Tversky()"] == [0.5, 0.25, 0.25]
assert found["Dice(axis=(1, 2, 3))"] == [0.5, 0.0, 0.5]
PYTHON
