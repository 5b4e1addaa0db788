"""Batches without TensorFlow, for another backend where that is not installed: as `data.batches` has them, of NumPy.

What changes their images is `study.fit.augmentation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from data.batches import Examples, balanced_epochs, rows_of_classes

Batch = dict[str, np.ndarray]  # its keys: data/batches.py


def train_batches(
    examples: Examples,
    batch_size: int,
    seed: int,
    balanced: bool = False,
    first: int = 0,
    shard: tuple[int, int] = (0, 1),
) -> Iterator[Batch]:
    """Yield batches of the training split without end, in a new order every epoch.

    The arguments are those of `data.batches.train_batches`; the orders are others than TensorFlow's.
    """
    batches = (rows for order in orders(examples, seed, balanced) for rows in cut(order, batch_size))
    return (gather(examples, share(rows, *shard)) for rows in islice(batches, first, None))


def epoch_rows(examples: Examples, seed: int, epochs: int, balanced: bool = False) -> Iterator[np.ndarray]:
    """Yield the rows of each epoch, int64, in the order of `train_batches`."""
    return islice(orders(examples, seed, balanced), epochs)


def orders(examples: Examples, seed: int, balanced: bool) -> Iterator[np.ndarray]:
    """Yield the rows of each epoch, int64, without end."""
    indices = examples.indices["train"]
    if balanced:
        return balanced_epochs(rows_of_classes(examples, indices), len(indices), seed)
    return shuffled_epochs(indices, seed)


def shuffled_epochs(indices: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Yield the rows of each epoch, int64, without end, each time in another order."""
    random = np.random.default_rng(seed)
    while True:
        yield random.permutation(indices)


def share(rows: np.ndarray, number: int, count: int) -> np.ndarray:
    """Return what one of several processes learns of a batch, as many as the others: the end may begin again."""
    each = -(-len(rows) // count)
    return rows[np.arange(number * each, (number + 1) * each) % len(rows)]


def cut(rows: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Return the rows of each batch; the last may be fewer."""
    return [rows[first : first + batch_size] for first in range(0, len(rows), batch_size)]


def gather(examples: Examples, rows: Sequence[int] | np.ndarray) -> Batch:
    """Return the batch of some rows."""
    batch = {"images": examples.inputs[rows].astype(np.float32), "labels": examples.labels[rows]}
    if examples.masks is not None:
        batch["segmentation_masks"] = examples.masks[rows]
    return {**batch, "auxiliary": examples.auxiliary.labels[rows]} if examples.auxiliary else batch
