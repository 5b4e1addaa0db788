#!/usr/bin/env bash
# One would expect a folder with one sub-folder for each class to keep its labels if one image more lies beside the classes, or
# one level deeper. load_dataset("imagefolder") infers labels only where all images lie at the same depth: for one cover image
# in the folder itself, or for one class that keeps its images in folders of its own, the column "label" is gone, for all
# images, without a word. With drop_labels=False it comes back, and then names a class after whatever folder an image lies in:
# the data folder itself, or the inner folder.
# A training script that reads batch["label"] stops there, which is the good case; one that counts, embeds or divides does not.
# Look at the features before anything else, and keep images at one depth.
# Seen with datasets 5.2.0, 30 November 2026. Source: https://github.com/huggingface/datasets/pull/5192
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pillow==13.0.0
cd "$work"
HF_HOME="$work/home" HF_HUB_OFFLINE=1 venv/bin/python - <<'PYTHON'
from pathlib import Path

import datasets
from PIL import Image

datasets.disable_progress_bars()
PLAIN = ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"]


def classes_of(folder, names, **options):
    """Write an image of each name; return the images read and the names of the classes, None where there are no labels."""
    for number, name in enumerate(names):
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    found = datasets.load_dataset("imagefolder", data_dir=folder, cache_dir=f"cache of {folder}", **options)["train"]
    names_of = found.features["label"].names if "label" in found.features else None
    print(f"{folder} {options}: {len(found)} images, classes {names_of}")
    return len(found), names_of


print("datasets", datasets.__version__)
assert classes_of("photos", PLAIN) == (4, ["cat", "dog"])
assert classes_of("with-cover", [*PLAIN, "cover.png"]) == (5, None)
assert classes_of("deeper", [*PLAIN, "dog/puppies/3.png"]) == (5, None)
assert classes_of("with-cover", [], drop_labels=False) == (5, ["cat", "dog", "with-cover"])
assert classes_of("deeper", [], drop_labels=False) == (5, ["cat", "dog", "puppies"])
PYTHON
