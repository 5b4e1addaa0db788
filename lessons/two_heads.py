"""Two heads on one hidden layer in plain NumPy: the class, and a second label of the same image as auxiliary task."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratch import train
from scratch.activations import Activation
from scratch.affine import Affine
from scratch.losses import cross_entropy
from scratch.optimizers import Adam

HIDDEN, RATE, BATCH = 32, 0.002, 32


class Labelled(NamedTuple):
    """Images as vectors (n, d), their classes (n, K) and their second labels (n, L), one-hot, or all 0: not known."""

    x: np.ndarray
    classes: np.ndarray
    second: np.ndarray


def learn_both(data: Labelled, judge: Labelled, weight: float, epochs: int, seed: int) -> tuple[float, float]:
    """Train body and heads by the loss of the class plus `weight` times that of the second label.

    Returns:
        The accuracy on `judge` of the class and of the second label.
    """
    rng = np.random.default_rng(seed)
    body = [Affine(data.x.shape[1], HIDDEN, rng), Activation("relu")]
    heads, optimizer = [Affine(HIDDEN, labels.shape[1], rng) for labels in data[1:]], Adam(RATE)
    for _ in range(epochs):
        for rows in train.batches(len(data.x), BATCH, rng):
            hidden = train.forward(body, data.x[rows], training=True)
            back = 0.0
            for head, labels, share in zip(heads, data[1:], (1.0, weight), strict=True):
                grad = cross_entropy(head.forward(hidden, True), labels[rows])[1]
                known = labels[rows].sum(axis=1, keepdims=True)  # what nobody told teaches nothing
                back = back + head.backward(share * known * grad)  # what comes back to the body is the sum
            train.backward(body, back)
            optimizer.step(*train.weights_and_gradients([*body, *heads])[:2])
    hidden = train.forward(body, judge.x)
    return tuple(
        float(np.mean(head.forward(hidden).argmax(1) == labels.argmax(1)))
        for head, labels in zip(heads, judge[1:], strict=True)
    )


def made(number: int, told: int, seed: int) -> Labelled:
    """Return vectors whose class is whether two values differ in sign; second labels say which signs.

    Args:
        number: of vectors.
        told: how many of them have a class; all have a second label.
        seed: another seed, other vectors.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(number, 20)).astype(np.float32)
    first, other = (x[:, column] > 0 for column in (0, 1))
    classes = np.eye(2, dtype=np.float32)[(first ^ other).astype(int)]
    classes[told:] = 0
    return Labelled(x, classes, np.eye(4, dtype=np.float32)[2 * first + other])
