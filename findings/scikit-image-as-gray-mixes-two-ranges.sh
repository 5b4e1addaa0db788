#!/usr/bin/env bash
# One would expect imread(path, as_gray=True) to give every image in one form. Of a colour image scikit-image gives floats from
# 0 to 1, of one that is grey in the file it gives the file's own numbers, from 0 to 255, or to 65535. An equal scene stored
# once as colour and once as grey is 255 times as bright the second time, and a folder of photographs may well hold a few that
# are grey. Colours are weighed otherwise too: red is 0.21 of white, which Pillow, OpenCV and TensorFlow take for 0.30.
# Put into one float32 array the colour images are all but black beside the grey ones: a network tells the two apart, and
# nothing else, and where one class was scanned in grey it is told by that. No warning.
# Use img_as_float(imread(path, as_gray=True)), or Image.open(path).convert("L").
# Seen with scikit-image 0.26.0, Pillow 13.0.0, 30 November 2026. Source: as_gray in
# https://scikit-image.org/docs/stable/api/skimage.io.html#skimage.io.imread: grey images "are not converted"
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scikit-image==0.26.0 pillow==13.0.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from PIL import Image
from skimage import img_as_float
from skimage.io import imread

SHADES = np.tile(np.arange(0, 250, 2, dtype=np.uint8), (64, 1))


def read(path):
    found = imread(path, as_gray=True)
    print(f"{path}: {found.dtype}, mean {found.mean():.3f}, greatest {found.max():.3f}")
    return found


print("scikit-image", version("scikit-image"), "pillow", version("pillow"))
for ending in ("png", "jpg", "tif"):
    Image.fromarray(SHADES).convert("RGB").save(f"colour.{ending}")
    Image.fromarray(SHADES).save(f"grey.{ending}")
    colour, grey = read(f"colour.{ending}"), read(f"grey.{ending}")
    assert colour.dtype == np.float64 and colour.max() <= 1 and grey.dtype == np.uint8
    assert 254 < grey.mean() / colour.mean() < 256
    assert np.abs(img_as_float(colour) - img_as_float(grey)).max() < 0.01
Image.fromarray(SHADES.astype(np.uint16) * 257).save("deep.png")
assert read("deep.png").max() > 60000
together = np.stack([imread(path, as_gray=True) for path in ("colour.png", "grey.png")])
print("both in one array:", together.dtype, "means", together.mean(axis=(1, 2)).round(3).tolist())
assert together[0].mean() < 0.5 and together[1].mean() > 120

Image.new("RGB", (8, 8), (255, 0, 0)).save("red.png")
red = read("red.png").max(), np.asarray(Image.open("red.png").convert("L")).max() / 255
print(f"red by scikit-image {red[0]:.3f}, by Pillow {red[1]:.3f}")
assert abs(red[0] - 0.2125) < 0.001 and abs(red[1] - 0.299) < 0.002
PYTHON
