#!/usr/bin/env bash
# One would expect splitfolders.ratio(folder, output=...) to leave a folder with the split that was asked for. It copies into
# whatever is there: called once more for the same output, with another seed or ratio, or after images were added, it leaves
# what the first call wrote, so that an image lies in train and in test at once. No warning, no error.
# A network trained so has learned from the images that it is judged by, and looks better than it is.
# Remove the output folder first, or give each split a folder of its own; compare the names of train and test.
# Seen with split-folders 0.6.1, 30 November 2026. Source: its split.py, which makes each folder with exist_ok=True.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check split-folders==0.6.1
cd "$work"
venv/bin/python - <<'PYTHON'
from importlib.metadata import version
from pathlib import Path

import splitfolders

IMAGES = 50
for animal in ("cat", "dog"):
    Path("photos", animal).mkdir(parents=True)
    for number in range(IMAGES):
        Path("photos", animal, f"{number}.jpg").write_bytes(bytes([number]))


def split(seed):
    """Split into the same folder, and return the names of the images in train and in test."""
    splitfolders.ratio("photos", output="divided", seed=seed, ratio=(0.8, 0.1, 0.1))
    parts = [{str(path.relative_to(root)) for path in root.rglob("*.jpg")} for root in map(Path, PARTS)]
    print(f"seed {seed}: train {len(parts[0])}, test {len(parts[1])}, in both {len(parts[0] & parts[1])}")
    return parts


PARTS = ("divided/train", "divided/test")
print("split-folders", version("split-folders"))
train, test = split(1)
assert (len(train), len(test), len(train & test)) == (80, 10, 0)
train, test = split(2)
assert len(train) + len(test) > 90 and len(train & test) > 0
PYTHON
