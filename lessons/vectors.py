"""Images as vectors, for networks of fully connected layers in plain NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from data.dataset import Dataset

Pairs = tuple[np.ndarray, np.ndarray]


def of(dataset: Dataset, side: int = 16) -> dict[str, Pairs]:
    """Return the images of each split as vectors, float32 (n, side * side * 3), with their classes one-hot, (n, K).

    The vectors have mean 0 and standard deviation 1 over all values of the training images.

    Args:
        dataset: whose images are square, of a multiple of `side` pixels.
        side: pixels of a side to which each image is shrunk, by means over squares.

    Raises:
        ValueError: the image size is no multiple of `side`.
    """
    examples = dataset.examples()
    size = dataset.images.pixels.shape[1]
    if size % side:
        raise ValueError(f"received side={side}; right is a divisor of the image size, {size}")
    cell = size // side
    pairs = {}
    for split, rows in examples.indices.items():
        pixels = np.asarray(examples.inputs[rows], np.float32).reshape(len(rows), side, cell, side, cell, 3)
        pairs[split] = (
            pixels.mean(axis=(2, 4)).reshape(len(rows), -1),
            np.eye(len(dataset.class_names), dtype=np.float32)[examples.labels[rows]],
        )
    mean, deviation = pairs["train"][0].mean(), pairs["train"][0].std()
    return {split: ((x - mean) / deviation, t) for split, (x, t) in pairs.items()}
