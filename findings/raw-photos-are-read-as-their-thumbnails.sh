#!/usr/bin/env bash
# One would expect a raw photo of a camera to be read as the photo, or refused by what cannot read it. DNG, NEF, CR2, ARW and
# others are TIFF files whose first image is a thumbnail of 160 x 120 or so, and what the camera saw lies in a second list under
# it. Pillow, OpenCV, tifffile, scikit-image, imageio and pyvips see a TIFF and give the thumbnail: of its size, in its colours,
# which are those of the camera's own image, or grey or black where a converter wrote an empty one. rawpy gives the photo.
# Images that were so converted to JPEG or handed to a network have a 600th of the pixels, stretched to its size; beside photos
# of phones the class of what the good camera saw is blurred, and a network learns blur. No warning.
# Read such files by rawpy.imread(path).postprocess(no_auto_bright=True), and look at the smallest sizes of a set.
# Seen with Pillow 13.0.0, opencv-python-headless 5.0.0.93, tifffile 2026.3.3, scikit-image 0.26.0, imageio 2.38.1, pyvips 3.2.0
# (libvips 8.18.7), rawpy 0.28.0, 30 November 2026. Source: https://github.com/python-pillow/Pillow/issues/6482
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 opencv-python-headless==5.0.0.93 \
  tifffile==2026.3.3 scikit-image==0.26.0 imageio==2.38.1 pyvips==3.2.0 pyvips-binary==8.18.7 rawpy==0.28.0 numpy==2.4.6
cd "$work"
venv/bin/python -W error - 2>log.txt <<'PYTHON' || { cat log.txt; exit 1; }
from importlib.metadata import version
from pathlib import Path

import cv2
import imageio.v3 as imageio
import numpy as np
import pyvips
import rawpy
import skimage.io
import tifffile
from PIL import Image

HEIGHT, WIDTH = 3000, 4000
# Tags of DNG: its version, the camera's name, how its colours become XYZ, and what white is
CAMERA = [(50706, "B", 4, (1, 4, 0, 0)), (50707, "B", 4, (1, 1, 0, 0)), (50708, "s", 0, "Camera"), (271, "s", 0, "Maker"),
          (272, "s", 0, "Camera"), (50721, "2i", 9, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)),
          (50728, "2I", 3, (1, 1, 1, 1, 1, 1))]
# One filter of red, green, green, blue before each group of four pixels, and the levels of black and white
FILTER = [(33421, "H", 2, (2, 2)), (33422, "B", 4, (0, 1, 1, 2)), (50714, "I", 1, 0), (50717, "I", 1, 65535)]
TYPES = {"B": 1, "s": 2, "H": 3, "I": 4, "2I": 5, "2i": 10}


def tags(wanted):
    return [(code, TYPES[kind], count, value, True) for code, kind, count, value in wanted]


def write(path):
    """Write a photo whose left half is dark, with a small red image of it, as the format recommends."""
    photo = np.full((HEIGHT, WIDTH), 60000, np.uint16)
    photo[:, : WIDTH // 2] = 6000
    thumbnail = np.zeros((120, 160, 3), np.uint8)
    thumbnail[..., 0] = 200
    with tifffile.TiffWriter(path) as file:
        file.write(thumbnail, photometric="rgb", subfiletype=1, subifds=1, metadata=None, software=False, extratags=tags(CAMERA))
        file.write(photo, photometric="cfa", subfiletype=0, metadata=None, software=False, extratags=tags(FILTER))


def by_rawpy(path):
    with rawpy.imread(path) as file:
        return file.postprocess(no_auto_bright=True)


READERS = {
    "Pillow": lambda path: np.asarray(Image.open(path)),
    "OpenCV": lambda path: cv2.imread(path)[..., ::-1],
    "tifffile": tifffile.imread,
    "scikit-image": skimage.io.imread,
    "imageio": imageio.imread,
    "pyvips": lambda path: pyvips.Image.new_from_file(path).numpy(),
    "rawpy": by_rawpy,
}
print({name: version(name) for name in
       ("pillow", "opencv-python-headless", "tifffile", "scikit-image", "imageio", "pyvips", "rawpy")})
write("photo.dng")
for reader, function in READERS.items():
    image = function("photo.dng")
    height, width = image.shape[:2]
    left, right = (half.mean(axis=(0, 1)).round().astype(int).tolist() for half in np.split(image, 2, axis=1))
    fewer = HEIGHT * WIDTH // (height * width)
    print(f"{reader}: {width} x {height}, {fewer} times fewer pixels, left half {left}, right half {right}")
    if reader == "rawpy":
        assert (width, height) == (WIDTH, HEIGHT) and min(right) > max(left)
    else:
        assert (width, height) == (160, 120) and left == right == [200, 0, 0]
assert Path("log.txt").stat().st_size == 0
PYTHON
