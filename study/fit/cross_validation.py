"""Cross-validation on features that are there already: for every fold a head learns, and predicts what is held out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from data.batches import iterations
from study.fit.fold_heads import train_heads
from study.fit.head_training import HeadData, HeadFold
from study.folds.divide import Fold
from study.runtime import console
from study.settings.stages import Stage, stages_of
from study.settings.train import TrainSettings

# Validation ends a head's own training, in five trials each, at 6 to 18 epochs, 156 to 468 iterations, on 8,093 photos;
# at 7 to 19 on 3,000 and at 12 to 30 on 300, where an epoch is a single iteration (benchmarks/crossval.py --sizes). As
# the rate falls to 0, a few more do no harm.
ITERATIONS, FEWEST, MOST = 300, 12, 60


@dataclass(frozen=True)
class FoldHeads:
    """What the heads of all folds learn from.

    `features`: float32 (m, features), those of the images first, behind them those of augmented views if any.
    `labels`: class indices, int (m,). `sources`: the image that each row shows, int (m,). `names`: of the classes.
    """

    features: np.ndarray
    labels: np.ndarray
    sources: np.ndarray
    names: Sequence[str]

    def rows_of(self, images: np.ndarray) -> np.ndarray:
        """Return all rows that show some images."""
        return np.flatnonzero(np.isin(self.sources, images))

    def most(self, folds: Sequence[Fold]) -> int:
        """Return the rows of the fold that learns from most."""
        return max(len(self.rows_of(fold.train)) for fold in folds)


def predict_held_out(
    heads: FoldHeads,
    folds: Sequence[Fold],
    stage: Stage,
    settings: TrainSettings,
    early_stopping: bool = False,
    ends: int | None = None,
) -> tuple[np.ndarray, list[int]]:
    """Train a head for every fold and predict for the images that it holds out.

    Args:
        heads: what they learn from.
        folds: of the images; an image that none holds out keeps probabilities of nan.
        stage: of every head.
        settings: of every head.
        early_stopping: whether the images held out end a training and choose its epoch.
        ends: the epoch after which every head ends; by default the stage's last.

    Returns:
        Probabilities, float32 (repeats, n, classes), and the epoch of each head.
    """
    asked = [HeadFold(heads.rows_of(fold.train), fold.held_out, settings.data.seed + fold.repeat - 1) for fold in folds]
    data = HeadData(heads.features, heads.labels, heads.names)
    with console.bar("train heads", len(folds)) as advance:
        outcomes = train_heads(asked, data, stage, settings, early_stopping, advance, ends)
    repeats, images = max(fold.repeat for fold in folds), int(heads.sources.max()) + 1
    found = np.full((repeats, images, len(heads.names)), np.nan, np.float32)
    for fold, outcome in zip(folds, outcomes, strict=True):
        found[fold.repeat - 1, fold.held_out] = outcome.probabilities
    return found, [outcome.epoch for outcome in outcomes]


def stage_of(settings: TrainSettings, rows: int, early_stopping: bool = False) -> Stage:
    """Return the stage of every head: for `--epochs`, else for as many as heads usually need."""
    (stage,) = stages_of(settings.optimization, "transfer")
    if settings.optimization.epochs or early_stopping:
        return stage
    return replace(stage, epochs=default_epochs(rows, stage.batch_size))


def default_epochs(rows: int, batch_size: int) -> int:
    """Return the epochs of a head that is not told when to end."""
    return min(MOST, max(FEWEST, math.ceil(ITERATIONS / iterations(rows, batch_size))))


def describe_epochs(stage: Stage, settings: TrainSettings, early_stopping: bool = False) -> str:
    """Say for how long every head learns, and who decided that."""
    if early_stopping:
        return (
            f"at most {stage.epochs} epochs; the fold that is held out ends a training after "
            f"{settings.regularization.patience} epochs without a better loss and chooses the epoch, so these figures "
            "are optimistic"
        )
    asked = "as --epochs says" if settings.optimization.epochs else "fixed beforehand (--epochs gives another number)"
    return f"{stage.epochs} epochs, {asked}"
