"""From arrays to batches: one short function to learn from, one to judge by.

A batch is a dict with the keys that Keras' own preprocessing layers use:

"images": float32 (batch, side, side, 3), 0..255; features of a frozen backbone have the same key, float32 (batch,
    features).
"labels": class indices, int32 (batch,); soft labels, float32 (batch, classes), once images are mixed.
"segmentation_masks": class of each pixel, uint8 (batch, side, side), where pixels are learned.
"auxiliary": index of a second label, int32 (batch,), -1 where an image has none, where there are such; soft labels,
    float32 (batch, auxiliary classes), once images are mixed: their sum is how much of the second label is known.

What a network learns of that, Keras' x, y and sample_weight, is made of it last (`study.fit.targets`).
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from data.augment.geometry import resize

if TYPE_CHECKING:
    import tensorflow as tf

    from data.augment.geometry import Batch
    from data.augment.pipeline import Augment
    from data.auxiliary_labels import AuxiliaryLabels
    from data.masks import Masks
    from data.pixels import Pixels, Squares
    from data.store.rows import Features


@dataclass(frozen=True)
class Examples:
    """All images of a data set, and which of them belong to which split.

    Args:
        inputs: pixels, uint8 (n, size, size, 3), or features, float32 (n, features): an array, or what cuts rows out
            of the store as one would out of an array: `data.pixels.Pixels` or `Squares`, or
            `data.store.rows.Features`.
        labels: class indices, int32 (n,), or soft labels, float32 (n, classes).
        indices: split -> indices into the two, int64.
        flipped_classes: class index -> class index of the mirrored image, int32 (classes,), where a flip changes the
            label.
        sha256: hash of the content behind each input, n of them; none where nothing of it is to be kept.
        masks: class of each pixel, uint8 (n, size, size), where pixels are learned.
        auxiliary: a second label of each.
        units: number of what each belongs together with, its near duplicates and its group, int (n,), from 0; None: no
            two of them do. Rows that were added for training alone have none.
        seen: test images that belong together with one of training or validation, bool (n,), as given splits have
            them, kept ones, and a class of fewer than three units; None: no units are known.
    """

    inputs: np.ndarray | Pixels | Squares | Features
    labels: np.ndarray
    indices: Mapping[str, np.ndarray]
    flipped_classes: np.ndarray | None = None
    sha256: tuple[str, ...] = ()
    masks: np.ndarray | Masks | None = None
    auxiliary: AuxiliaryLabels | None = None
    units: np.ndarray | None = None
    seen: np.ndarray | None = None

    def units_of(self, split: str) -> np.ndarray | None:
        """Return the units of a split's images, (m,); None where no two images of the data belong together."""
        return None if self.units is None else self.units[self.indices[split]]

    def seen_of(self, split: str) -> np.ndarray | None:
        """Return which of a split's images are `seen`, bool (m,)."""
        return None if self.seen is None else self.seen[self.indices[split]]


