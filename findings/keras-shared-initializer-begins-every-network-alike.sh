#!/usr/bin/env bash
# One would expect an initializer without a seed, INIT = keras.initializers.HeNormal(), to draw anew each time that a layer uses
# it, and keras.utils.set_random_seed to decide what it draws, as "he_normal" does. Such an object draws one seed when it is made
# and begins with it for every layer: layers of one shape get the same weights, in one network and in all that are built later,
# whatever set_random_seed says in between. Keras 2 warned of it, Keras 3 does not.
# "Five seeds", or an ensemble of five members, so begin at one and the same point and differ by the order of images alone: here
# their probabilities lie 0.029 apart in place of 0.087, and with images in one order not at all; the error bar over seeds is a
# fraction of what it should be. Two branches of one shape that are added up remain equal to the last bit after training: half
# of the network is a copy of the other half.
# Write kernel_initializer="he_normal", or make an object for each layer, at the place where the layer is made.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 30 November 2026. Source: the argument seed in
# https://keras.io/api/layers/initializers/; once a warning: https://github.com/keras-team/tf-keras/issues/432
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
keras.utils.set_random_seed(7)
layers, INIT = keras.layers, keras.initializers.HeNormal()
rng = np.random.default_rng(0)
images = rng.normal(size=(300, 12)).astype(np.float32)
labels = (images[:, :3].prod(axis=1) + 0.3 * rng.normal(size=300) > 0).astype(int)


def member(seed, how, shuffle):
    """Return the first weights of a network, and the probabilities of the trained one."""
    keras.utils.set_random_seed(seed)
    network = keras.Sequential(
        [
            keras.Input((12,)),
            layers.Dense(32, "relu", kernel_initializer=how),
            layers.Dense(2, "softmax", kernel_initializer=how),
        ]
    )
    first = network.get_weights()[0]
    network.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    network.fit(images, labels, epochs=10, shuffle=shuffle, verbose=0)
    return first, network.predict(images, verbose=0)[:, 1]


def ensemble(name, how, shuffle):
    """Return how many different first weights five seeds give, and how far the answers lie apart."""
    first, answers = zip(*(member(seed, how, shuffle) for seed in range(5)), strict=True)
    different = len({weights.tobytes() for weights in first})
    apart = float(np.mean(np.std(answers, axis=0)))
    print(f"{name}: {different} of 5 first weights, answers +- {apart:.3f}")
    return different, apart


def branches(name, first, second):
    """Return by how much the weights of two branches, added up, differ after training."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((12,))
    x = layers.Add()([layers.Dense(16, "relu", kernel_initializer=how)(inputs) for how in (first, second)])
    network = keras.Model(inputs, layers.Dense(2, "softmax")(x))
    network.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    network.fit(images, labels, epochs=10, verbose=0)
    weights = network.get_weights()
    difference = float(np.abs(weights[0] - weights[2]).max())
    print(f"{name}: two branches differ by {difference:.3f} after training")
    return difference


print("keras", keras.__version__, "tensorflow", tf.__version__)
named = ensemble('"he_normal", five seeds', "he_normal", True)
shared = ensemble("one HeNormal() for all, five seeds", INIT, True)
still = ensemble("the same, images in one order", INIT, False)
assert named[0] == 5 and shared[0] == still[0] == 1
assert still[1] < 1e-6 and shared[1] < named[1] / 2
assert branches('"he_normal"', "he_normal", "he_normal") > 0.1
assert branches("one HeNormal() for both", INIT, INIT) == 0
assert branches("two HeNormal()", keras.initializers.HeNormal(), keras.initializers.HeNormal()) > 0.1
PYTHON
