#!/usr/bin/env bash
# One would expect COCO.getCatIds(catNms="hot dog") to give the category of that name. It takes a string for a collection, as a
# list of names is one, and asks of each category whether its name is "in" the string: "hot dog" finds dog and hot dog,
# "teddy bear" finds bear too, "carrot" finds car. getAnnIds then gives the objects of both categories, getImgIds only the
# images that hold both at once. No warning; a name that holds no other name, as "dog", is answered rightly.
# Crops cut out by the annotations for a class called "carrot" so hold all cars as well, or the class has hardly an image.
# Give a list, catNms=["hot dog"], and compare the names of what came back.
# Seen with pycocotools 2.0.11, 30 November 2026. Source: https://github.com/cocodataset/cocoapi/issues/291
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pycocotools==2.0.11 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import json
from importlib.metadata import version
from pathlib import Path

from pycocotools.coco import COCO

NAMES = ["car", "dog", "bear", "carrot", "hot dog", "teddy bear"]
IMAGES = 10  # of each category, with one object each
numbers = range(1, IMAGES * len(NAMES) + 1)
Path("instances.json").write_text(json.dumps({
    "images": [{"id": number, "file_name": f"{number}.jpg", "width": 8, "height": 8} for number in numbers],
    "categories": [{"id": number, "name": name, "supercategory": "thing"} for number, name in enumerate(NAMES, 1)],
    "annotations": [
        {"id": number, "image_id": number, "category_id": (number - 1) // IMAGES + 1, "bbox": [0, 0, 4, 4], "area": 16,
         "iscrowd": 0}
        for number in numbers
    ],
}))
coco = COCO("instances.json")
print("pycocotools", version("pycocotools"))


def found(names):
    """Return the names of the categories found, the number of their annotations, and of their images."""
    ids = coco.getCatIds(catNms=names)
    seen = [category["name"] for category in coco.loadCats(ids)]
    result = seen, len(coco.getAnnIds(catIds=ids)), len(coco.getImgIds(catIds=ids))
    print(f"catNms={names!r}: categories {result[0]}, {result[1]} annotations, {result[2]} images")
    return result


assert found("dog") == (["dog"], 10, 10)
for name, inside in (("hot dog", "dog"), ("teddy bear", "bear"), ("carrot", "car")):
    assert found(name) == ([inside, name], 20, 0)
    assert found([name]) == ([name], 10, 10)
PYTHON
