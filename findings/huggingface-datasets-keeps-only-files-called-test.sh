#!/usr/bin/env bash
# One would expect load_dataset("imagefolder", data_dir=...) to read every image of a folder with one sub-folder for each class.
# It looks for splits first, by words that stand apart in any name below the folder: train, training, dev, val, valid,
# validation, test, testing, eval, evaluation. Once one file or class is called so, only what matches is read: of the others
# nothing is left, nothing is said of them, and the labels are gone as well, since what is left has one class.
# A photo called "test 2.png", a class called "dev" (the board) or "train" (the vehicle) is enough: thousands of images
# become one, and what is trained or counted then has nothing to do with the folder.
# A folder called train around all of them does not help where a class is called "dev": its images are then in both splits.
# Say which files are meant, data_files={"train": "photos/**"}, and compare the number of rows with that of the files.
# Seen with datasets 5.2.0, 30 November 2026. Source: https://github.com/huggingface/datasets/issues/5021 and
# https://github.com/huggingface/datasets/issues/7201
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


def read(folder, names, **said):
    """Write an image of each name and return split -> number of images, and the columns."""
    for number, name in enumerate(names):
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    said = said or {"data_dir": folder}
    found = datasets.load_dataset("imagefolder", **said, cache_dir=f"cache of {folder}")
    print(f"{said}: read {found.num_rows}, columns {found.column_names}")
    return found.num_rows, {name for columns in found.column_names.values() for name in columns}


print("datasets", datasets.__version__)
PLAIN = ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"]
assert read("plain", PLAIN) == ({"train": 4}, {"image", "label"})
assert read("a photo", ["cat/1.png", "cat/test 2.png", "dog/1.png", "dog/2.png"]) == ({"test": 1}, {"image"})
assert read("a class", ["car/1.png", "car/2.png", "dev/1.png", "dev/2.png"]) == ({"validation": 2}, {"image"})
assert read("a vehicle", ["car/1.png", "car/2.png", "train/1.png", "train/2.png"]) == ({"train": 2}, {"image"})
below = [f"train/{name}" for name in ("cat/1.png", "cat/test 2.png", "dev/1.png", "dev/2.png")]
assert read("below", below) == ({"train": 4, "validation": 2}, {"image", "label"})
assert read("a photo", [], data_files={"train": "a photo/**"}) == ({"train": 4}, {"image", "label"})
PYTHON
