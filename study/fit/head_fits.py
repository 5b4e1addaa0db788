"""The heads of folds on JAX or PyTorch: one after another, each by Keras' own `fit`, compiled once for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import keras
import numpy as np

from data.batches import iterations
from data.numpy_batches import cut
from study.fit.head_trainer import HeadData, HeadFold, HeadOutcome, Progress, Setup, make_head
from study.fit.objective import compile_model
from study.settings.stages import Stage
from study.settings.train import TrainSettings


class OneByOne:
    """A head that learns one fold after another: what `study.fit.head_trainer.Trainer` is on TensorFlow.

    Args:
        data: of all folds.
        stage: of every head.
        settings: of the training.
        per_epoch: iterations of an epoch, by which the schedule goes.
    """

    def __init__(self, data: HeadData, stage: Stage, settings: TrainSettings, per_epoch: int) -> None:
        self.head = make_head(data, settings)
        compile_model(self.head, stage, settings, stage.epochs * per_epoch)
        self.setup = Setup(data, stage, settings, [np.array(value) for value in self.head.optimizer.variables])

    def train(
        self,
        folds: Sequence[HeadFold],
        first: Sequence[np.ndarray],
        orders: Sequence[Sequence[np.ndarray]],
        early_stopping: bool,
    ) -> list[HeadOutcome]:
        """Train a head for each of some folds of one seed, all from the same first values."""
        return [self.train_one(fold, first, rows, early_stopping) for fold, rows in zip(folds, orders, strict=True)]

    def train_one(
        self, fold: HeadFold, first: Sequence[np.ndarray], orders: Sequence[np.ndarray], early_stopping: bool
    ) -> HeadOutcome:
        """Train the head of a fold; `orders` has the rows of each epoch, in their order."""
        progress, batch_size = Progress(self.setup, self.head, fold, first), self.setup.stage.batch_size
        self.head.fit(
            batches(self.setup.data, orders, batch_size, progress.weights),
            steps_per_epoch=iterations(len(fold.train), batch_size),
            epochs=len(orders),
            callbacks=[Noting(progress, early_stopping)],
            shuffle=False,  # they come shuffled
            verbose=0,
        )
        return progress.outcome(len(orders), early_stopping)


def batches(
    data: HeadData, orders: Sequence[np.ndarray], batch_size: int, weights: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the batches of one epoch after the other; the last of an epoch may be smaller.

    Args:
        data: of all folds.
        orders: the rows of each epoch, in their order.
        batch_size: rows of a batch.
        weights: of the classes, float32 (classes,).

    Yields:
        Features, float32 (batch, features); one-hot labels, float32 (batch, classes); the weights of the labels'
        classes, float32 (batch,).
    """
    one_hot = np.eye(len(weights), dtype=np.float32)
    for order in orders:
        for rows in cut(order, batch_size):
            labels = data.labels[rows]
            yield data.features[rows], one_hot[labels], weights[labels]


class Noting(keras.callbacks.Callback):
    """Tells a head's progress of every epoch, and ends its training where that has ended."""

    def __init__(self, progress: Progress, early_stopping: bool) -> None:
        super().__init__()
        self.progress, self.early_stopping = progress, early_stopping

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Note the epoch's loss."""
        self.progress.note(epoch + 1, float(logs["loss"]), self.early_stopping)
        self.model.stop_training = self.progress.ended
