"""How good answers are, counted: of each class precision, recall, F1 and average precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from study.runtime.format import significant

ACCURACY = "accuracy"
UNKNOWN = "–"  # of a class without an image in the split there is no figure


def score_text(value: float, name: str) -> str:
    """Return a figure that runs are ranked by: `98.3 %` of an accuracy, `0.873` of any other."""
    return f"{100 * value:.1f} %" if name == ACCURACY else f"{value:.3f}"


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Count pairs of true and predicted class, int (n,) twice -> int (classes, classes), a row for each true class."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def precision_recall_f1(hits: np.ndarray, called: np.ndarray, support: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return precision, recall, F1 and support of each class, (classes,); 0 for what would be divided by 0.

    `hits`: images rightly called so; `called`: all that were; `support`: those that are.
    """

    def share(of: np.ndarray, whole: np.ndarray) -> np.ndarray:
        return np.where(whole > 0, of / np.maximum(whole, 1), 0.0)

    return share(hits, called), share(hits, support), share(2 * hits, called + support), support


def average_precision(truth: np.ndarray, probability: np.ndarray) -> float:
    """Return the mean precision at the images that have a class, the likeliest first; equal ones at once.

    `truth`: 0 and 1, (n,), at least one 1; `probability`: float (n,).
    """
    order = np.argsort(-probability, kind="stable")
    last = np.append(np.flatnonzero(np.diff(probability[order])), len(order) - 1)  # of images as likely
    hits = np.cumsum(truth[order])[last]
    return float(np.sum(np.diff(hits, prepend=0) / hits[-1] * (hits / (last + 1))))


def average_precision_by_chance(support: int, count: int) -> float:
    """Return the average precision of images in random order, on average: above the share of those that have a class.

    Bestgen, Exact expected average precision of the random baseline for system evaluation (2015).

    `support`: images that have the class; `count`: all.
    """
    if count == 1:
        return float(support)
    harmonic = sum(1 / rank for rank in range(1, count + 1))
    return ((support - 1) / (count - 1) * (count - harmonic) + harmonic) / count


def class_rows(result: Mapping[str, Any], figures: Sequence[str], counted: str = "support") -> list[list[str]]:
    """Return one row a class of what `metrics.json` says: its name, some figures, and how many images or pixels."""
    return [
        [name, *(UNKNOWN if of[key] is None else significant(of[key], 3) for key in figures), f"{of[counted]:,}"]
        for name, of in result["per_class"].items()
    ]
