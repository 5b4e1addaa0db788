"""A figure from all images beside that of the test split: each is predicted by a network that did not learn from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from data.batches import Examples
from data.dataset import Dataset
from data.store.store import Store
from study.fit import augmentation
from study.fit.cross_validation import FoldHeads, describe_epochs, predict_held_out, stage_of
from study.fit.estimate import minutes_for
from study.folds import divide
from study.folds.divide import REPEATS, Fold, Labelled
from study.folds.out_of_fold import summarise
from study.inference.engine import EngineChoice
from study.inference.features import add_views
from study.inference.frozen import FrozenBackbone
from study.runtime import console
from study.settings.as_command import as_command
from study.settings.stages import augmented_views
from study.settings.train import TrainSettings
from study.train import calibrate
from study.train.prepare import Prepared

KEPT = ("folds", "repeats", "accuracy", "accuracy_interval", "interval_method", "images", "units", "epochs", "notes")

# What trains a whole network for each fold: learning type, the command that goes on with those that are done, data set,
# images, folds -> probabilities, float32 (repeats, n, classes), and what is to be said of the epochs.
Trainings = Callable[[str, str, Dataset, Labelled, Sequence[Fold]], tuple[np.ndarray, str]]


@dataclass(frozen=True)
class Division:
    """The images in folds, and warnings."""

    images: Labelled
    folds: list[Fold]
    notes: list[str]


def divided(settings: TrainSettings, dataset: Dataset) -> Division:
    """Divide all images into the folds that were asked for. Raise UserError where that cannot be."""
    images, kind = Labelled.of(dataset.examples().labels, dataset.units, dataset.class_names), settings.learning.kind
    if kind != "transfer":
        divide.check_trainable(dataset, images, kind)
    folds = divide.make_folds(images, settings.run.crossval, REPEATS[kind], settings.data.seed, "--crossval")
    if kind != "transfer":
        divide.check_validation(images, folds, "--crossval")
    notes = [*divide.notes(images, folds), *divide.learned_before(settings.learning.weights, dataset)]
    return Division(images, folds, notes)


def announce(ready: Prepared, division: Division, store: Store) -> None:
    """Say before the training that whole networks will be trained for the folds, and how long that takes at most."""
    learned = np.mean([len(fold.train) for fold in division.folds]) * (1 - 1 / divide.INNER)
    one = minutes_for(ready.classifier, ready.pixels, ready.stages[-1], ready.settings, store)
    total = len(division.folds) * one * learned / len(ready.pixels.indices["train"])
    console.print(
        f"cross-validation: after this training one for each of {len(division.folds):,} folds, in processes of their "
        f"own: at most about {max(1, round(total)):,} minute(s) more on this machine"
    )


def command_of(settings: TrainSettings, asked: Mapping[str, Any]) -> str:
    """Return the command that cross-validates as a training would that was asked for with these flags."""
    own = {"model": settings.run.model, "learning": settings.learning.kind, "folds": settings.run.crossval}
    return as_command("crossval", {**asked, **own, "name": None})


def heads_of(ready: Prepared, features: Examples, frozen: FrozenBackbone, engine: EngineChoice) -> FoldHeads:
    """Return what heads learn from: all features; where training images have augmented views, the rest get theirs."""
    settings, number = ready.settings, len(ready.dataset.entries)
    if not (views := augmented_views(settings)):
        return calibrate.heads_of(ready, features)
    train = ready.pixels.indices["train"]
    rest = np.setdiff1d(np.arange(number), train)
    augment = augmentation.build(settings)
    others = replace(ready.pixels, indices={"train": rest})
    every = add_views(features, others, frozen.runner(engine.engine, engine.precision_of_all), augment, views)
    frozen.release()
    sources = np.concatenate([np.arange(number), np.tile(train, views), np.tile(rest, views)])
    return FoldHeads(every.inputs, every.labels, sources, ready.outputs)


def by_heads(ready: Prepared, asked: TrainSettings, heads: FoldHeads, division: Division) -> dict[str, Any]:
    """Train a head for each fold, for as many epochs as `crossval` takes; `asked`: the settings before they settled."""
    settings = ready.settings.with_values(epochs=asked.optimization.epochs)
    stage = stage_of(settings, heads.most(division.folds))
    epochs = describe_epochs(stage, settings)
    console.print(f"cross-validation: a head for each of {len(division.folds):,} folds: {epochs}")
    probabilities, _ = predict_held_out(heads, division.folds, stage, settings)
    return summary_of(ready, division, probabilities, epochs)


def summary_of(ready: Prepared, division: Division, probabilities: np.ndarray, epochs: str) -> dict[str, Any]:
    """Return what `metrics.json` says of the predictions out of fold."""
    settings = ready.settings
    told = {"folds": settings.run.crossval, "repeats": len(probabilities), "epochs": epochs, "notes": division.notes}
    return told | summarise(division.images, division.folds, probabilities, settings.data.seed)


def short(summary: dict[str, Any]) -> dict[str, Any]:
    """Return what `run.json` says of them."""
    return {key: summary[key] for key in KEPT}
