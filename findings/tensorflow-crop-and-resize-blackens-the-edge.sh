#!/usr/bin/env bash
# One would expect a crop of the whole image, box [0, 0, 1, 1], to hold pixels of the image alone. tf.image.crop_and_resize
# computes the last sampling position as (side - 1) / (size - 1) * (size - 1) in float32; where rounding makes that exceed
# side - 1 by the last bit, the position counts as outside and the whole last row and column get extrapolation_value, 0.
# From 32 to 192 pixels or 54 to 96 a white image so gets a black line at the bottom and right; from 32 to 224 it does not.
# Of random crops from 256 pixels to 224 that reach the edge one in nine has it: a mark that augmentation alone makes.
# Keep boxes a millionth inside the image, or resize with tf.image.resize after slicing.
# Seen with TensorFlow 2.21.0 on a CPU, 27 November 2026. Source: seen by running; the value:
# https://www.tensorflow.org/api_docs/python/tf/image/crop_and_resize
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 numpy==2.4.6
cd "$work"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import numpy as np
import tensorflow as tf

SIDES, SIZES = range(8, 300), (96, 128, 160, 192, 224)


def blackened(side, size, margin=0.0):
    """Return whether the last row of a crop of a white image is black."""
    white = tf.fill((1, side, 4, 1), 255.0)
    box = [[margin, margin, 1 - margin, 1 - margin]]
    crop = tf.image.crop_and_resize(white, box, [0], (size, 4)).numpy()[0, :, 0, 0]
    assert (crop[:-1] == 255).all()
    return bool(crop[-1] == 0)


def exceeds(side, size):
    last = np.float32(size - 1)
    return bool(np.float32(side - 1) / last * last > side - 1)


print("tensorflow", tf.__version__)
for size in SIZES:
    black = [side for side in SIDES if blackened(side, size)]
    assert black == [side for side in SIDES if exceeds(side, size)]
    print(f"to {size}: {len(black)} of {len(SIDES)} sides get a black line, the first {black[:8]}")
whole = tf.image.crop_and_resize(tf.fill((1, 32, 32, 1), 255.0), [[0.0, 0.0, 1.0, 1.0]], [0], (192, 192)).numpy()[0]
print(f"32 to 192: {np.mean(whole == 0):.2%} of the pixels are black")
assert (whole[-1] == 0).all() and (whole[:, -1] == 0).all() and (whole[:-1, :-1] == 255).all()
assert blackened(54, 96) and not blackened(32, 224)
tops = np.random.default_rng(0).uniform(0, 0.5, 2000).astype(np.float32)
boxes = np.stack([tops, np.zeros(2000), np.ones(2000), np.ones(2000)], axis=1)
crops = tf.image.crop_and_resize(tf.fill((1, 256, 4, 1), 255.0), boxes, np.zeros(2000, int), (224, 4)).numpy()
share = np.mean(crops[:, -1, 0, 0] == 0)
print(f"256 to 224, random tops: {share:.1%} of the crops end in a black row")
assert 0.02 < share < 0.4
assert not blackened(32, 192, 1e-6)
PYTHON
