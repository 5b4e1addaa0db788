"""Whether a stage made its objective larger instead of smaller: such a network is worth nothing, however it looks.

The objective is the loss with all weights and penalties, which is what a network learns by. The figures of an epoch are
another quantity, cross-entropy alone, in which no image counts more than 16.1 (`study.tasks.crossentropy`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import keras
import numpy as np

from study.checkpoint.keeper import RepeatedError
from study.runtime import console
from study.settings.stages import Stage

KEEP = "--keep-diverged"
MARGIN = 1.1  # times the objective at the start: where nothing can be learned, that of a batch is that much off at most
FEW_ITERATIONS = 30  # within so few a loss may rise by chance, as where a new head meets its first images
MARGIN_OF_FEW = 3.0
SAMPLE = 2048  # training examples whose loss is that at the start of a head
HEAVY = 10.0  # a weight of a class that makes the steps for its images as large as ten times the learning rate would


class Divergence(keras.callbacks.Callback):
    """Notes what a stage makes small, at its first iteration and in its last epoch; ends it where that is no number.

    Args:
        stage: that is trained.
        class_weight: as it was asked for: a rule, or weights by name.
        start: the loss before it, where it is known; else that of the first iteration, whose weights are the first.
    """

    def __init__(self, stage: Stage, class_weight: str | Mapping[str, float], start: float | None = None) -> None:
        super().__init__()
        self.stage, self.class_weight, self.start, self.end = stage, class_weight, start, math.nan
        self.broken, self.iterations = "", 0

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float]) -> None:
        """Note the first value of the objective."""
        if self.start is None:
            self.start = float(logs["loss"])

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Note the epoch's value of it; end the training where it is no number any more."""
        self.end, self.iterations = float(logs["loss"]), int(self.model.optimizer.iterations)
        if not math.isfinite(logs["loss"]):
            self.broken = f"the training objective is {logs['loss']} in epoch {epoch + 1} of stage {self.stage.name}"
        elif not math.isfinite(held := logs["val_loss"]):
            self.broken = f"the objective on validation is {held} in epoch {epoch + 1} of stage {self.stage.name}"
        if self.broken:
            self.model.stop_training = True

    def told(self) -> str:
        """Say how the stage diverged; nothing where it did not.

        That a fine-tuning's loss rose is no matter here: where validation did not improve, the head alone is kept.
        """
        margin = MARGIN if self.iterations >= FEW_ITERATIONS else MARGIN_OF_FEW
        if self.broken or self.stage.name == "finetune" or not self.end > margin * self.start:
            return self.broken
        return (
            f"the training objective (loss with all weights and penalties) of stage {self.stage.name} began at "
            f"{self.start:.4g} and ended at {self.end:.4g}"
        )

    def remedy(self) -> str:
        """Say what could be done: smaller weights of classes, which are taken as they are, and smaller steps."""
        rate, weights = self.stage.learning_rate, self.class_weight
        given = {} if isinstance(weights, str) else weights
        heavy = [f"{name}={weight:.10g}" for name, weight in given.items() if weight > HEAVY]
        first = f"smaller weights than --class-weight {','.join(heavy)}, which act as a larger learning rate, or "
        return (
            f"Give {first if heavy else ''}a smaller --learning-rate than {rate:g}, or {KEEP} to keep the run as it is."
        )

    def check(self, keep: bool, ended: str) -> str:
        """Return why the stage ended, and that it diverged, where that is to be kept.

        Raises:
            UserError: it diverged, and is not to be kept.
        """
        told = self.told()
        if told and not keep:
            raise RepeatedError(f"Training diverged: {told}. {self.remedy()}", KEEP)
        if told:
            console.print(f"this training diverged: {told}; it is kept, as {KEEP} says")
        ended = self.broken or ended
        return f"{ended}; it diverged{'' if self.broken else f': {told}'}" if told else ended


def sample_of(rows: np.ndarray) -> np.ndarray:
    """Return the rows, int (m,), by whose loss a head is judged at its start: at most `SAMPLE` of those given."""
    return np.random.default_rng(0).choice(rows, min(SAMPLE, len(rows)), replace=False)
