"""Cross-validation under transfer: every image goes through the frozen backbone once, then each fold trains a head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from data.batches import Examples
from data.dataset import Dataset
from data.store.store import Store
from models.parts.head import freeze
from models.parts.weights import build_backbone
from study.fit import augmentation
from study.fit.cross_validation import FoldHeads, describe_epochs, predict_held_out, stage_of
from study.folds.divide import Fold
from study.inference.features import FeatureSpec
from study.inference.frozen import FrozenBackbone
from study.inference.joined import embed
from study.runtime import console
from study.settings.resolve import options_of, size_of
from study.settings.stages import Stage, augmented_views, decay_of
from study.settings.train import TrainSettings


@dataclass(frozen=True)
class Predicted:
    """Out-of-fold probabilities, float32 (repeats, n, classes), features of the images, float32 (n, features), the
    settings as they were resolved, and what to say."""

    probabilities: np.ndarray
    features: np.ndarray
    settings: TrainSettings
    epochs: str


def predict_folds(
    dataset: Dataset, folds: Sequence[Fold], settings: TrainSettings, early_stopping: bool, store: Store
) -> Predicted:
    """Train a head for every fold and predict for the images that it holds out."""
    features, copies = features_of(dataset, settings, store)
    number = len(dataset.entries)
    heads = FoldHeads(features, copies, np.arange(len(copies)) % number, dataset.class_names)
    stage = stage_of(settings, heads.most(folds), early_stopping)
    epochs = describe_epochs(stage, settings, early_stopping)
    console.print(f"a head for each of {len(folds):,} folds: {epochs}")
    found, kept = predict_held_out(heads, folds, stage, settings, early_stopping)
    if early_stopping:
        epochs += f"; kept were epochs {min(kept)} to {max(kept)}, {median(kept):g} in the middle"
    return Predicted(found, features[:number], resolved(settings, stage), epochs)


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
    run = settings.run
    spec = FeatureSpec(run.model, size_of(settings), settings.data.resize, run.engine, run.precision)
    embedded, choice = embed(frozen, examples, spec, augmentation.build(settings), augmented_views(settings))
    frozen.release()
    console.print(f"engine: {choice.reason}")
    return embedded


def resolved(settings: TrainSettings, stage: Stage) -> TrainSettings:
    """Fill in what depended on the learning type."""
    return settings.with_values(
        epochs=stage.epochs,
        batch_size=stage.batch_size,
        learning_rate=stage.learning_rate,
        weight_decay=decay_of(settings.optimization.optimizer, settings.regularization.weight_decay),
    )
