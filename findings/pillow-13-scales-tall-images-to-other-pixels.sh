#!/usr/bin/env bash
# One would expect `Image.resize` to give the same pixels in Pillow 12 and 13: neither filter nor default has changed. For
# some images it does not. A resize is two passes, rows and columns, each rounded to whole levels, and until 12 the rows
# came first. From 13 on the columns come first where the height shrinks by more than twice as many pixels as the width,
# because that is faster: tall photos made square, as by `ImageOps.fit`, and all that become lower and wider. A fifth of the
# pixels is then one level apart. It is nothing that an eye sees, but a network's answer changes in its second or third
# digit where it was in doubt (0.02 was seen of 102 photos), a hash of pixels changes altogether, and a port of the
# arithmetic, as to a browser, is right for one of the versions only. Whoever trains by one version and answers by
# another, or compares pixels in a test, should ask for the same Pillow, or scale landscape images alone.
# Seen with Pillow 12.3.0 and 13.0.0 on Linux, 28 November 2026. Source: pixels of a port that were right for wide photos
# and off by one for tall ones; https://github.com/python-pillow/Pillow/pull/9549 is the change.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/scale.py" <<'PYTHON'
"""Scale images of noise of several shapes, and write the pixels."""
import sys

import numpy as np
from PIL import Image

SHAPES = {  # width, height -> width, height
    "tall to square": ((60, 100), (50, 50)),
    "wide to square": ((100, 60), (50, 50)),
    "lower and wider": ((40, 60), (50, 50)),
    "half": ((100, 100), (50, 50)),
    "larger": ((20, 31), (50, 50)),
}
rng = np.random.default_rng(0)
made = {}
for name, ((width, height), size) in SHAPES.items():
    image = Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))
    made[name] = np.asarray(image.resize(size, Image.Resampling.BILINEAR))
np.savez(sys.argv[1], **made)
PYTHON
for version in 12.3.0 13.0.0; do
  python3 -m venv "$work/$version"
  "$work/$version/bin/pip" install --quiet --disable-pip-version-check "pillow==$version" numpy==2.3.5
  "$work/$version/bin/python" "$work/scale.py" "$work/$version.npz"
done
cat > "$work/compare.py" <<'PYTHON'
import sys

import numpy as np

before, after = (np.load(name) for name in sys.argv[1:])
print("resize of noise, Pillow 12.3.0 against 13.0.0:")
found = {}
for name in before.files:
    apart = np.abs(before[name].astype(int) - after[name])
    found[name] = int(apart.max())
    print(f"  {name:16} {100 * (apart > 0).mean():4.1f} % of the values differ, by {apart.max()} at most")
expected = {"tall to square": 1, "wide to square": 0, "lower and wider": 1, "half": 0, "larger": 0}
sys.exit(found != expected)
PYTHON
"$work/13.0.0/bin/python" "$work/compare.py" "$work/12.3.0.npz" "$work/13.0.0.npz" || { echo "the behaviour has changed"; exit 1; }
echo "as described: Pillow 13 scales tall images to other pixels than Pillow 12"
