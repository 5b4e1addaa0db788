#!/usr/bin/env bash
# One would expect the labels that accompany boxes or points through an albumentations pipeline to come back as they went in.
# The pipeline notes the type of the first image's labels and gives all later ones that type, which for NumPy's texts has a
# length: if the first image shows a cat, np.array(["elephant"]) is "ele" from then on, and after a frog horse and horsefly are
# one class. Are the first numbers whole, later ones are cut off, a soft label of 0.9 to 0; are they uint8, 300 becomes 44.
# Nothing is said. Which classes are damaged depends on the image that each process happened to see first, so shuffling or
# another number of workers gives others. Lists of texts are safe.
# Hand over lists (labels.tolist()), or the numbers of the boxes alone as labels, and look up classes by them afterwards.
# Seen with albumentations 2.0.8, 30 November 2026. Source: LabelManager in
# https://github.com/albumentations-team/albumentations/blob/main/albumentations/core/label_manager.py
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check albumentations==2.0.8 \
  opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$work"
NO_ALBUMENTATIONS_UPDATE=1 venv/bin/python -W error - <<'PYTHON'
import albumentations
import numpy as np

image = np.zeros((32, 32, 3), np.uint8)


def labels(*images):
    """Put the labels of several images through one pipeline and return those of the last."""
    for kind in ("bboxes", "keypoints"):
        if kind == "bboxes":
            places, fields = [1, 2, 20, 20], {"bbox_params": albumentations.BboxParams("pascal_voc", label_fields=["labels"])}
        else:
            places, fields = [1, 2], {"keypoint_params": albumentations.KeypointParams("xy", label_fields=["labels"])}
        pipeline = albumentations.Compose([albumentations.HorizontalFlip(p=0.5)], **fields)
        results = [pipeline(image=image, labels=one, **{kind: [places] * len(one)})["labels"] for one in images]
        print(f"{kind}: {' then '.join(repr(one) for one in images)} -> {' then '.join(repr(one) for one in results)}")
        yield list(results[-1])


print("albumentations", albumentations.__version__)
names = np.array(["elephant", "horse", "house"])
for found in labels(names, names):
    assert found == ["elephant", "horse", "house"]
for found in labels(np.array(["cat"]), names):
    assert found == ["ele", "hor", "hou"]
for found in labels(np.array(["frog"]), np.array(["bear", "beard"]), np.array(["horse", "horsefly"])):
    assert found == ["hors", "hors"]
for found in labels(np.array([1]), np.array([0.9, 0.4])):
    assert found == [0, 0]
for found in labels(np.array([0.5]), np.array([0.9, 0.4])):
    assert np.allclose(found, [0.9, 0.4])
for found in labels(np.array([1], np.uint8), np.array([300])):
    assert found == [44]
for found in labels(["cat"], names.tolist()):
    assert found == names.tolist()
PYTHON
