#!/usr/bin/env bash
# One would expect a lossless PNG optimizer to keep what a mask says. It keeps colours, and a mask is numbers: oxipng and
# ZopfliPNG drop the colours of a palette that an image does not use and sort the others, so that a mask in the form of PASCAL
# VOC, where the number of the colour is the class, comes out with the classes 0, 1, 2, in each file others. OptiPNG leaves
# such palettes alone, and as ZopfliPNG does makes one out of a grey mask of few classes: numpy.array(Image.open(path)), right
# so far, then gives the places in that palette. Every viewer shows the same picture, a comparison of colours finds no
# difference, and the numbers that appear are valid classes; a hook or a build step that shrinks images is enough.
# Leave masks out of such steps, or: palette_reduction=False for oxipng with color_type_reduction=False and
# bit_depth_reduction=False, optipng -nx; ZopfliPNG has no switch. Compare the sets of values before and after.
# Seen with pyoxipng 9.1.1, zopflipy 1.14, Debian's optipng 0.7.7, Pillow 13.0.0, 1 December 2026. Sources:
# https://github.com/google/zopfli/issues/172, https://github.com/oxipng/oxipng/pull/554,
# https://optipng.sourceforge.net/pngtech/optipng.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyoxipng==9.1.1 zopflipy==1.14 pillow==13.0.0 numpy==2.4.6
cd "$work"
apt-get download -qq -o APT::Sandbox::User=root optipng # needs Debian or a relative of it, not root
dpkg -x optipng_*.deb optipng
venv/bin/python -W error - <<'PYTHON'
import subprocess
from importlib.metadata import version

import numpy as np
import oxipng
import PIL
import zopfli
from PIL import Image

SIZE = 64
OPTIPNG = "optipng/usr/bin/optipng"
PALETTE = np.array([[sum((number >> 3 * bit + channel & 1) << 7 - bit for bit in range(3)) for channel in range(3)]
                    for number in range(256)], "uint8")  # as in PASCAL VOC
AS_IT_IS = {"palette_reduction": False, "color_type_reduction": False, "bit_depth_reduction": False}


def by_zopfli(source, target):
    with open(source, "rb") as given, open(target, "wb") as made:
        made.write(zopfli.ZopfliPNG().optimize(given.read()))


def by_optipng(source, target, *switches):
    subprocess.run([OPTIPNG, "-quiet", "-clobber", *switches, "-out", target, source], check=True)


ways = {
    "oxipng": lambda source, target: oxipng.optimize(source, target),
    "ZopfliPNG": by_zopfli,
    "OptiPNG": by_optipng,
    "oxipng, nothing reduced": lambda source, target: oxipng.optimize(source, target, **AS_IT_IS),
    "OptiPNG -nx": lambda source, target: by_optipng(source, target, "-nx"),
}
masks = {}
for one in (7, 12):  # a car, or a dog, beside a person of class 15
    mask = np.zeros((SIZE, SIZE), "uint8")
    mask[10:40, 5:30], mask[20:60, 35:60] = one, 15
    masks[one] = mask
shown = subprocess.run([OPTIPNG, "-v"], check=True, capture_output=True, text=True).stdout.split()[2].rstrip(":")
print("pyoxipng", version("pyoxipng"), "zopflipy", version("zopflipy"), "optipng", shown, "Pillow", PIL.__version__)
kept = set()
for kind in ("palette", "grey"):
    for name, optimize in ways.items():
        found = []
        for mask in masks.values():
            image = Image.fromarray(mask)
            if kind == "palette":
                image.putpalette(PALETTE.ravel())
            image.save("given.png")
            optimize("given.png", "made.png")
            with Image.open("given.png") as before, Image.open("made.png") as after:
                assert np.array_equal(before.convert("RGB"), after.convert("RGB"))
                assert np.array_equal(np.array(before), mask)
                found.append((after.mode, np.array(after)))
        values = [np.unique(array).tolist() for _, array in found]
        same = all(np.array_equal(array, mask) for (_, array), mask in zip(found, masks.values(), strict=True))
        print(f"{kind} masks of the classes 0, 7, 15 and 0, 12, 15 by {name}: {found[0][0]}, classes {values}")
        if same:
            kept.add((kind, name))
        else:
            assert values == [[0, 1, 2], [0, 1, 2]] and found[0][0] == "P"
lost = {(kind, name) for kind in ("palette", "grey") for name in ways} - kept
assert lost == {("palette", "oxipng"), ("palette", "ZopfliPNG"), ("grey", "ZopfliPNG"), ("grey", "OptiPNG")}, lost
PYTHON
