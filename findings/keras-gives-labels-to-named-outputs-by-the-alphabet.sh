#!/usr/bin/env bash
# One would expect labels in a tuple or list to go to the outputs in the order in which these were given to keras.Model, or an
# error where outputs have names and labels none. A network with a dict of outputs sorts it by name and hands out the labels in
# that order: with {"species": …, "breed": …} and labels (species, breed), "breed" learns the species and "species" the breed.
# Loss and accuracy of both, in training and validation, are as good as they should be, for they compare with the same wrong
# labels; whoever asks the output "species" gets breeds. Lists of losses, weights and metrics are dealt out the same way: a
# weight of [1, 0] trains the second output alone. Nothing is said. A list of outputs keeps its order, and so does a dict whose
# names happen to be in alphabetical order.
# Where heads are named, give labels, losses, weights and metrics as dicts with the same names, and compare one prediction by
# hand.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0 (the same on JAX), 30 November 2026. Source: CompileLoss in its
# src/trainers/compile_utils.py, which packs flat labels like the sorted outputs; near it
# https://github.com/keras-team/keras/pull/20613, which made an error of the same mistake with inputs
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import warnings

import keras
import numpy as np
import tensorflow as tf

warnings.simplefilter("error", UserWarning)  # there are none
LOSS = "sparse_categorical_crossentropy"
rng = np.random.default_rng(0)
images = rng.normal(size=(400, 4)).astype(np.float32)
truth = {"species": (images[:, 0] > 0).astype(int), "breed": (images[:, 1] > 0).astype(int)}


def train(labels, outputs=dict, loss=LOSS, weights=None):
    """Return the accuracies that fit() reports and those of each output by its own labels."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    heads = {name: keras.layers.Dense(2, activation="softmax", name=name)(inputs) for name in truth}
    network = keras.Model(inputs, heads if outputs is dict else list(heads.values()))
    metrics = {name: ["accuracy"] for name in truth} if isinstance(labels, dict) else [["accuracy"], ["accuracy"]]
    network.compile(keras.optimizers.Adam(0.05), loss, metrics=metrics, loss_weights=weights)
    history = network.fit(images, labels, epochs=20, verbose=0).history
    found = network.predict(images, verbose=0)
    found = found if outputs is dict else dict(zip(truth, found, strict=True))
    told = {name: round(history[f"{name}_accuracy"][-1], 2) for name in truth}
    return told, {name: round(float((found[name].argmax(1) == truth[name]).mean()), 2) for name in truth}


def show(name, result):
    print(f"{name}: fit() says {result[0]}, true {result[1]}")
    return result


print("keras", keras.__version__, "tensorflow", tf.__version__)
in_order = tuple(truth.values())
told, true = show("dict of outputs, labels in a tuple", train(in_order))
assert min(told.values()) > 0.95 and max(true.values()) < 0.6
told, true = show("dict of outputs, labels in a list", train(list(in_order)))
assert min(told.values()) > 0.95 and max(true.values()) < 0.6
told, true = show("dict of outputs, labels in a dict", train(truth))
assert min(true.values()) > 0.95
told, true = show("list of outputs, labels in a tuple", train(in_order, outputs=list))
assert min(true.values()) > 0.95
told, true = show("dict of outputs and labels, loss_weights=[1, 0]", train(truth, loss=[LOSS, LOSS], weights=[1.0, 0.0]))
assert true["breed"] > 0.95 and true["species"] < 0.8
PYTHON
