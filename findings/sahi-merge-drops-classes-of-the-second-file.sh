#!/usr/bin/env bash
# One would expect the merging of two COCO files to hold the classes of both. SAHI's merge, and merge_from_file, which uses it,
# number the second file's objects by the classes of the first, and drop all objects of a class that the first does not have.
# Their images stay, as images without an object. Nothing is said. Even one and the same class is lost if it is written
# otherwise there, "Dog" and "dog". merge_from_list of the same module keeps all classes, and says so.
# A set of photographs of owls, merged into one of cats and dogs, becomes pictures in which there is nothing: a detector learns
# that owls are background, and a classifier of crops never sees one. Which classes are lost depends on the order of the files.
# Use merge_from_list([first, second]), or hand desired_name2id with every class, and count objects before and after.
# Seen with sahi 0.12.8, 30 November 2026. Source: merge in https://github.com/obss/sahi/blob/main/sahi/utils/coco.py
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check sahi==0.12.8 numpy==2.4.6
cd "$work"
MPLCONFIGDIR="$work/matplotlib" venv/bin/python - 2>error.txt <<'PYTHON' || { cat error.txt; exit 1; }
import json
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from sahi.utils.coco import merge, merge_from_file, merge_from_list

OBJECTS = 5  # of each class, one in an image


def coco(*names):
    numbers = range(OBJECTS * len(names))
    return {
        "images": [{"id": number, "file_name": f"{names[number // OBJECTS]}{number}.jpg", "width": 8, "height": 8}
                   for number in numbers],
        "categories": [{"id": number, "name": name, "supercategory": name} for number, name in enumerate(names)],
        "annotations": [{"id": number, "image_id": number, "category_id": number // OBJECTS, "bbox": [0, 0, 4, 4], "area": 16,
                         "iscrowd": 0} for number in numbers],
    }


def count(name, merged):
    """Return objects by class, and the number of images without an object."""
    names = {category["id"]: category["name"] for category in merged["categories"]}
    objects = Counter(names[annotation["category_id"]] for annotation in merged["annotations"])
    empty = {image["id"] for image in merged["images"]} - {annotation["image_id"] for annotation in merged["annotations"]}
    print(f"{name}: {dict(objects)}, {len(empty)} of {len(merged['images'])} images without an object")
    return objects, len(empty)


print("sahi", version("sahi"))
first, second = coco("cat", "dog"), coco("dog", "owl")
assert count("merge", merge(first, second)) == ({"cat": 5, "dog": 10}, 5)
assert count("merge, other order", merge(second, first)) == ({"dog": 10, "owl": 5}, 5)
assert count("merge, another spelling", merge(coco("dog"), coco("Dog"))) == ({"dog": 5}, 5)
for name, content in (("first", first), ("second", second)):
    Path(f"{name}.json").write_text(json.dumps(content))
merge_from_file("first.json", "second.json", "merged.json")
assert count("merge_from_file", json.loads(Path("merged.json").read_text())) == ({"cat": 5, "dog": 10}, 5)
whole = {"cat": 5, "dog": 10, "owl": 5}
assert count("merge_from_list", merge_from_list([first, second], verbose=0)) == (whole, 0)
assert count("merge by desired_name2id", merge(first, second, {"cat": 0, "dog": 1, "owl": 2})) == (whole, 0)
PYTHON
