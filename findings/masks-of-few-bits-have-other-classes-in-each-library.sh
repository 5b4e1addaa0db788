#!/usr/bin/env bash
# One would expect a PNG mask to have the same values in whatever reads it: the class of each pixel. A grey PNG may have 1, 2, 4
# or 8 bits a pixel, and its values are shades, as a share of the brightest. Pillow gives 1 bit as 0 and 1, but spreads 2 and
# 4 bits over 0 to 255: of 4 bits class 1 becomes 17. OpenCV and TensorFlow spread 1 bit too: the true pixels of a mask that
# Pillow saved from booleans are 1 when Pillow reads them and 255 in OpenCV and tf.io.decode_png. pypng gives the values
# of the file for all.
# So a mask that one program wrote with bitdepth=4 has the classes 17 and 34 in training code; of 2 bits class 3 becomes 255,
# which many losses ignore; and a binary mask is class 1, or is ignored, by the library that reads it.
# Write masks with 8 bits or a palette, and look at the set of their values before training.
# Seen with Pillow 13.0.0, opencv-python-headless 5.0.0.93, TensorFlow 2.21.0, pypng 0.20220715.0, 30 November 2026. Source:
# https://www.w3.org/TR/png-3/#13Sample-depth-rescaling
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 opencv-python-headless==5.0.0.93 \
  tensorflow==2.21.0 pypng==0.20220715.0 numpy==2.4.6
cd "$work"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import cv2
import numpy as np
import PIL
import png
import tensorflow as tf
from PIL import Image

CLASSES = [0, 1, 2, 3]  # of the pixels of one row
READERS = {
    "Pillow": lambda path: np.asarray(Image.open(path)).astype(int)[0].tolist(),
    "OpenCV": lambda path: cv2.imread(path, cv2.IMREAD_UNCHANGED)[0].tolist(),
    "TensorFlow": lambda path: tf.io.decode_png(tf.io.read_file(path))[0, :, 0].numpy().tolist(),
    "pypng": lambda path: list(next(iter(png.Reader(path).read()[2]))),
}
print("pillow", PIL.__version__, "opencv", cv2.__version__, "tensorflow", tf.__version__)
found = {}
for bits in (1, 2, 4, 8):
    row = [min(value, 2**bits - 1) for value in CLASSES]
    with open("mask.png", "wb") as file:
        png.Writer(4, 1, greyscale=True, bitdepth=bits).write(file, [row])
    for name, read in READERS.items():
        found[bits, name] = read("mask.png")
        print(f"{bits} bits, classes {row}, read by {name}: {found[bits, name]}")
        if bits == 8 or name == "pypng":
            assert found[bits, name] == row
for bits, step in ((2, 85), (4, 17)):
    for name in ("Pillow", "OpenCV", "TensorFlow"):
        assert found[bits, name] == [step * value for value in CLASSES]
assert found[1, "Pillow"] == [0, 1, 1, 1]
assert found[1, "OpenCV"] == found[1, "TensorFlow"] == [0, 255, 255, 255]
Image.fromarray(np.array([[False, True]])).save("boolean.png")
read = {name: READERS[name]("boolean.png") for name in ("Pillow", "OpenCV")}
print("saved from booleans by Pillow:", read)
assert read == {"Pillow": [0, 1], "OpenCV": [0, 255]}
PYTHON
