"""What `study.fit.targets` makes of batches, where TensorFlow is not installed: of NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from data.augment.on_device import move
from data.batches import Examples
from data.numpy_batches import Batch, cut, gather
from data.soft_labels import to_numpy_soft_labels
from study.fit import auxiliary
from study.fit.objective import weight_array


class Judged(keras.utils.PyDataset):
    """Batches of some rows, as Keras takes them: every epoch of a training reads them anew.

    Args:
        rows: of each batch.
        make: makes a batch of its rows.
    """

    def __init__(self, rows: Sequence[np.ndarray], make: Callable[[np.ndarray], tuple[Any, ...]]) -> None:
        super().__init__()
        self.rows, self.make = rows, make

    def __len__(self) -> int:
        """Return how many batches there are."""
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Return a batch."""
        return self.make(self.rows[index])


def judged(
    examples: Examples,
    split: str,
    batch_size: int,
    model: keras.Model,
    class_weight: Mapping[int, float] | None = None,
    ignores: bool = False,
    size: int | None = None,
) -> Judged:
    """Return the batches of a split, as `study.fit.targets.judged` does."""

    def make(rows: np.ndarray) -> tuple[Any, ...]:
        batch = gather(examples, rows)
        if size:
            batch["images"] = move(batch["images"], {}, size)
        return to_keras(batch, model, class_weight, ignores)

    return Judged(cut(examples.indices[split], batch_size), make)


def to_keras(
    batch: Batch, model: keras.Model, class_weight: Mapping[int, float] | None = None, ignores: bool = False
) -> tuple[Any, ...]:
    """Turn a batch into what Keras' `fit` takes, as `study.fit.targets.keras_batches` does with many."""
    classes = model.outputs[0].shape[-1]
    learns_pixels = len(model.outputs[0].shape) == 4
    y = to_numpy_soft_labels(batch["segmentation_masks" if learns_pixels else "labels"], classes)
    weights = weight_array(class_weight, classes)
    if auxiliary.has_auxiliary_head(model):
        shape = model.compute_output_shape(batch["images"].shape)[1]  # the network itself may take any size
        targets, known = auxiliary.targets(auxiliary.values_of(batch), shape, ignores)
        return batch["images"], (y, targets), (y @ weights, known)
    if ignores and learns_pixels:
        return batch["images"], y, y @ weights * auxiliary.weights_of_known(y.sum(axis=-1))
    return (batch["images"], y, y @ weights) if class_weight else (batch["images"], y)
