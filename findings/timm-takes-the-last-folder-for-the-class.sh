#!/usr/bin/env bash
# One would expect all libraries that read "a folder per class" to call what is under cat/ cats. torchvision's ImageFolder and
# Keras' image_dataset_from_directory go by the first folder below the root, timm's create_dataset by the last. Where the photos
# of a class lie in folders of their own, cat/indoor, cat/outdoor, dog/indoor and dog/outdoor, timm learns the classes "indoor"
# and "outdoor", with cats and dogs in each; there are two, as there should be, and loss and accuracy look as ever. Where only
# some photos lie deeper, cat/siamese and dog/beagle, these become classes beside cat and dog.
# The order differs too: timm counts like a person, "grade 2" before "grade 10" and "apple" before "Zebra", the others sort by
# characters. Train by timm and test by ImageFolder on the same folder, and of 11 grades all but the first change places.
# Compare dataset.reader.class_to_idx with the other library's, keep images at one depth, or hand timm a class_map.
# Seen with timm 1.0.31, torchvision 0.29.1, torch 2.14.1, pillow 13.0.0, 30 November 2026. Source: the head of
# https://github.com/huggingface/pytorch-image-models/blob/main/timm/data/readers/reader_image_folder.py says "leaf folders";
# the order: seen by running
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check timm==1.0.31 torch==2.14.1 torchvision==0.29.1 pillow==13.0.0
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings
from pathlib import Path

import timm
import torchvision
from PIL import Image
from timm.data import create_dataset
from torchvision.datasets import ImageFolder

warnings.simplefilter("error")  # there are none


def read(name, files):
    """Write images and return by timm and by torchvision which file has which class, and the classes in order."""
    for file in files:
        path = Path(name, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
    ours, theirs = create_dataset("", root=name, split="train"), ImageFolder(name)
    found = []
    for library, samples, classes in (
        ("timm", ours.reader.samples, ours.reader.class_to_idx),
        ("torchvision", theirs.samples, theirs.class_to_idx),
    ):
        names = sorted(classes, key=classes.get)
        labels = {Path(path).relative_to(name).as_posix(): names[label] for path, label in samples}
        print(f"{name}, {library}: classes {names}; {labels}")
        assert len(labels) == len(files)
        found += [labels, names]
    return found


print("timm", timm.__version__, "torchvision", torchvision.__version__)
ours, mine, theirs, names = read("rooms", ["cat/indoor/1.png", "cat/outdoor/2.png", "dog/indoor/3.png", "dog/outdoor/4.png"])
assert names == ["cat", "dog"] and mine == ["indoor", "outdoor"]
assert ours["cat/indoor/1.png"] == ours["dog/indoor/3.png"] == "indoor"
assert theirs["cat/indoor/1.png"] == theirs["cat/outdoor/2.png"] == "cat"
ours, mine, theirs, names = read("breeds", ["cat/1.png", "cat/siamese/2.png", "dog/3.png", "dog/beagle/4.png"])
assert names == ["cat", "dog"] and mine == ["beagle", "cat", "dog", "siamese"]
grades = [f"{name}/1.png" for name in ("grade 1", "grade 2", "grade 10", "Zebra", "apple")]
ours, mine, theirs, names = read("grades", grades)
assert mine == ["apple", "grade 1", "grade 2", "grade 10", "Zebra"]
assert names == ["Zebra", "apple", "grade 1", "grade 10", "grade 2"]
assert ours == theirs
PYTHON
