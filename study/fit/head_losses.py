"""What the training of a head makes small, in NumPy: the losses of `study.fit.losses`, with their gradients.

A head is one dense layer, so that the gradient with respect to its scores, those before softmax or sigmoid, is all
there is to know: a step takes a fraction of what it takes to ask TensorFlow for it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scratch.losses import log_softmax, softmax_backward
from study.settings.train import TrainSettings
from study.tasks import crossentropy
from study.tasks.classify import sigmoid

EPSILON = 1e-7  # what Keras keeps numbers from 0 by

# (scores, soft labels, weights): float32 (batch, classes) twice and (batch,) -> the mean loss, its gradient
HeadLoss = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def make_head_loss(settings: TrainSettings, binary: bool) -> HeadLoss:
    """Return the loss that the settings ask for; `binary`: each class is a question of its own."""
    chosen, smoothing = settings.loss, settings.regularization.label_smoothing

    def smoothed(y: np.ndarray) -> np.ndarray:
        return (1 - smoothing) * y + smoothing / (2 if binary else y.shape[-1]) if smoothing else y

    if binary:
        return lambda scores, y, weights: of_each_class(scores, smoothed(y), weights)
    if chosen.name == "crossentropy":
        return lambda scores, y, weights: cross_entropy(scores, smoothed(y), weights)
    if chosen.name == "focal":
        return lambda scores, y, weights: focal(scores, smoothed(y), weights, chosen.focal_gamma)
    share = 1.0 if chosen.name == "dice" else chosen.dice_weight
    return lambda scores, y, weights: dice_and_cross_entropy(scores, smoothed(y), weights, share)


def cross_entropy(scores: np.ndarray, shares: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Return softmax cross-entropy; the slopes of the two cancel down to p - shares."""
    log_p = log_softmax(scores)
    loss = -(weights * (shares * log_p).sum(axis=-1)).mean()
    of_all = shares.sum(axis=-1, keepdims=True)
    return float(loss), weights[:, None] * (np.exp(log_p) * of_all - shares) / len(scores)


def of_each_class(scores: np.ndarray, shares: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean of the classes' binary cross-entropies."""
    each = binary_cross_entropies(scores, shares).mean(axis=-1)
    slopes = (sigmoid(scores) - shares) / scores.shape[-1]
    return float((weights * each).mean()), weights[:, None] * slopes / len(scores)


def focal(scores: np.ndarray, shares: np.ndarray, weights: np.ndarray, gamma: float) -> tuple[float, np.ndarray]:
    """Return (1 - p)^gamma times cross-entropy; where p is 1, within `EPSILON`, (1 - p)^gamma has no slope."""
    log_p = log_softmax(scores)
    p, exact = np.exp(log_p), -np.expm1(log_p)
    miss = np.clip(exact, EPSILON, 1)
    loss = -(weights * (shares * miss**gamma * log_p).sum(axis=-1)).mean()
    of_miss = np.where(exact > EPSILON, -p * gamma * miss ** (gamma - 1), 0)
    slopes = -shares * (miss**gamma + of_miss * log_p)  # along log p
    slopes -= p * slopes.sum(axis=-1, keepdims=True)
    return float(loss), weights[:, None] * slopes / len(scores)


def dice_and_cross_entropy(
    scores: np.ndarray, shares: np.ndarray, weights: np.ndarray, share: float
) -> tuple[float, np.ndarray]:
    """Return (1 - share) * cross-entropy + share * soft Dice of each class over the batch."""
    p, heavy = np.exp(log_softmax(scores)), weights[:, None]
    both = (heavy * shares * p).sum(axis=0)
    total = (heavy * (shares + p)).sum(axis=0) + EPSILON
    loss = share * float((1 - 2 * both / total).mean())
    slopes = 2 * heavy * (both / total - shares) / total / p.shape[-1]  # along p, by the quotient rule
    gradient = share * softmax_backward(slopes, p)
    if share < 1:
        of_each, slope = cross_entropy(scores, shares, weights)
        loss, gradient = loss + (1 - share) * of_each, gradient + (1 - share) * slope
    return loss, gradient


def binary_cross_entropies(scores: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return that of each class, (batch, classes)."""
    return np.logaddexp(0, scores) - shares * scores


def figures_of(scores: np.ndarray, y: np.ndarray, binary: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return of each example what an epoch's figures are means of: cross-entropy, and whether the answer is right.

    `y`: soft labels. No probability counts as less than `study.tasks.crossentropy.FLOOR`.
    """
    if binary:
        each = np.minimum(binary_cross_entropies(scores, y), crossentropy.MOST).mean(axis=-1)
        return each, ((scores >= 0) == (y >= 0.5)).all(axis=-1)
    each = np.minimum(-(y * log_softmax(scores)).sum(axis=-1), crossentropy.MOST)
    return each, scores.argmax(axis=-1) == y.argmax(axis=-1)
