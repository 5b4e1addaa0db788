#!/usr/bin/env bash
# One would expect to get no images when asking a COCO file for those of a class that it does not have. getCatIds gives an empty
# list for a name that is unknown, misspelled or written with another capital, and for getImgIds and getAnnIds an empty list
# means "do not choose": all images, all objects. The demo of the library calls the one with what the other gave. So it is too
# with the images that hold two classes at once, where there are none: getAnnIds(imgIds=[]) gives the objects of all images.
# A set made of "the images of Dog" is every image there is, labelled dog. No warning.
# Ask for the classes one by one, and stop where getCatIds gives fewer numbers than names. catToImgs[number], or an unknown
# number instead of none, gives none.
# Seen with pycocotools 2.0.11, 30 November 2026. Source: getImgIds and getAnnIds in
# https://github.com/ppwwyyxx/cocoapi/blob/master/PythonAPI/pycocotools/coco.py and
# https://github.com/cocodataset/cocoapi/issues/440
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pycocotools==2.0.11 numpy==2.4.6
cd "$work"
venv/bin/python -W error - <<'PYTHON'
import json
from importlib.metadata import version
from pathlib import Path

from pycocotools.coco import COCO

CLASSES = ["cat", "dog", "horse"]
EACH = 4  # images of a class, with one object in each
images = [{"id": number, "file_name": f"{number}.jpg", "width": 8, "height": 8} for number in range(1, 1 + EACH * len(CLASSES))]
content = {
    "images": images,
    "categories": [{"id": number, "name": name} for number, name in enumerate(CLASSES, 1)],
    "annotations": [{"id": image["id"], "image_id": image["id"], "category_id": 1 + (image["id"] - 1) // EACH,
                     "bbox": [0, 0, 4, 4], "area": 16, "iscrowd": 0} for image in images],
}
Path("coco.json").write_text(json.dumps(content))
coco = COCO("coco.json")


def chosen(*names):
    """Return how many images and objects the usual two calls give for classes."""
    numbers = coco.getCatIds(catNms=list(names))
    found = len(coco.getImgIds(catIds=numbers)), len(coco.getAnnIds(catIds=numbers))
    print(f"{names}: categories {numbers}, {found[0]} of {len(images)} images, {found[1]} objects")
    return found


print("pycocotools", version("pycocotools"))
assert chosen("dog") == (EACH, EACH)
assert chosen("Dog") == chosen("zebra") == chosen("dog ") == (len(images), len(images))
assert chosen("dog", "zebra") == (EACH, EACH)  # the unknown one of two is left out

both = coco.getImgIds(catIds=coco.getCatIds(catNms=["cat", "dog"]))
objects = coco.getAnnIds(imgIds=both)
print(f"images with cat and dog at once: {both}, their objects: {len(objects)}")
assert both == [] and len(objects) == len(images)
assert coco.getImgIds(catIds=[9]) == coco.getAnnIds(catIds=[9]) == coco.getAnnIds(imgIds=[99]) == []
print("an unknown number instead of none:", coco.getImgIds(catIds=[9]))
PYTHON
