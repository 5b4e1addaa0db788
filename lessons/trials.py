"""Trials of settings on images as vectors, in plain NumPy: cheap enough for hundreds of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lessons.vectors import Pairs
from scratch.activations import Activation
from scratch.affine import Affine
from scratch.losses import cross_entropy
from scratch.optimizers import SGD, Adam
from scratch.regularization import l2
from scratch.train import accuracy, fit, predict

HIDDEN, RATE, BATCH = 32, 0.003, 32  # of `accuracies`
EPOCHS, LARGE_BATCH = 3, 200  # of `validation_losses`


def accuracies(train: Pairs, judges: Sequence[Pairs], epochs: int, seed: int) -> np.ndarray:
    """Train a network with one hidden layer; return its accuracy on each set after each epoch: (epochs, sets)."""
    rng = np.random.default_rng(seed)
    layers = [Affine(train[0].shape[1], HIDDEN, rng), Activation("relu"), Affine(HIDDEN, train[1].shape[1], rng)]
    optimizer, rows = Adam(RATE), []
    for _ in range(epochs):
        fit(layers, train, judges[0], optimizer, 1, rng, BATCH)
        rows.append([accuracy(layers, *judge) for judge in judges])
    return np.array(rows)


def validation_losses(train: Pairs, validation: Pairs, rate: float, penalty: float, epochs: int = EPOCHS) -> np.ndarray:
    """Train a softmax regression by SGD; return its loss on validation after each epoch, infinite where it diverged."""
    rng, optimizer, losses = np.random.default_rng(0), SGD(rate), []
    layers = [Affine(train[0].shape[1], train[1].shape[1], rng)]
    with np.errstate(all="ignore"):  # a rate that is far too large ends in overflow
        for _ in range(epochs):
            fit(layers, train, validation, optimizer, 1, rng, LARGE_BATCH, penalty=l2(penalty))
            losses.append(float(cross_entropy(predict(layers, validation[0]), validation[1])[0]))
    return np.nan_to_num(losses, nan=np.inf, posinf=np.inf)


def validation_loss(train: Pairs, validation: Pairs, rate: float, penalty: float) -> float:
    """Return the last of `validation_losses`."""
    return float(validation_losses(train, validation, rate, penalty)[-1])
