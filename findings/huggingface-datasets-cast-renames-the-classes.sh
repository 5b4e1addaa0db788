#!/usr/bin/env bash
# One would expect a cast of a label column to other ClassLabel names to keep what each image is. Two folders with other classes
# have other features, and concatenate_datasets refuses them: they "can't be aligned". The step that suggests itself,
# new.cast(old.features), keeps the numbers and replaces the names: of the folder dog, fox every dog becomes a cat and every
# fox a dog, without a word, and then the two can be joined. It is so too where one class of a test folder has no images and
# the features of training are cast upon it. A cast to strings gives no names either, but "0" and "1".
# What is trained or tested on then has wrong labels, while the number of rows is as it should be.
# Renumber first: align_labels_with_mapping({"cat": 0, "dog": 1, "fox": 2}, "label"), which takes names that differ in case
# alone, as dog and DOG, for one class; and look at int2str of a few images.
# Seen with datasets 5.2.0, 30 November 2026. Source: https://github.com/huggingface/datasets/pull/2457
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
COLOURS = {"cat": 50, "dog": 150, "fox": 250}  # what an image shows, whatever its label says


def read(folder, classes):
    for name in classes:
        path = Path(folder, name)
        path.mkdir(parents=True)
        for number in range(3):
            Image.new("L", (8, 8), COLOURS[name]).save(path / f"{number}.png")
    return datasets.load_dataset("imagefolder", data_dir=folder, split="train", cache_dir=f"cache of {folder}")


def pairs(dataset):
    """Return what the images show beside what their labels say."""
    shown = {value: name for name, value in COLOURS.items()}
    names = dataset.features["label"].names
    return sorted({(shown[example["image"].convert("L").getpixel((0, 0))], names[example["label"]]) for example in dataset})


print("datasets", datasets.__version__)
old, new = read("old", ["cat", "dog"]), read("new", ["dog", "fox"])
assert pairs(old) == [("cat", "cat"), ("dog", "dog")] and pairs(new) == [("dog", "dog"), ("fox", "fox")]
try:
    datasets.concatenate_datasets([old, new])
except ValueError as error:
    print("concatenate_datasets:", str(error)[:42])
else:
    raise SystemExit("it was expected to refuse")
for say, cast in (
    ("cast", new.cast(old.features)),
    ("cast_column", new.cast_column("label", datasets.ClassLabel(names=["cat", "dog", "fox"]))),
    ("joined after cast", datasets.concatenate_datasets([old, new.cast(old.features)])),
):
    print(f"{say}: shown and labelled {pairs(cast)}")
    assert ("dog", "cat") in pairs(cast) and ("fox", "dog") in pairs(cast)
strings = new.cast_column("label", datasets.Value("string"))["label"][:]
print("cast to strings:", sorted(set(strings)))
assert set(strings) == {"0", "1"}
aligned = new.align_labels_with_mapping({"cat": 0, "dog": 1, "fox": 2}, "label")
print("align_labels_with_mapping:", pairs(aligned))
assert pairs(aligned) == [("dog", "dog"), ("fox", "fox")]
by_case = datasets.Features({"label": datasets.ClassLabel(names=["dog", "DOG"])})
by_case = datasets.Dataset.from_dict({"label": [0, 1]}, features=by_case)
by_case = by_case.align_labels_with_mapping({"dog": 0, "DOG": 1}, "label")["label"][:]
print("dog and DOG, aligned:", by_case)
assert by_case[0] == by_case[1]
PYTHON
