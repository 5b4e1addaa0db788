#!/usr/bin/env bash
# One would expect Pillow to make those pixels transparent that a PNG file declares so. A grey or RGB PNG may name one
# transparent colour (chunk tRNS) at the depth of the file. Pillow scales the pixels to 8 bits and compares them with that
# colour as it is stored: in a grey file of 2 or 4 bits and in an RGB file of 16 bits no pixel equals it (only 0 does), so
# convert("RGBA") gives an opaque image. In a grey file of 8 bits it works. pypng reads the same files as the format says.
# A background meant to be invisible is shown to the network in its own colour, in files of these depths only; two copies of
# one drawing, kept at 4 and at 8 bits, so look different. Scale image.info["transparency"] before converting.
# Seen with Pillow 13.0.0, pypng 0.20220715.0, 27 November 2026. Source: seen by running; the chunk:
# https://www.w3.org/TR/png-3/#11tRNS
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 pypng==0.20220715.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import io

import numpy as np
import PIL
import png
from PIL import Image


def alphas(values, depth, clear):
    """Return the alpha of each pixel of a one-row PNG, as Pillow and as pypng see it, and what Pillow notes."""
    grey = isinstance(clear, int)
    row = values if grey else [level for colour in values for level in colour]
    file = io.BytesIO()
    png.Writer(len(values), 1, greyscale=grey, bitdepth=depth, transparent=clear).write(file, [row])
    image = Image.open(io.BytesIO(file.getvalue()))
    _, _, rows, _ = png.Reader(bytes=file.getvalue()).asRGBA8()
    in_pypng = np.array([list(row) for row in rows]).reshape(-1, 4)[:, 3].tolist()
    return np.asarray(image.convert("RGBA"))[0, :, 3].tolist(), in_pypng, image.info["transparency"]


print("pillow", PIL.__version__, "pypng", png.__version__)
colours = [(1000, 2000, 3000), (40000, 50000, 60000)]
for name, values, depth, clear in (
    ("grey, 2 bits", [0, 1, 2, 3], 2, 2),
    ("grey, 4 bits", [0, 5, 10, 15], 4, 5),
    ("RGB, 16 bits", colours, 16, colours[0]),
    ("grey, 8 bits", [0, 5, 10, 15], 8, 5),
):
    in_pillow, in_pypng, noted = alphas(values, depth, clear)
    print(f"{name}, clear colour {clear}: alpha in Pillow {in_pillow}, in pypng {in_pypng}; Pillow notes {noted}")
    assert in_pypng == [0 if value == clear else 255 for value in values]
    assert noted == clear
    assert in_pillow == (in_pypng if depth == 8 else [255] * len(values))
PYTHON
