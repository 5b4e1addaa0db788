#!/usr/bin/env bash
# One would expect RandomSaturation and RandomColorJitter to give an image in [0, 255] the same colours as the image divided by
# 255 in [0, 1]; value_range says which of the two it is. Saturation itself always lies in [0, 1], but what they made of it is
# limited to value_range: with the default (0, 255) a saturation of 1.5 or 9 stays, which no colour has. The two weaker channels
# become negative, down to -823 here, where the image in [0, 1] stays in [0, 1]; stored as bytes they wrap round. In
# RandomColorJitter the change of hue comes after it and the limits at its end hide the negative values: other colours remain.
# In training, networks so see colours that no photo has, by the default of both layers, while the same layers work for those
# who scale to [0, 1] first. Factors up to 0.5, which only bleach, are not affected.
# Scale images to [0, 1] and pass value_range=(0, 1); for what has [0, 255], RandomColorDegeneration keeps its limits.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0 (the same on JAX), 30 November 2026. Source: transform_images in its
# src/layers/preprocessing/image_preprocessing/random_saturation.py; the argument was asked for in
# https://github.com/keras-team/keras/pull/20646
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

layers = keras.layers
rng = np.random.default_rng(0)
images = rng.uniform(40, 200, (16, 8, 8, 3)).round().astype(np.float32)


def both(make):
    """Return what a layer makes of images in [0, 255], and of the same in [0, 1] times 255; the draws are the same."""
    as_bytes = make(seed=1)(images, training=True)
    as_shares = make(seed=1, value_range=(0, 1))(images / 255, training=True)
    return np.asarray(as_bytes), 255 * np.asarray(as_shares)


def show(name, make):
    by_255, by_1 = both(make)
    off = np.abs(by_255 - by_1).max(axis=-1) > 2
    print(
        f"{name}: [0, 255] gives {by_255.min():.0f} to {by_255.max():.0f}, [0, 1] times 255 gives {by_1.min():.0f} to "
        f"{by_1.max():.0f}; {off.mean():.0%} of the pixels differ"
    )
    return by_255, by_1, off.mean()


print("keras", keras.__version__, "tensorflow", tf.__version__)
by_255, by_1, share = show("RandomSaturation((0.5, 0.9))", lambda **given: layers.RandomSaturation((0.5, 0.9), **given))
assert by_255.min() < -100 and by_1.min() >= -0.01 and share > 0.3
image, row, column = np.unravel_index(by_255.min(axis=-1).argmin(), images.shape[:3])
print(
    f"a pixel {images[image, row, column]} becomes {by_255[image, row, column].round()}, by [0, 1] "
    f"{by_1[image, row, column].round()}; as bytes {by_255[image, row, column].astype(np.int64).astype(np.uint8)}"
)
by_255, by_1, share = show("RandomSaturation((0.2, 0.5))", lambda **given: layers.RandomSaturation((0.2, 0.5), **given))
assert share == 0
jitter = dict(saturation_factor=(0.5, 0.9), hue_factor=0.2)
by_255, by_1, share = show("RandomColorJitter", lambda **given: layers.RandomColorJitter(**jitter, **given))
assert by_255.min() >= 0 and share > 0.3
by_255, by_1, share = show(
    "RandomColorDegeneration(0.9)", lambda **given: layers.RandomColorDegeneration((0.1, 0.9), **given)
)
assert by_255.min() >= 0 and share == 0
PYTHON
