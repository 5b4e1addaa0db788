#!/usr/bin/env bash
# One would expect exact duplicates to be images with equal pixels. CleanVision takes the MD5 of the array that Pillow gives for
# a file, as it was opened. Of an image with a palette that array holds numbers of colours, not colours: images drawn alike in
# other colours, as flags, signs and icons saved as PNG or GIF often are, are exact duplicates to it. The array's shape is
# left out as well: plain images of one shade are equal if they have equally many pixels.
# Whoever removes all but one of each set loses whole classes: of the flags of France, Italy and Romania one is left. And two
# files of one picture, one with a palette and one without, are no exact duplicates, and may lie in train and in test.
# Let it look at copies converted to RGB, or compare the converted pixels of each set before anything is removed.
# Seen with cleanvision 0.3.7, Pillow 13.0.0, 30 November 2026. Source: get_hash in its duplicate_issue_manager.py, of
# https://github.com/cleanlab/cleanvision/pull/61
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cleanvision==0.3.7 pillow==13.0.0
cd "$work"
MPLCONFIGDIR="$work/matplotlib" venv/bin/python - 2>error.txt <<'PYTHON' || { cat error.txt; exit 1; }
from importlib.metadata import version
from pathlib import Path

import PIL
from cleanvision import Imagelab
from PIL import Image

FLAGS = {
    "france": ((0, 38, 84), (255, 255, 255), (206, 17, 38)),
    "italy": ((0, 140, 69), (244, 245, 240), (205, 33, 42)),
    "romania": ((0, 43, 127), (252, 209, 22), (206, 17, 38)),
}


def flag(colours):
    image = Image.new("P", (90, 60))
    image.putpalette([value for colour in colours for value in colour])
    for place in range(3):
        image.paste(place, (30 * place, 0, 30 * (place + 1), 60))
    return image


def duplicates(folder, images):
    """Save the images and return the sets of exact duplicates by the files' names."""
    Path(folder).mkdir()
    for name, image in images.items():
        image.save(Path(folder, name))
    lab = Imagelab(data_path=folder)
    lab.find_issues({"exact_duplicates": {}}, n_jobs=1, verbose=False)
    found = sorted(sorted(Path(path).name for path in one) for one in lab.info["exact_duplicates"]["sets"])
    flagged = int(lab.issues["is_exact_duplicates_issue"].sum())
    print(f"{folder}: {flagged} of {len(images)} images are exact duplicates: {found}")
    return found


print("cleanvision", version("cleanvision"), "pillow", PIL.__version__)
flags = {name: flag(colours) for name, colours in FLAGS.items()}
for ending in ("png", "gif"):
    names = [f"{name}.{ending}" for name in flags]
    assert duplicates(ending, dict(zip(names, flags.values(), strict=True))) == [names]
assert duplicates("converted", {f"{name}.png": image.convert("RGB") for name, image in flags.items()}) == []
both = {"palette.png": flags["italy"], "colours.png": flags["italy"].convert("RGB")}
assert duplicates("one picture twice", both) == []
shapes = {"wide.png": Image.new("L", (60, 20), 255), "tall.png": Image.new("L", (20, 60), 255)}
assert duplicates("shapes", shapes) == [["tall.png", "wide.png"]]
PYTHON
