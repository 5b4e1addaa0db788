"""Cross-validation under transfer: every image goes through the frozen backbone once, then each fold trains a head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from data.augment.pipeline import build
from data.batches import Examples, iterations
from data.dataset import Dataset
from data.store.store import Store
from models.parts.head import freeze
from models.parts.weights import build_backbone
from study.experiments.folds import Fold
from study.fit.fold_heads import train_heads
from study.fit.head_trainer import HeadData, HeadFold
from study.inference.engine import FrozenBackbone
from study.inference.features import FeatureSpec, embed
from study.runtime import console
from study.settings.resolve import options_of
from study.settings.stages import Stage, augmented_views, decay_of, stages_of
from study.settings.train import TrainSettings

# Validation ends a head's own training, in five trials each, at 6 to 18 epochs, 156 to 468 iterations, on 8,093 photos;
# at 7 to 19 on 3,000 and at 12 to 30 on 300, where an epoch is a single iteration (benchmarks/crossval.py --sizes). As
# the rate falls to 0, a few more do no harm.
ITERATIONS, FEWEST, MOST = 300, 12, 60


@dataclass(frozen=True)
class Predicted:
    """Out-of-fold probabilities, float32 (repeats, n, classes), the settings as they were resolved, and what to say."""

    probabilities: np.ndarray
    settings: TrainSettings
    epochs: str


def predict_folds(
    dataset: Dataset, folds: Sequence[Fold], settings: TrainSettings, early_stopping: bool, store: Store
) -> Predicted:
    """Train a head for every fold and predict for the images that it holds out."""
    features, copies = features_of(dataset, settings, store)
    number, views = len(dataset.entries), len(copies) // len(dataset.entries)
    rows = [np.concatenate([fold.train + view * number for view in range(views)]) for fold in folds]
    seeds = [settings.data.seed + fold.repeat - 1 for fold in folds]
    heads = [HeadFold(train, fold.held_out, seed) for train, fold, seed in zip(rows, folds, seeds, strict=True)]
    stage = stage_of(settings, max(map(len, rows)), early_stopping)
    epochs = describe_epochs(stage, settings, early_stopping)
    console.print(f"a head for each of {len(folds):,} folds: {epochs}")
    data = HeadData(features, copies, dataset.class_names)
    with console.bar("train heads", len(heads)) as advance:
        outcomes = train_heads(heads, data, stage, settings, early_stopping, advance)
    found = np.empty((max(fold.repeat for fold in folds), number, len(dataset.class_names)), np.float32)
    for fold, outcome in zip(folds, outcomes, strict=True):
        found[fold.repeat - 1, fold.held_out] = outcome.probabilities
    if early_stopping:
        kept = [outcome.epoch for outcome in outcomes]
        epochs += f"; kept were epochs {min(kept)} to {max(kept)}, {median(kept):g} in the middle"
    return Predicted(found, resolved(settings, stage), epochs)


def features_of(dataset: Dataset, settings: TrainSettings, store: Store) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of all images, behind them those of augmented views if any, and the label of each."""
    nothing = np.zeros(0, np.int64)
    indices = {"train": np.arange(len(dataset.entries)), "val": nothing, "test": nothing}
    embedded = embed_examples(replace(dataset.examples(), indices=indices), settings, store)
    return np.asarray(embedded.inputs), embedded.labels


def embed_examples(examples: Examples, settings: TrainSettings, store: Store) -> Examples:
    """Let every image through the frozen backbone once, as `train` does, and say which engine did that."""
    options = options_of(settings.network, settings.regularization)
    backbone = build_backbone(settings.run.model, settings.data.image_size, settings.learning.weights, options)
    freeze(backbone)
    frozen = FrozenBackbone(backbone, store)
    run, regularization = settings.run, settings.regularization
    spec = FeatureSpec(run.model, settings.data.image_size, settings.data.resize, run.engine, run.precision)
    augment = build(regularization.augment or {}, regularization.augment_with, settings.data.seed)
    embedded, choice = embed(frozen, examples, spec, augment, augmented_views(settings))
    frozen.release()
    console.print(f"engine: {choice.reason}")
    return embedded


def stage_of(settings: TrainSettings, rows: int, early_stopping: bool) -> Stage:
    """Return the stage of every head: for `--epochs`, else for as many as heads usually need."""
    (stage,) = stages_of(settings.optimization, "transfer")
    if settings.optimization.epochs or early_stopping:
        return stage
    return replace(stage, epochs=default_epochs(rows, stage.batch_size))


def default_epochs(rows: int, batch_size: int) -> int:
    """Return the epochs of a head that is not told when to end."""
    return min(MOST, max(FEWEST, math.ceil(ITERATIONS / iterations(rows, batch_size))))


def describe_epochs(stage: Stage, settings: TrainSettings, early_stopping: bool) -> str:
    """Say for how long every head learns, and who decided that."""
    if early_stopping:
        return (
            f"at most {stage.epochs} epochs; the fold that is held out ends a training after "
            f"{settings.regularization.patience} epochs without a better loss and chooses the epoch, so these figures "
            "are optimistic"
        )
    asked = "as --epochs says" if settings.optimization.epochs else "fixed beforehand (--epochs gives another number)"
    return f"{stage.epochs} epochs, {asked}"


def resolved(settings: TrainSettings, stage: Stage) -> TrainSettings:
    """Fill in what depended on the learning type."""
    return settings.with_values(
        epochs=stage.epochs,
        batch_size=stage.batch_size,
        learning_rate=stage.learning_rate,
        weight_decay=decay_of(settings.optimization.optimizer, settings.regularization.weight_decay),
    )
