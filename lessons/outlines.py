"""The class of every pixel in plain NumPy: small images with the mask of an animal or its outline, and a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from scratch import metrics, train
from scratch.activations import Activation
from scratch.conv import Conv
from scratch.losses import Loss, softmax
from scratch.optimizers import Adam

if TYPE_CHECKING:
    from data.dataset import Dataset

Pairs = tuple[np.ndarray, np.ndarray]
FILTERS, RATE, BATCH = 8, 0.01, 8


def outline(masks: np.ndarray) -> np.ndarray:
    """Return where a mask ends, bool: pixels of it of whose four neighbours one is not; (n, side, side)."""
    padded = np.pad(masks, ((0, 0), (1, 1), (1, 1)), mode="edge")  # an animal that is cut off ends at no border
    inside = padded[:, :-2, 1:-1] & padded[:, 2:, 1:-1] & padded[:, 1:-1, :-2] & padded[:, 1:-1, 2:]
    return masks & ~inside


def pairs_of(dataset: Dataset, rows: np.ndarray, of_outline: bool = True) -> Pairs:
    """Return images, float32 (n, side, side, 3) about -1..1, and for each pixel one-hot whether it is of the outline.

    Args:
        dataset: with masks.
        rows: of the images.
        of_outline: otherwise whether it is of the animal.
    """
    pixels, masks = np.asarray(dataset.images.pixels[rows], np.float32), dataset.masks[rows] > 0
    wanted = outline(masks) if of_outline else masks
    return pixels / 127.5 - 1, np.eye(2, dtype=np.float32)[wanted.astype(int)]


def learn(pairs: Pairs, loss: Callable[[np.ndarray, np.ndarray], Loss], epochs: int, seed: int) -> list:
    """Train three convolutions to say what each pixel is; return the layers."""
    rng = np.random.default_rng(seed)
    layers = [
        Conv(3, FILTERS, 3, rng, padding="same"),
        Activation("relu"),
        Conv(FILTERS, FILTERS, 3, rng, padding="same"),
        Activation("relu"),
        Conv(FILTERS, 2, 3, rng, padding="same"),
    ]
    few = pairs[0][:BATCH], pairs[1][:BATCH]
    train.fit(layers, pairs, few, Adam(RATE), epochs, rng, BATCH, loss)
    return layers


def probability(layers: list, images: np.ndarray) -> np.ndarray:
    """Return how probably each pixel is of class 1, (n, side, side)."""
    return softmax(train.predict(layers, images, 32))[..., 1]


def coarse(masks: np.ndarray, factor: int) -> np.ndarray:
    """Return what masks become at a side `factor` times smaller: each square is what the larger part of it is."""
    count, side, _ = masks.shape
    small = masks.reshape(count, side // factor, factor, side // factor, factor).mean(axis=(2, 4)) >= 0.5
    return small.repeat(factor, axis=1).repeat(factor, axis=2)


def scores(found: np.ndarray, t: np.ndarray) -> dict[str, float]:
    """Return precision, recall and Dice of the pixels called class 1, and the accuracy of all."""
    matrix = metrics.confusion(t[..., 1], found >= 0.5, 2)
    of_class = {"precision": metrics.precision, "recall": metrics.recall, "Dice": metrics.f1}
    return {"accuracy": metrics.accuracy(matrix)} | {name: float(of(matrix)[1]) for name, of in of_class.items()}
