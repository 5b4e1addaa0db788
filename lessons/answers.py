"""What a trained network answers: a class for each image, and the confusion matrix of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scratch import metrics

if TYPE_CHECKING:
    import keras

    from data.dataset import Dataset

BATCH = 500  # images at once


def probabilities(network: keras.Model, pixels: np.ndarray) -> np.ndarray:
    """Return the probability of each class, float32 (n, classes); pixels are 0..255, (n, side, side, 3)."""
    parts = [pixels[start : start + BATCH].astype(np.float32) for start in range(0, len(pixels), BATCH)]
    return np.concatenate([np.asarray(network(part, training=False)) for part in parts])


def classes(network: keras.Model, pixels: np.ndarray) -> np.ndarray:
    """Return the number of the most probable class, int (n,)."""
    return probabilities(network, pixels).argmax(axis=1)


def confusion(network: keras.Model, dataset: Dataset, split: str = "test") -> np.ndarray:
    """Return how many images of each class (row) of a split were given which class (column)."""
    examples = dataset.examples()
    rows = examples.indices[split]
    return metrics.confusion(
        examples.labels[rows], classes(network, np.asarray(examples.inputs[rows])), len(dataset.class_names)
    )
