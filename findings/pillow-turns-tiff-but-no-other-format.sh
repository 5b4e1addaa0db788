#!/usr/bin/env bash
# One would expect Image.open to treat the orientation that a camera or scanner writes into a file alike in all formats. For
# JPEG, PNG and WebP it gives the pixels as they are stored and leaves turning to ImageOps.exif_transpose; a TIFF file it
# turns by itself, reports the turned size at once and drops the tag with the pixels. tifffile, which scikit-image reads
# TIFF with, does not turn.
# The same photos kept as TIFF and as JPEG so train a network on two directions; masks and boxes made in one program lie
# across the image in the other; code that swaps width and height by the tag does it twice.
# Call ImageOps.exif_transpose on every file (it does nothing to one that was turned), and take sizes after it.
# Seen with Pillow 13.0.0, tifffile 2026.3.3, 27 November 2026. Source: https://github.com/python-pillow/Pillow/pull/4063
# and https://github.com/python-pillow/Pillow/pull/8390
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import io

import numpy as np
import PIL
import tifffile
from PIL import Image, ImageOps

STORED = np.zeros((20, 40, 3), np.uint8)  # 40 wide, 20 high
STORED[:, :10] = 255
TAG = 0x0112
exif = Image.Exif()
exif[TAG] = 6  # lies on its side

print("pillow", PIL.__version__, "tifffile", tifffile.__version__)
for form in ("JPEG", "PNG", "WEBP", "TIFF"):
    file = io.BytesIO()
    Image.fromarray(STORED).save(file, form, exif=exif)
    image = Image.open(io.BytesIO(file.getvalue()))
    at_once, tag = image.size, image.getexif().get(TAG)
    height, width = np.asarray(image).shape[:2]
    after = image.getexif().get(TAG)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(file.getvalue()))).size
    print(f"{form}: size {at_once}, pixels {width} x {height}, tag {tag}, then {after}; by exif_transpose {upright}")
    turned = form == "TIFF"
    assert at_once == (width, height) == ((20, 40) if turned else (40, 20))
    assert (tag, after) == (6, None if turned else 6)
    assert upright == (20, 40)
in_tifffile = tifffile.imread(io.BytesIO(file.getvalue()))
print(f"tifffile: pixels {in_tifffile.shape[1]} x {in_tifffile.shape[0]}")
np.testing.assert_array_equal(in_tifffile, STORED)
PYTHON
