#!/usr/bin/env bash
# One would expect imread, which turns a photo by the orientation that the camera wrote into it, to do so in every format that
# has one. OpenCV turns JPEG, PNG and WebP. An AVIF file carries the direction as boxes of its own, "irot" and "imir", into
# which Pillow and avifenc move the one of a JPEG; OpenCV decodes AVIF without asking for them, gives the pixels as they are
# stored, lying on their side or mirrored, and says nothing. Pillow turns the boxes back into the
# tag, so that ImageOps.exif_transpose is right there; browsers and phones show the file upright.
# Photos that are converted to AVIF to save room so change their direction, seven of eight orientations, in the half of a set
# that was converted; boxes and masks that were drawn upright lie beside the object, and width and height change places.
# Read AVIF by Pillow and ImageOps.exif_transpose, or turn the pixels before they are saved as AVIF.
# Seen with opencv-python-headless 5.0.0.93, imagecodecs 2026.3.6, pillow 13.0.0, numpy 2.4.6, 1 December 2026. Sources: seen by
# running; https://github.com/fdintino/pillow-avif-plugin/pull/40 for the boxes, and "EXIF" under imread in
# https://docs.opencv.org/4.x/d4/da8/group__imgcodecs.html, which names no exception
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check opencv-python-headless==5.0.0.93 imagecodecs==2026.3.6 \
    pillow==13.0.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import cv2
import imagecodecs
import numpy as np
import PIL
from PIL import Image, ImageOps

warnings.simplefilter("error")  # there are none
STORED = np.zeros((96, 128, 3), np.uint8)
STORED[:48] = (255, 0, 0)
STORED[48:, :64] = (0, 255, 0)
STORED[48:, 64:] = (0, 0, 255)
TAG = 0x0112


def alike(one, other):
    return one.shape == other.shape and np.abs(one.astype(int) - other).mean() < 10


def by_opencv(path):
    return cv2.imread(path)[..., ::-1]


def by_imagecodecs(path):
    return imagecodecs.imread(path)[..., :3]


print("opencv", cv2.__version__, "imagecodecs", imagecodecs.__version__, "pillow", PIL.__version__, "numpy", np.__version__)
for form in ("JPEG", "PNG", "WEBP", "AVIF"):
    upright = {"opencv": [], "imagecodecs": [], "exif_transpose": []}
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[TAG] = orientation
        path = f"{orientation}.{form.lower()}"
        Image.fromarray(STORED).save(path, form, exif=exif)
        exif = Image.Exif()
        exif[TAG] = orientation
        tagged = Image.fromarray(STORED)
        tagged.info["exif"] = exif.tobytes()
        truth = np.asarray(ImageOps.exif_transpose(tagged))
        with Image.open(path) as image:
            turned = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        for name, pixels in (("opencv", by_opencv(path)), ("imagecodecs", by_imagecodecs(path)), ("exif_transpose", turned)):
            assert alike(pixels, truth) or alike(pixels, STORED)
            upright[name].append(alike(pixels, truth))
    print(f"{form}: upright of 8 orientations", {name: int(sum(right)) for name, right in upright.items()})
    assert all(upright["exif_transpose"])
    assert sum(upright["opencv"]) == (1 if form == "AVIF" else 8)
    assert sum(upright["imagecodecs"]) == 1  # turns none
print("6.jpeg:", by_opencv("6.jpeg").shape, "6.avif:", by_opencv("6.avif").shape)
PYTHON
