"""What `study.fit.targets` makes of batches, where TensorFlow is not installed: for one head, of NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from data.batches import Examples
from data.numpy_batches import Batch, cut, gather


class Judged(keras.utils.PyDataset):
    """Batches of a split in its order, as Keras takes them: every epoch of a training reads them anew.

    Args:
        examples: all images.
        split: that is read.
        batch_size: images of a batch; the last may be smaller.
        model: that is judged.
        class_weight: class -> its weight.
        ignores: whether pixels may be of no class.
    """

    def __init__(
        self,
        examples: Examples,
        split: str,
        batch_size: int,
        model: keras.Model,
        class_weight: Mapping[int, float] | None = None,
        ignores: bool = False,
    ) -> None:
        super().__init__()
        self.examples, self.rows = examples, cut(examples.indices[split], batch_size)
        self.model, self.class_weight, self.ignores = model, class_weight, ignores

    def __len__(self) -> int:
        """Return how many batches there are."""
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """Return a batch."""
        return to_keras(gather(self.examples, self.rows[index]), self.model, self.class_weight, self.ignores)


def to_keras(
    batch: Batch, model: keras.Model, class_weight: Mapping[int, float] | None = None, ignores: bool = False
) -> tuple[Any, ...]:
    """Turn a batch into what Keras' `fit` takes, as `study.fit.targets.keras_batches` does with many."""
    classes = model.outputs[0].shape[-1]
    learns_pixels = len(model.outputs[0].shape) == 4
    y = to_soft_labels(batch["segmentation_masks" if learns_pixels else "labels"], classes)
    weights = np.array([(class_weight or {}).get(index, 1.0) for index in range(classes)], np.float32)
    if ignores and learns_pixels:
        known = y.sum(axis=-1)
        return batch["images"], y, y @ weights * known / max(known.mean(), np.finfo(np.float32).tiny)
    return (batch["images"], y, y @ weights) if class_weight else (batch["images"], y)


def to_soft_labels(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return soft labels, float32 (batch, …, classes), as `data.soft_labels.to_soft_labels` does."""
    if not np.issubdtype(labels.dtype, np.integer):
        return labels
    return (labels[..., None] == np.arange(classes)).astype(np.float32)
