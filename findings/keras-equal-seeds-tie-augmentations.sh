#!/usr/bin/env bash
# One would expect augmentations in a row, each given the seed of the experiment, to draw apart from one another. Keras'
# layers with one seed draw the same uniform numbers: RandomFlip mirrors where its number is at most 0.5, RandomBrightness
# darkens where its own, the same one, is below a half. Of 2,000 images every mirrored one came out darker and every other
# one lighter; no image was mirrored and lighter. With two different seeds, or none, the changes are independent.
# Half the combinations never occur, and a network can read from the brightness whether an image was mirrored.
# Give every layer a seed of its own, or call keras.utils.set_random_seed once and give the layers none.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 27 November 2026. Source: seen by running.
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

images = np.full((2000, 4, 8, 3), 100, np.float32)
images[:, :, :4] = 140  # the left half is lighter


def shares(first, second):
    """Return how often an image got lighter, of those that were mirrored and of those that were not."""
    layers = [keras.layers.RandomFlip("horizontal", seed=first), keras.layers.RandomBrightness(0.3, seed=second)]
    changed = keras.Sequential(layers)(images, training=True).numpy()
    mirrored = changed[:, 0, 0, 0] < changed[:, 0, -1, 0]
    lighter = changed.mean((1, 2, 3)) > images[0].mean()
    return mirrored.mean(), lighter[mirrored].mean(), lighter[~mirrored].mean()


print("keras", keras.__version__, "tensorflow", tf.__version__)
for name, seeds in {"equal seeds": (42, 42), "different seeds": (42, 43), "no seeds": (None, None)}.items():
    keras.utils.set_random_seed(0)
    mirrored, of_mirrored, of_others = shares(*seeds)
    print(f"{name}: {mirrored:.0%} mirrored; lighter are {of_mirrored:.0%} of those and {of_others:.0%} of the others")
    assert 0.4 < mirrored < 0.6
    if name == "equal seeds":
        assert of_mirrored == 0
        assert of_others == 1
    else:
        assert 0.4 < of_mirrored < 0.6
        assert 0.4 < of_others < 0.6
PYTHON
