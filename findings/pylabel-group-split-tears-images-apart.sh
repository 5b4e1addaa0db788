#!/usr/bin/env bash
# One would expect PyLabel's GroupShuffleSplit, whose argument group_col is the image's file name unless told otherwise, to
# leave all objects of an image in one split. It hands the column to scikit-learn as y, which that splitter ignores, and the
# numbers of the rows as groups: every object is a group of its own. Objects of one image are in train and in test, with any
# group_col; so are those of one patient or film, where the column says patient or film.
# Whoever cuts out the objects of each split to train a classifier tests it on the images that it was trained on. The export to
# YOLO takes each image's split from its first object, so that images stay whole there, but groups of images do not.
# Use StratifiedGroupShuffleSplit, or set the column "split" by scikit-learn's own GroupShuffleSplit, and count names in both.
# Seen with pylabel 0.1.55, scikit-learn 1.9.1, 30 November 2026. Source: GroupShuffleSplit in
# https://github.com/pylabel-project/pylabel/blob/main/pylabel/splitter.py
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pylabel==0.1.55 scikit-learn==1.9.1 pandas==3.1.1 numpy==2.4.6
cd "$work"
MPLCONFIGDIR="$work/matplotlib" venv/bin/python -W ignore - 2>error.txt <<'PYTHON' || { cat error.txt; exit 1; }
import json
from importlib.metadata import version
from pathlib import Path

from PIL import Image
from pylabel import importer

IMAGES, OBJECTS, PATIENTS = 40, 4, 10
Path("images").mkdir()
for number in range(IMAGES):
    Image.new("RGB", (32, 32)).save(f"images/{number}.png")
Path("coco.json").write_text(json.dumps({
    "images": [{"id": number, "file_name": f"{number}.png", "width": 32, "height": 32} for number in range(IMAGES)],
    "categories": [{"id": number, "name": name, "supercategory": ""} for number, name in enumerate(("cat", "dog"))],
    "annotations": [
        {"id": OBJECTS * image + place, "image_id": image, "category_id": place % 2, "bbox": [8 * place, 0, 8, 8], "area": 64,
         "iscrowd": 0, "segmentation": []}
        for image in range(IMAGES) for place in range(OBJECTS)
    ],
}))


def torn(split, column="img_filename", **arguments):
    """Split and return how many of the column's values lie in more than one split."""
    dataset = importer.ImportCoco("coco.json", path_to_images="images", name="test")
    dataset.df["img_folder"] = ["patient" + str(int(Path(name).stem) % PATIENTS) for name in dataset.df["img_filename"]]
    getattr(dataset.splitter, split)(train_pct=0.8, test_pct=0.2, val_pct=0, group_col=column, **arguments)
    splits = dataset.df.groupby(column)["split"].nunique()
    print(f"{split} by {column}: {(splits > 1).sum()} of {len(splits)} are in train and in test;",
          "objects:", dict(dataset.df["split"].value_counts()))
    return dataset, int((splits > 1).sum())


print("pylabel", version("pylabel"), "scikit-learn", version("scikit-learn"))
dataset, images = torn("GroupShuffleSplit", random_state=0)
assert images >= IMAGES / 4
assert torn("GroupShuffleSplit", "img_folder", random_state=0)[1] >= PATIENTS / 2
assert torn("StratifiedGroupShuffleSplit")[1] == 0
Path("yolo").mkdir()
dataset.df["img_folder"] = "images"
dataset.export.ExportToYoloV5(output_path="yolo/labels", copy_images=True, use_splits=True)
found = {name: {path.name for path in Path("yolo/labels", name).glob("*.txt")} for name in ("train", "test")}
print("exported to YOLO:", {name: len(files) for name, files in found.items()}, "in both:", len(found["train"] & found["test"]))
assert len(found["train"]) + len(found["test"]) == IMAGES and not found["train"] & found["test"]
PYTHON
