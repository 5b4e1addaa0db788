"""The cross-entropy that is printed, of an epoch as of a split: no probability counts as less than `FLOOR`.

A single sure mistake would else decide the mean: a probability that float32 rounds to 0 costs infinitely much.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

FLOOR = 1e-7  # about the least that float32 still tells a probability from 1 by, and what Keras takes
MOST = -math.log(FLOOR)  # what a sure mistake costs: 16.1


def metric(binary: bool = False) -> Any:  # noqa: ANN401 - Keras is imported within
    """Return the metric "crossentropy" of an epoch, from the logits where Keras knows them; `binary`: of each class."""
    import keras

    ops = keras.ops

    def categorical(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        return ops.minimum(ops.categorical_crossentropy(ops.cast(y_true, y_pred.dtype), y_pred), MOST)

    def of_each_class(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        each = ops.binary_crossentropy(ops.cast(y_true, y_pred.dtype), y_pred)
        return ops.mean(ops.minimum(each, MOST), axis=-1)

    return keras.metrics.MeanMetricWrapper(of_each_class if binary else categorical, name="crossentropy")


def mean(true_class: np.ndarray) -> float:
    """Return the mean cross-entropy from the probability of each example's true class, float64 (n,)."""
    return float(-np.log(np.clip(true_class, FLOOR, 1 - np.finfo(np.float64).eps)).mean())  # never -0.0


def mean_of_labels(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean binary cross-entropy of labels, 0 and 1, each a question of its own: (n, classes) twice."""
    likely = np.clip(probabilities.astype(np.float64), FLOOR, 1 - FLOOR)
    return float(-np.mean(truth * np.log(likely) + (1 - truth) * np.log(1 - likely)))
