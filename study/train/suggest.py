"""What to do after a training: where its test split is small, a figure from all images."""

from __future__ import annotations

import shlex
from collections import Counter

import models
from data.dataset import Dataset
from study.runtime.format import format_value
from study.settings.train import DEFAULTS, TrainSettings

FEW = 300  # images of the rarest class, below which the test split has fewer than 30 of it
FOLDS = 5  # of crossval
CARRIED = ("resize", "range", "labels", "label", "group", "fixes", "exclude")  # which images, with which labels


def crossval(settings: TrainSettings, dataset: Dataset) -> str:
    """Return the line that suggests cross-validation; nothing where images are many, or too few units for folds."""
    if settings.task.name != "classify" or dataset.synthetic:
        return ""
    images = Counter(entry.label for entry in dataset.entries)
    units = Counter(label for label, _ in {*zip((row.label for row in dataset.entries), dataset.units, strict=True)})
    if min(images.values()) >= FEW or min(units.values()) < FOLDS:
        return ""
    return (
        f"only {dataset.sizes()['test']:,} test images: {command(settings)} gives a figure from all "
        f"{len(dataset.entries):,} images"
    )


def command(settings: TrainSettings) -> str:
    """Return the command that cross-validates what was trained, on the same images."""
    kind = settings.learning.kind
    words = ["python", "main.py", "crossval"]
    if settings.data.folder is not None:  # else the drawings
        words += ["--data", str(settings.data.folder)]
    words += ["-m", settings.run.model]
    values = settings.as_dict()
    for name in CARRIED:
        if (value := values[name]) != DEFAULTS[name]:
            text = ":".join(f"{end:g}" for end in value) if name == "range" else format_value(value, name, as_flag=True)
            words.append(f"--{name}={text}")
    if settings.learning.weights not in (None, "none", *models.get(settings.run.model).SPEC.weights):
        words += ["--weights", settings.learning.weights]  # a file, or an earlier run
    if kind == "finetune" or (kind == "scratch" and models.get(settings.run.model).SPEC.weights):
        words += ["--learning", kind]  # else crossval takes it of its own accord
    return shlex.join(words)