def train_batches(
    examples: Examples,
    batch_size: int,
    seed: int,
    augment: Augment | None = None,
    balanced: bool = False,
    first: int | None = None,
    shard: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """Return batches of the training split, in a new order every epoch.

    Args:
        examples: all images; those of the training split are taken, each once an epoch.
        batch_size: images an iteration; the last batch is smaller.
        seed: the same seed gives the same batches.
        augment: a function of a batch whose "images" are as they are stored, uint8 or float32. It runs beside the
            network but on one thread, because its random numbers come one after the other.
        balanced: draw every class equally often, as many images an epoch as there are; rarer ones then come again,
            all of a class before one of them does.
        first: epoch follows epoch without end, and so many batches are left out at the beginning.
        shard: of several processes that learn together, the number of this one, from 0, and how many they are: it
            gets its share of each batch, in the order of the whole. A batch that cannot be divided, the last of an
            epoch, begins again at its end.
    """
    order = _order(examples, seed, balanced).batch(batch_size)
    if first is not None:
        order = order.repeat().skip(first)
    if shard[1] > 1:
        order = order.map(lambda rows: _share(rows, *shard))
    batches = _gather(order, examples)
    if augment:
        batches = batches.map(augment)
    return batches.map(_as_float).prefetch(2)


def _share(rows: tf.Tensor, number: int, count: int) -> tf.Tensor:
    import tensorflow as tf

    each = -(-tf.size(rows) // count)
    return tf.gather(rows, tf.range(number * each, (number + 1) * each) % tf.size(rows))


def _order(examples: Examples, seed: int, balanced: bool) -> tf.data.Dataset:
    indices = examples.indices["train"]
    return _untuned(_sample_balanced(examples, indices, seed) if balanced else _shuffle(indices, seed))


def _untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Keep TensorFlow from tuning what is made of a data set: nothing here is left to be tuned.

    Its thread for that sleeps ever longer, up to a minute, and where an iterator ends it is often waited for.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def _shuffle(indices: np.ndarray, seed: int) -> tf.data.Dataset:
    """Shuffle before batching and with room for all: every epoch is one full random order with new neighbours.

    Only indices are shuffled: that costs no memory.
    """
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(indices).shuffle(len(indices), seed=seed)


def _sample_balanced(examples: Examples, indices: np.ndarray, seed: int) -> tf.data.Dataset:
    """Draw a class at random, then its next image, as many an epoch as there are images."""
    import tensorflow as tf

    epochs = balanced_epochs(rows_of_classes(examples, indices), len(indices), seed)
    # A dataset begins anew in every epoch; what is left of a class outlives that here.
    epoch = tf.data.Dataset.from_generator(
        lambda: islice(epochs, 1), output_signature=tf.TensorSpec((len(indices),), tf.int64)
    )
    return epoch.unbatch().apply(tf.data.experimental.assert_cardinality(len(indices)))


def rows_of_classes(examples: Examples, indices: np.ndarray) -> list[np.ndarray]:
    """Return which of some rows are of each class that has any."""
    labels = examples.labels[indices]
    return [indices[labels == label] for label in np.unique(labels)]


def balanced_epochs(classes: Sequence[np.ndarray], count: int, seed: int) -> Iterator[np.ndarray]:
    """Yield `count` rows for each epoch, int64, without end; all of a class come before one of them comes again.

    So it is across epochs too: an epoch may see a part of a large class, the next one goes on with the others.

    Args:
        classes: the rows of each class.
        count: rows of an epoch.
        seed: the same seed gives the same rows.
    """
    random, waiting = np.random.default_rng(seed), [np.zeros(0, np.int64) for _ in classes]
    while True:
        drawn, epoch = random.integers(len(classes), size=count), np.zeros(count, np.int64)
        for number, own in enumerate(classes):
            places = drawn == number
            needed = int(places.sum())
            while len(waiting[number]) < needed:
                waiting[number] = np.concatenate([waiting[number], random.permutation(own)])
            epoch[places], waiting[number] = waiting[number][:needed], waiting[number][needed:]
        yield epoch


def eval_batches(examples: Examples, split: str, batch_size: int, size: int | None = None) -> tf.data.Dataset:
    """Return batches of a split in its order; the last is smaller, not dropped.

    `size` is the side to which images are scaled, by default none; masks keep their own.
    """
    import tensorflow as tf

    indices = _untuned(tf.data.Dataset.from_tensor_slices(examples.indices[split]))
    batches = _gather(indices.batch(batch_size), examples)
    if size:
        batches = batches.map(lambda batch: {**batch, "images": resize(batch["images"], size)})
    return batches.map(_as_float).prefetch(2)


def _as_float(batch: Batch) -> Batch:
    """Leave bytes only here, at the end: until then an image is a quarter of the size."""
    import tensorflow as tf

    return {**batch, "images": tf.cast(batch["images"], tf.float32)}


class _Held:
    """The arrays that a data set of batches cuts its batches out of; they live as long as it does."""

    def __init__(self, examples: Examples) -> None:
        self.arrays = {"images": examples.inputs, "labels": examples.labels}
        if examples.masks is not None:
            self.arrays["segmentation_masks"] = examples.masks
        if examples.auxiliary:
            self.arrays["auxiliary"] = examples.auxiliary.labels


def _gather(order: tf.data.Dataset, examples: Examples) -> tf.data.Dataset:
    """Cut batches out of the arrays by index, without a copy of the whole in TensorFlow's memory."""
    import tensorflow as tf

    held = _Held(examples)
    forms = {key: (array.dtype, array.shape[1:]) for key, array in held.arrays.items()}
    # TensorFlow keeps every function like `take` until the process ends, and what it refers to: pixels, open files.
    known = weakref.ref(held)

    def take(indices: np.ndarray) -> list[np.ndarray]:
        return [array[indices] for array in known().arrays.values()]

    def gather_batch(indices: tf.Tensor) -> Batch:
        gathered = tf.numpy_function(take, [indices], [dtype for dtype, _ in forms.values()])
        return {
            key: tf.ensure_shape(values, (None, *shape))
            for (key, (_, shape)), values in zip(forms.items(), gathered, strict=True)
        }

    batches = order.map(gather_batch)
    batches.held = held  # what is made of these batches, and iterators over it, refer to them
    return batches


def iterations(images: int, batch_size: int) -> int:
    """Return the batches of one epoch: images / batch, rounded up."""
    return math.ceil(images / batch_size)
