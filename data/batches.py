"""From arrays to batches: one short function to learn from, one to judge by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.augment.pipeline import resized

if TYPE_CHECKING:
    import tensorflow as tf

    from data.augment.pipeline import Augment
    from data.auxiliary_labels import Second
    from data.masks import Masks
    from data.pixels import Pixels
    from data.store.rows import Features


@dataclass(frozen=True)
class Examples:
    """All images of a data set, and which of them belong to which part.

    Args:
        inputs: pixels, uint8 (n, size, size, 3), or features, float32 (n, features): an array, or what cuts rows out
            of the store as one would out of an array, `data.pixels.Pixels` or `data.store.rows.Features`.
        labels: class indices, int32 (n,).
        rows: part -> indices into the two, int64.
        mirror: class index -> class index of the mirrored picture, int32 (classes,), where a flip changes the label.
        sha256: hash of the content behind each input, n of them; none where nothing of it is to be kept.
        masks: class of each pixel, uint8 (n, size, size), where pixels are learned; batches then hold them as a third.
        second: a second label of each; batches then hold both as one number.
    """

    inputs: np.ndarray | Pixels | Features
    labels: np.ndarray
    rows: Mapping[str, np.ndarray]
    mirror: np.ndarray | None = None
    sha256: tuple[str, ...] = ()
    masks: np.ndarray | Masks | None = None
    second: Second | None = None


def train_batches(
    examples: Examples, batch_size: int, seed: int, augment: Augment | None = None, balanced: bool = False
) -> tf.data.Dataset:
    """Return (float32 inputs, labels) batches of the training part, in a new order every epoch.

    The labels are int32 (batch,), or what `augment` makes of them; where there are masks, they come third.

    Args:
        examples: all images; those of the training part are taken, each once an epoch.
        batch_size: images an iteration; the last batch is smaller.
        seed: the same seed gives the same batches.
        augment: a function of a batch of inputs, as they are stored, labels and masks, if any. It runs beside the
            network but on one thread, because its random numbers come one after the other.
        balanced: draw every class equally often, as many images an epoch as there are; rarer ones then come again.
    """
    rows = examples.rows["train"]
    order = _balanced(examples, rows, seed) if balanced else _shuffled(rows, seed)
    batches = _take(order.batch(batch_size), examples)
    if augment:
        batches = batches.map(augment)
    return batches.map(_as_float).prefetch(2)


def _shuffled(rows: np.ndarray, seed: int) -> tf.data.Dataset:
    """Shuffle before batching and with room for all: every epoch is one full random order with new neighbours.

    Only indices are shuffled: that costs no memory.
    """
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(rows).shuffle(len(rows), seed=seed)


def _balanced(examples: Examples, rows: np.ndarray, seed: int) -> tf.data.Dataset:
    """Draw a class at random, then its next image; each class goes through all its images before one comes again."""
    import tensorflow as tf

    labels = examples.labels[rows]
    classes = [_shuffled(rows[labels == label], seed).repeat() for label in np.unique(labels)]
    drawn = tf.data.Dataset.sample_from_datasets(classes, seed=seed, rerandomize_each_iteration=True)
    return drawn.take(len(rows))


def eval_batches(examples: Examples, part: str, batch_size: int, size: int | None = None) -> tf.data.Dataset:
    """Return (float32 inputs, int32 labels) batches of a part in its order; the last is smaller, not dropped.

    `size` is the side to which pictures are scaled, by default none.
    """
    import tensorflow as tf

    rows = tf.data.Dataset.from_tensor_slices(examples.rows[part])
    batches = _take(rows.batch(batch_size), examples)
    if size:
        batches = batches.map(lambda pixels, *more: (resized(pixels, size), *more))
    return batches.map(_as_float).prefetch(2)


def shares(batches: tf.data.Dataset, classes: int, class_weight: Mapping[int, float] | None = None) -> tf.data.Dataset:
    """Turn int labels into shares of the classes, float32 (batch, …, classes), and add a weight for each example.

    An example weighs what its classes do, each by its share; without `class_weight` no weight is added. Of masks,
    (batch, size, size), every pixel is an example.
    """
    import tensorflow as tf

    weights = np.array([(class_weight or {}).get(index, 1.0) for index in range(classes)], np.float32)

    def change(inputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, ...]:
        labels = tf.one_hot(labels, classes) if labels.dtype.is_integer else labels
        return (inputs, labels, tf.linalg.matvec(labels, weights)) if class_weight else (inputs, labels)

    return batches.map(change)


def _as_float(inputs: tf.Tensor, *more: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Leave bytes only here, at the end: until then a picture is a quarter of the size."""
    import tensorflow as tf

    return tf.cast(inputs, tf.float32), *more


def _take(order: tf.data.Dataset, examples: Examples) -> tf.data.Dataset:
    """Cut batches out of the arrays by index, without a copy of the whole in TensorFlow's memory."""
    import tensorflow as tf

    labels = examples.second.packed(examples.labels) if examples.second else examples.labels
    arrays = [examples.inputs, labels, *([] if examples.masks is None else [examples.masks])]

    def take(indices: np.ndarray) -> list[np.ndarray]:
        return [array[indices] for array in arrays]

    def shaped(indices: tf.Tensor) -> tuple[tf.Tensor, ...]:
        cut = tf.numpy_function(take, [indices], [array.dtype for array in arrays])
        return tuple(tf.ensure_shape(x, (None, *array.shape[1:])) for x, array in zip(cut, arrays, strict=True))

    return order.map(shaped)


def iterations(images: int, batch_size: int) -> int:
    """Return the batches of one epoch: images / batch, rounded up."""
    return math.ceil(images / batch_size)
