#!/usr/bin/env bash
# One would expect lossless to mean that the numbers read are the numbers written. Pillow, OpenCV, pyvips and imageio write
# lossless WebP in which the colours are lost wherever the fourth channel is 0, since nobody would see them: pixels of alpha 0
# come back as 0, 0, 0. A switch of the format keeps them, exact, which is off in all four. imagecodecs has it on.
# PNG, TIFF and lossless JPEG XL keep them.
# Who puts near infrared, depth or a mask into the fourth channel to have one file, loses red, green and blue wherever it is 0:
# water in near infrared. Cut-outs that were made by setting alpha to 0 have a black background afterwards under convert("RGB"),
# where PNG still shows the scene, so that a set of which one class was converted tells its classes by the background.
# Pass exact=True in Pillow, imageio and pyvips, or write PNG where the fourth channel isn't an image's alpha.
# Seen with Pillow 13.0.0, opencv-python-headless 5.0.0.93, pyvips 3.2.0 (libvips 8.18.7), imageio 2.38.1, imagecodecs
# 2026.3.6, pillow-jxl-plugin 1.3.8, 30 November 2026. Source: https://github.com/OSGeo/gdal/issues/8038
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 opencv-python-headless==5.0.0.93 pyvips==3.2.0 \
  pyvips-binary==8.18.7 imageio==2.38.1 imagecodecs==2026.3.6 pillow-jxl-plugin==1.3.8 numpy==2.4.6
cd "$work"
venv/bin/python -W error - <<'PYTHON'
from importlib.metadata import version
from pathlib import Path

import cv2
import imagecodecs
import imageio.v3 as imageio
import numpy as np
import pillow_jxl  # noqa: F401  it registers JPEG XL with Pillow
import pyvips
from PIL import Image

rng = np.random.default_rng(0)
pixels = rng.integers(1, 256, (32, 32, 4), np.uint8)  # red, green, blue and near infrared
pixels[:16, :, 3] = 0  # water
picture = Image.fromarray(pixels)
by_vips = pyvips.Image.new_from_array(pixels, interpretation="srgb")


def by_opencv(name, *options):
    assert cv2.imwrite(name, cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA), list(options))


LOSSY = {
    "Pillow": lambda name: picture.save(name, lossless=True),
    "OpenCV": lambda name: by_opencv(name, cv2.IMWRITE_WEBP_QUALITY, 101),
    "pyvips": lambda name: by_vips.write_to_file(name, lossless=True),
    "imageio": lambda name: imageio.imwrite(name, pixels, lossless=True),
}
KEPT = {
    "Pillow, exact": lambda name: picture.save(name, lossless=True, exact=True),
    "pyvips, exact": lambda name: by_vips.write_to_file(name, lossless=True, exact=True),
    "imageio, exact": lambda name: imageio.imwrite(name, pixels, lossless=True, exact=True),
    "imagecodecs": lambda name: Path(name).write_bytes(imagecodecs.webp_encode(pixels, lossless=True)),
}
OTHERS = {
    "PNG": lambda name: picture.save(name, "PNG"),
    "TIFF": lambda name: picture.save(name, "TIFF"),
    "JPEG XL": lambda name: picture.save(name, "JXL", lossless=True),
}
SUFFIXES = {"PNG": "png", "TIFF": "tif", "JPEG XL": "jxl"}


def kept(writer, write):
    """Return the shares of colours kept where the fourth channel is 0 and elsewhere, and the mean red where it is 0."""
    name = "picture." + SUFFIXES.get(writer, "webp")
    write(name)
    found = np.asarray(Image.open(name).convert("RGBA"))
    same = (found[..., :3] == pixels[..., :3]).all(axis=-1)
    assert (found[..., 3] == pixels[..., 3]).all()
    water, land, red = float(same[:16].mean()), float(same[16:].mean()), float(found[:16, :, 0].mean())
    print(f"{writer}: colours kept where the fourth channel is 0: {water:.0%}, elsewhere {land:.0%}, mean red there {red:.0f}")
    return water, land, red


print({name: version(name) for name in
       ("pillow", "opencv-python-headless", "pyvips", "imageio", "imagecodecs", "pillow-jxl-plugin")})
assert all(kept(writer, write) == (0, 1, 0) for writer, write in LOSSY.items())
assert all(kept(writer, write)[:2] == (1, 1) for writer, write in (KEPT | OTHERS).items())
PYTHON
