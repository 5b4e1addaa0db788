"""What is told of every epoch of a stage, in its order."""

from __future__ import annotations

import keras

from study.fit import auxiliary
from study.fit.divergence import Divergence
from study.fit.progress import EpochLines
from study.fit.schedules import reduce_on_plateau
from study.fit.watchers import Watchers
from study.settings.stages import Stage
from study.settings.train import TrainSettings


def callbacks_of(
    model: keras.Model, settings: TrainSettings, lines: EpochLines, divergence: Divergence, watchers: Watchers | None
) -> list[keras.callbacks.Callback]:
    """Return all but early stopping and what goes by the clock.

    Averaging is before all others, so that they see the averaged weights and what those are worth. A phase goes on from
    the average of the one before. Statistics of normalisation are averages already.
    """
    return [
        *([keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if settings.optimization.ema else []),
        *([auxiliary.PlainNames()] if auxiliary.has_auxiliary_head(model) else []),
        lines,
        *([watchers] if watchers else []),
        divergence,
        *reduce_on_plateau(settings.optimization.schedule, settings.regularization.patience),
    ]


def early_stopping(stage: Stage, settings: TrainSettings) -> keras.callbacks.EarlyStopping:
    """Return what ends a stage, and gives it the weights of its best epoch."""
    return keras.callbacks.EarlyStopping(
        "val_crossentropy",
        mode="min",
        patience=settings.regularization.patience or stage.epochs,
        restore_best_weights=True,
    )
