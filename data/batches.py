"""From arrays to batches: one short function to learn from, one to judge by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import tensorflow as tf


@dataclass(frozen=True)
class Examples:
    """All images of a data set, and which of them belong to which part.

    Args:
        inputs: pixels, uint8 (n, size, size, 3), or features, float32 (n, features).
        labels: class indices, int32 (n,).
        rows: part -> indices into the two, int64.
    """

    inputs: np.ndarray
    labels: np.ndarray
    rows: Mapping[str, np.ndarray]


def train_batches(
    examples: Examples, batch_size: int, seed: int, augment: Callable[[tf.Tensor], tf.Tensor] | None = None
) -> tf.data.Dataset:
    """Return (float32 inputs, int32 labels) batches of the training part, in a new order every epoch, none left out.

    `augment` is a function of a batch of inputs. It runs beside the network but on one thread, because its random
    numbers come one after the other: the same seed gives the same batches.
    """
    import tensorflow as tf

    rows = examples.rows["train"]
    # Shuffled before batching and with room for all, so that every epoch is one full random order and examples meet
    # different neighbours. Only indices are shuffled: that costs no memory.
    order = tf.data.Dataset.from_tensor_slices(rows).shuffle(len(rows), seed=seed).batch(batch_size)
    batches = _take(order, examples)
    if augment:
        batches = batches.map(lambda x, y: (augment(x), y))
    return batches.prefetch(2)


def eval_batches(examples: Examples, part: str, batch_size: int) -> tf.data.Dataset:
    """Return (float32 inputs, int32 labels) batches of a part in its order; the last is smaller, not dropped."""
    import tensorflow as tf

    return _take(tf.data.Dataset.from_tensor_slices(examples.rows[part]).batch(batch_size), examples).prefetch(2)


def _take(order: tf.data.Dataset, examples: Examples) -> tf.data.Dataset:
    """Cut batches out of the arrays by index, without a copy of the whole in TensorFlow's memory."""
    import tensorflow as tf

    inputs, labels = examples.inputs, examples.labels

    def take(indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return inputs[indices], labels[indices]

    def shaped(indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = tf.numpy_function(take, [indices], (inputs.dtype, labels.dtype))
        return tf.cast(tf.ensure_shape(x, (None, *inputs.shape[1:])), tf.float32), tf.ensure_shape(y, (None,))

    return order.map(shaped)
