#!/usr/bin/env bash
# One would expect a mask saved as GIF, which keeps every pixel as a number into a palette, to come back with its numbers, as it
# does from PNG. Pillow leaves out unused entries of the palette and closes the gaps: classes 0, 3 and 7 come back as 0, 1, 2,
# and those of a mask without class 3 as 0 and 1, so that 1 is another class in each mask. A mask that shows the classes 0 to 2
# is kept. So it is with grey masks (mode L), which come back with a palette; those with a palette (mode P) are renumbered
# below 512 x 512 pixels, and kept from there on. The colours stay, so the pictures look right.
# Masks of some known sets are GIF files, those of Carvana and DRIVE among them, and cropped ones are saved as they came.
# Save masks as PNG, or by save(path, optimize=False); grey ones can be got back by convert("L").
# Seen with Pillow 13.0.0, 30 November 2026. Source: optimize in
# https://pillow.readthedocs.io/en/stable/handbook/image-file-formats.html#gif-saving and
# https://github.com/python-pillow/Pillow/pull/7570
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.4.6
cd "$work"
venv/bin/python -W error - <<'PYTHON'
import numpy as np
import PIL
from PIL import Image

COLOURS = [value for number in range(256) for value in (number * 37 % 256, number * 91 % 256, number * 53 % 256)]


def draw(classes, side=64, palette=False):
    """Return a mask with stripes of the classes."""
    stripes = np.array(classes, np.uint8)[np.arange(side) * len(classes) // side]
    mask = Image.fromarray(np.repeat(stripes[:, None], side, axis=1))
    if palette:
        mask = mask.convert("P")
        mask.putpalette(COLOURS)
        assert np.unique(mask).tolist() == sorted(classes)
    return mask


def saved(name, mask, ending="gif", **options):
    """Save a mask and return the classes and the mode that are read back."""
    mask.save(f"mask.{ending}", **options)
    with Image.open(f"mask.{ending}") as read:
        found = np.unique(read).tolist()
        print(f"{name}, mode {mask.mode}, {ending}: {np.unique(mask).tolist()} -> mode {read.mode}, {found}")
        same = read.convert("RGB").tobytes() == mask.convert("RGB").tobytes()
        assert same, "the colours have changed"
        return found


print("pillow", PIL.__version__)
for palette in (False, True):
    assert saved("three classes", draw([0, 3, 7], palette=palette), "png") == [0, 3, 7]
    assert saved("the first three", draw([0, 1, 2], palette=palette)) == [0, 1, 2]
    assert saved("three classes", draw([0, 3, 7], palette=palette)) == [0, 1, 2]
    assert saved("two classes", draw([0, 3], palette=palette)) == [0, 1]
    assert saved("two others", draw([0, 7], palette=palette)) == [0, 1]
    assert saved("told not to", draw([0, 3, 7], palette=palette), optimize=False) == [0, 3, 7]
assert saved("a large one", draw([0, 3, 7], 512)) == [0, 1, 2]
assert saved("a large one with a palette", draw([0, 3, 7], 511, True)) == [0, 1, 2]
assert saved("a larger one with a palette", draw([0, 3, 7], 512, True)) == [0, 3, 7]
draw([0, 3, 7]).save("grey.gif")
with Image.open("grey.gif") as read:
    grey = np.unique(read.convert("L")).tolist()
print('grey, read by convert("L"):', grey)
assert grey == [0, 3, 7]
PYTHON
