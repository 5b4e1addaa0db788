#!/usr/bin/env bash
# One would expect "cat" to have one number in the parts of a data set. supervision numbers the classes of Pascal VOC files in
# the order in which it meets them, file after file, and has no argument to hand over a list. The train, valid and test folders
# of one set, read and written as YOLO one after the other, so have the same names under different numbers: what is 0 in
# train is 0 in valid too, but there it is the class of valid's first file. Each folder's own data.yaml is right. A training by
# YOLO has one data.yaml, that of train, for all three, and counts the right answers in valid as wrong ones.
# Crops by class_id, as one cuts them for a classifier, get the same mixture. No warning, as each folder has the same classes.
# Read the parts, join them by DetectionDataset.merge, which renumbers by the alphabet, and write what was split afterwards; or
# look at dataset.classes of each part before writing.
# Seen with supervision 0.31.2, 30 November 2026. Source: load_pascal_voc_annotations in
# https://github.com/roboflow/supervision/blob/develop/src/supervision/dataset/formats/pascal_voc.py
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check supervision==0.31.2 \
  opencv-python-headless==5.0.0.93 numpy==2.4.6 pillow==13.0.0
cd "$work"
MPLCONFIGDIR="$work/matplotlib" venv/bin/python -W error::UserWarning - <<'PYTHON'
from pathlib import Path

import supervision
import yaml
from PIL import Image

XML = """<annotation><filename>{image}</filename><size><width>32</width><height>32</height><depth>3</depth></size>
<object><name>{name}</name><bndbox><xmin>3</xmin><ymin>3</ymin><xmax>20</xmax><ymax>20</ymax></bndbox></object></annotation>"""
PARTS = {"train": ["cat", "dog", "horse"], "valid": ["horse", "cat", "dog"], "test": ["dog", "horse", "cat"]}


def write(part, names):
    """Write an image with one object for each name, in this order."""
    for folder in ("images", "voc"):
        (Path(part) / folder).mkdir(parents=True)
    for number, name in enumerate(names):
        Image.new("RGB", (32, 32)).save(f"{part}/images/{number}.png")
        Path(f"{part}/voc/{number}.xml").write_text(XML.format(image=f"{number}.png", name=name))


def read_yolo(part):
    """Return the names in data.yaml, and each file's number."""
    numbers = [int(path.read_text().split()[0]) for path in sorted(Path(part, "labels").iterdir())]
    return yaml.safe_load(Path(part, "data.yaml").read_text())["names"], numbers


print("supervision", supervision.__version__)
parts = {}
for part, names in PARTS.items():
    write(part, names)
    parts[part] = supervision.DetectionDataset.from_pascal_voc(f"{part}/images", f"{part}/voc")
    parts[part].as_yolo(annotations_directory_path=f"{part}/labels", data_yaml_path=f"{part}/data.yaml")
names_of_train, _ = read_yolo("train")
for part, names in PARTS.items():
    own, numbers = read_yolo(part)
    by_train = [names_of_train[number] for number in numbers]
    print(f"{part}: written {names}, numbers {numbers}, its data.yaml {own}, by the data.yaml of train {by_train}")
    assert [own[number] for number in numbers] == names
    wrong = sum(name != told for name, told in zip(names, by_train))
    assert wrong == (0 if part == "train" else 3)
whole = supervision.DetectionDataset.merge(list(parts.values()))
found = {path: whole.classes[boxes.class_id[0]] for path, _, boxes in whole}
print("merged:", whole.classes)
assert whole.classes == ["cat", "dog", "horse"] and len(found) == 9
assert all(name == PARTS[Path(path).parts[0]][int(Path(path).stem)] for path, name in found.items())
PYTHON
