#!/usr/bin/env bash
# One would expect fit(steps_per_epoch=10) to do ten iterations an epoch. With an endless dataset and
# compile(steps_per_execution=32) it does 32, with 4 it does 12: the last execution is not cut, though the documentation of
# compile says it is ("truncated to the size of the epoch"). Three epochs are 96 iterations instead of 30, on three times
# the images; a schedule of the learning rate made for 30 has ended within the first epoch.
# Choose a divisor of steps_per_epoch, or give a dataset that ends with the epoch: that one is cut.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 27 November 2026. Source: seen by running; the promise:
# https://keras.io/api/models/model_training_apis/#compile-method
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

STEPS, EPOCHS = 10, 3
one = tf.data.Dataset.from_tensors((np.ones((2, 1), np.float32), np.zeros((2, 1), np.float32)))


def iterations(at_once, dataset, steps):
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse", steps_per_execution=at_once)
    network.fit(dataset, steps_per_epoch=steps, epochs=EPOCHS, shuffle=False, verbose=0)
    return int(network.optimizer.iterations)


print("keras", keras.__version__, "tensorflow", tf.__version__)
endless = {at_once: iterations(at_once, one.repeat(), STEPS) for at_once in (1, 4, 5, 32)}
ending = {at_once: iterations(at_once, one.repeat(STEPS), None) for at_once in (1, 4, 5, 32)}
print(f"{EPOCHS} epochs of {STEPS} steps; iterations by steps_per_execution")
print("endless dataset, steps_per_epoch:", endless)
print("dataset that ends:", ending)
assert endless == {1: 30, 4: 36, 5: 30, 32: 96}
assert set(ending.values()) == {30}
PYTHON
