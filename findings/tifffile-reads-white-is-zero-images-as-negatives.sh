#!/usr/bin/env bash
# One would expect a grey or black and white TIFF to be as dark in every library. The format allows files in which 0 is white,
# as scanners, fax machines and microscopes write, with a tag that says so. tifffile gives the numbers as they are and leaves
# the tag to the reader; so do scikit-image and imageio, which read TIFF by it, and rasterio. Pillow and OpenCV turn them. A
# page of text is black on white in the one and white on black in the other. With 16 bits Pillow gives the numbers as they are
# too, and OpenCV does with IMREAD_UNCHANGED, but turns them otherwise.
# A network that was trained on images read by one, and is asked with the other, sees negatives, and a set of files from two
# scanners is half negative under tifffile. No warning.
# Ask tifffile.TiffFile(path).pages[0].photometric, and subtract from the greatest value where it is MINISWHITE.
# Seen with tifffile 2026.3.3, scikit-image 0.26.0, imageio 2.38.1, rasterio 1.4.4, Pillow 13.0.0, opencv-python-headless
# 5.0.0.93, 30 November 2026. Source: https://github.com/scikit-image/scikit-image/issues/1940 and
# https://github.com/opencv/opencv/pull/9564
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tifffile==2026.3.3 scikit-image==0.26.0 imageio==2.38.1 \
  rasterio==1.4.4 pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$work"
venv/bin/python -W ignore - <<'PYTHON'
from importlib.metadata import version

import cv2
import imageio.v3 as imageio
import numpy as np
import rasterio
import skimage.io
import tifffile
from PIL import Image

INKS = [0, 100, 200, 255]  # 0 is white, 255 black


def by_rasterio(path):
    with rasterio.open(path) as file:
        return file.read(1)


READERS = {
    "tifffile": tifffile.imread,
    "scikit-image": skimage.io.imread,
    "imageio": imageio.imread,
    "rasterio": by_rasterio,
    "Pillow": lambda path: np.asarray(Image.open(path)),
    "OpenCV": lambda path: cv2.imread(path, cv2.IMREAD_GRAYSCALE),
    "OpenCV unchanged": lambda path: cv2.imread(path, cv2.IMREAD_UNCHANGED),
}


def read(name, pixels):
    """Write the pixels as white is zero and return what each library reads, from 0 to 1."""
    tifffile.imwrite("page.tif", pixels, photometric="miniswhite")
    found = {reader: function("page.tif") for reader, function in READERS.items()}
    print(name, {reader: values[0].astype(int).tolist() for reader, values in found.items()})
    return {reader: (values[0] / max(values.max(), 1)).round(2).tolist() for reader, values in found.items()}


print({name: version(name) for name in ("tifffile", "scikit-image", "imageio", "rasterio", "pillow", "opencv-python-headless")})
stored = [0, 0.39, 0.78, 1]
turned = [1, 0.61, 0.22, 0]
pixels = np.array([INKS] * 8, np.uint8)
found = read("8 bits", pixels)
turning = {"Pillow", "OpenCV", "OpenCV unchanged"}
assert found == {reader: turned if reader in turning else stored for reader in READERS}
found = read("16 bits", pixels.astype(np.uint16) * 257)
assert found == {reader: turned if reader == "OpenCV" else stored for reader in READERS}
found = read("1 bit", pixels > 127)
assert found == {reader: [1, 1, 0, 0] if reader in turning else [0, 0, 1, 1] for reader in READERS}
PYTHON
