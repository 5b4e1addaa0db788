#!/usr/bin/env bash
# One would expect load_img(path, target_size=...) to make an image small as image_dataset_from_directory(image_size=...)
# does, for the one prepares the prediction of what the other trained. Their defaults are two methods: load_img takes the
# nearest pixel, the folder loader interpolates (bilinear, without antialiasing). From the same lossless PNG, every fourth
# pixel kept, a network sees values that differ by dozens of levels on a textured image.
# Read images for training and prediction with one function, or give both interpolation="bilinear", which brings them
# nearer but not together: Pillow's bilinear filter smooths when it shrinks, TensorFlow's does not.
# Seen with TensorFlow 2.21.0, Keras 3.15.1, Pillow 13.0.0, 27 November 2026. Defaults:
# https://keras.io/api/data_loading/image/
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 pillow==13.0.0
cd "$work"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
from pathlib import Path

import keras
import numpy as np
import PIL
import tensorflow as tf
from PIL import Image

rng = np.random.default_rng(0)
Path("photos/cat").mkdir(parents=True)
Image.fromarray(rng.integers(0, 256, (256, 256, 3), np.uint8)).save("photos/cat/fur.png")
data = keras.utils.image_dataset_from_directory("photos", image_size=(64, 64), verbose=False)
trained = next(iter(data))[0][0].numpy()


def far(**options):
    image = keras.utils.load_img("photos/cat/fur.png", target_size=(64, 64), **options)
    return np.abs(keras.utils.img_to_array(image) - trained).mean()


by_default, bilinear = far(), far(interpolation="bilinear")
print("tensorflow", tf.__version__, "keras", keras.__version__, "pillow", PIL.__version__)
print(f"mean difference in levels of 255: load_img by default {by_default:.1f}, with bilinear {bilinear:.1f}")
source = np.asarray(Image.open("photos/cat/fur.png"))
default = np.asarray(keras.utils.load_img("photos/cat/fur.png", target_size=(64, 64)))
np.testing.assert_array_equal(default, source[2::4, 2::4])
assert by_default > 20
assert 5 < bilinear < by_default
PYTHON
