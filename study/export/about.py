"""What an exported file says of itself: how a photo becomes its input, what its outputs mean, when an answer stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from data.to_rgb import PALE
from study.predict.told import task_of
from study.runs.folder import Run

VERSION = 2  # of the keys below
LABELS, ABOUT = "labels.txt", "metadata.json"
IMAGE, PROBABILITIES, DISTANCE = "image", "probabilities", "distance"  # names of the input and of the outputs
KNOWN = "known_images"  # of the product with what was learned, which stays in float where the rest becomes int8
OF_ALL = "of the classes, in the order of class_names; the temperature is inside"
OF_EACH = "of each class by itself, in the order of class_names; an image has each whose threshold it reaches, or none"
RULES = {
    "crop": "the largest centred square is cut out and scaled to the size; what has the size is cut by whole pixels",
    "pad": (
        "the longer side is scaled to the size, and the rest is filled with grey, 128, the image in the middle; of an "
        "odd rest the greater half is below or to the right"
    ),
    "squash": "both sides are scaled to the size, whatever the shape",
}


def describe(run: Run, has_distance: bool, batch: int | None, int8: bool) -> dict[str, Any]:
    """Return what a file for so many images at a time, None for any number, says of itself."""
    size, names = run.info["image_size"], list(run.info["class_names"])
    verdicts = run.info.get("verdicts", {})
    unsure = verdicts.get("unsure", {})
    several = task_of(run).SEVERAL_LABELS
    return {
        "version": VERSION,
        "run": run.folder.name,
        "model": run.info["model"],
        "task": run.task,
        "class_names": names,
        "thresholds": run.info["thresholds"] if several else None,
        "input": {
            "name": IMAGE,
            "type": "uint8",
            "shape": [batch, size, size, 3],
            "values": "RGB, 0 to 255, upright; the network's own preprocessing is inside",
        },
        "resize": {
            "rule": run.info["resize"],
            "size": size,
            "meaning": RULES[run.info["resize"]],
            "filter": "bilinear, widened where it shrinks (antialiasing), as Pillow's with reducing_gap=3",
            "transparency": f"laid over white; over black where white would leave nothing darker than {PALE}",
            "pixel_range": run.info.get("pixel_range", {}),
        },
        "outputs": {
            PROBABILITIES: OF_EACH if several else OF_ALL,
            **({DISTANCE: "to the training images, mean cosine distance to the nearest"} if has_distance else {}),
        },
        "temperature": run.info.get("calibration", {}).get("temperature"),
        "verdicts": {
            "unlike_above": verdicts["unlike"]["limit"] if has_distance else None,
            "unsure_below": unsure.get("threshold"),
            "right": unsure.get("right"),
        },
        "int8": int8,
    }


def as_texts(about: Mapping[str, Any]) -> dict[str, str]:
    """Return it as formats keep it that know texts alone: each value as JSON."""
    return {key: json.dumps(value, ensure_ascii=False) for key, value in about.items()}


def as_json(about: Mapping[str, Any]) -> str:
    """Return it as one text."""
    return json.dumps(about, ensure_ascii=False, indent=2) + "\n"


def labels(about: Mapping[str, Any]) -> str:
    """Return the class names in the order of the outputs, one a line."""
    return "".join(f"{name}\n" for name in about["class_names"])
