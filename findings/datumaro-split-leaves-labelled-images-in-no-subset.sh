#!/usr/bin/env bash
# One would expect Datumaro's split for classification to divide images of one label by class, and the others, as its
# documentation says, at random. It numbers the labelled images by their place among the labelled ones, and later takes the
# numbers for places in the whole dataset. One image without a label, or with two, moves all that come after it by a place.
# Where images without a label come first, those with a label are in neither train nor test but in a third subset called
# "default", and train consists of images without a label. Nothing is said of it.
# A second image of one name in a class, cat/1.jpg beside cat/1.png, is enough for the shift: the importer joins them into one
# image with two labels, and one of the two files is lost.
# Split only labelled images, and look at the subsets' names and classes afterwards.
# Seen with datumaro 1.13.12, 30 November 2026. Source: _get_uniq_annotations in
# https://openvinotoolkit.github.io/datumaro/latest/_modules/datumaro/plugins/splitter.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check datumaro==1.13.12 numpy==2.4.6
cd "$work"
XDG_CACHE_HOME="$work/cache" venv/bin/python - <<'PYTHON'
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import datumaro
from PIL import Image

CLASSES = [f"{animal}/{number}.png" for animal in ("cat", "dog") for number in range(50)]


def split(folder, names):
    """Write an image of each name, split, and return (subset, labels) -> number of images."""
    for number, name in enumerate(names):
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    dataset = datumaro.Dataset.import_from(folder, "imagenet")
    dataset.transform("split", task="classification", splits=[("train", 0.8), ("test", 0.2)], seed=0)
    label_names = [label.name for label in dataset.categories()[datumaro.AnnotationType.label]]
    found = Counter((item.subset, *(label_names[label.label] for label in item.annotations)) for item in dataset)
    print(f"{folder}, {len(names)} files: {dict(sorted(found.items()))}")
    return found


print("datumaro", version("datumaro"))
plain = split("all labelled", CLASSES)
assert plain == {("train", "cat"): 40, ("train", "dog"): 40, ("test", "cat"): 10, ("test", "dog"): 10}
unlabelled = split("labelled and not", CLASSES + [f"{number}.png" for number in range(100)])
assert {key: count for key, count in unlabelled.items() if len(key) > 1} == {("default", "cat"): 50, ("default", "dog"): 50}
assert sum(count for key, count in unlabelled.items() if key[0] != "default") == 100
twice = split("one name twice", [*CLASSES, "cat/0.jpg", "dog/0.jpg"])
assert sum(twice.values()) == 100  # of 102 files
assert sum(count for key, count in twice.items() if key[1:] in (("cat", "cat"), ("dog", "dog"))) == 2
assert sum(count for key, count in twice.items() if key[0] == "default") >= 1
PYTHON
