#!/usr/bin/env bash
# One would expect keras.ops.image.gaussian_blur to blur the rows and columns of an image on every backend, as it does on
# TensorFlow and NumPy. On JAX and PyTorch, called on images without data_format, it blurs columns and colours: the default is
# never filled in, so the axes are not turned, and the last two (columns, channels) are taken for the image. Rows stay sharp,
# a red point gives a part of its red to green, and 27 % of it is lost at the edge of the three "columns". Shapes are as
# expected. Called with data_format="channels_last", or inside a functional model, the same function is right; so is the layer
# RandomGaussianBlur.
# An augmentation written for TensorFlow so becomes another on JAX: white turns green, for red and blue keep 73 % of their light
# and green all of it, grey images of one channel keep 45 %, and no outline is blurred from top to bottom.
# Always pass data_format="channels_last", and blur one red point to see it.
# Seen with Keras 3.15.1, JAX 0.10.2, torch 2.13.0, numpy 2.4.6, 30 November 2026. Source:
# https://github.com/keras-team/keras/pull/23542 of 31 August 2026, merged, and in no release up to 3.15.1
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 jax==0.10.2 torch==2.13.0 numpy==2.4.6
cd "$work"
cat > blur.py <<'PYTHON'
import sys

import keras
import numpy as np
from keras import ops

point = np.zeros((1, 7, 7, 3), "float32")
point[0, 3, 3, 0] = 1  # red


def look(name, blurred):
    image = ops.convert_to_numpy(blurred)[0]
    rows, colours = image.sum((1, 2)), image.sum((0, 1))
    print(f"{keras.backend.backend()}, {name}: red, green, blue {colours.round(2)}; rows {rows.round(2)}")
    return np.allclose(colours, [1, 0, 0], atol=1e-5), int((rows > 0).sum())


if keras.backend.backend() == "numpy":
    print("Keras", keras.__version__, "numpy", np.__version__)
right = (True, 3)
said = look("data_format given", ops.image.gaussian_blur(point, data_format="channels_last"))
layer = keras.Input((7, 7, 3))
inside = look("inside a model", keras.Model(layer, ops.image.gaussian_blur(layer))(point))
plain = look("as it is called", ops.image.gaussian_blur(point))
assert keras.config.image_data_format() == "channels_last" and said == inside == right
assert plain == (right if sys.argv[1] == "right" else (False, 1))
grey = ops.convert_to_numpy(ops.image.gaussian_blur(np.ones((1, 9, 9, 1), "float32")))
print(f"    the middle of a white grey image: {grey[0, 4, 4, 0]:.2f}")
assert (grey[0, 4, 4, 0] > 0.99) == (sys.argv[1] == "right")
PYTHON
KERAS_BACKEND=numpy venv/bin/python blur.py right
KERAS_BACKEND=jax venv/bin/python blur.py wrong
KERAS_BACKEND=torch venv/bin/python blur.py wrong
