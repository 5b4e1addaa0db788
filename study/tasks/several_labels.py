"""How good answers of several labels an image are: the threshold of each class, its figures, and those of chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from study.tasks import crossentropy, intervals, scores


def choose_thresholds(truth: np.ndarray, probabilities: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    """Return for each class the threshold with the greatest F1; 0.5 of a class without an image.

    Args:
        truth: 0 and 1, (n, classes).
        probabilities: float32 (n, classes).
        names: of the classes.
    """
    from sklearn.metrics import precision_recall_curve

    chosen = {}
    for i, name in enumerate(names):
        chosen[name] = 0.5
        if truth[:, i].any():
            precision, recall, thresholds = precision_recall_curve(truth[:, i], probabilities[:, i])
            f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
            best = int(f1[:-1].argmax())
            below = probabilities[:, i][probabilities[:, i] < thresholds[best]]
            # Half-way to the next probability below: not on an image's own value, which rounding may move.
            chosen[name] = float((thresholds[best] + below.max()) / 2) if len(below) else float(thresholds[best])
    return chosen


def measure_labels(
    truth: np.ndarray,
    probabilities: np.ndarray,
    names: Sequence[str],
    thresholds: Mapping[str, float],
    units: np.ndarray | None = None,
    seen: np.ndarray | None = None,
) -> dict[str, Any]:
    """Compare labels, 0 and 1 (n, classes), with probabilities, float32 (n, classes).

    `units` and `seen` are those of `intervals.measure`.

    Returns:
        `n`, `accuracy` (every label of an image right) with its `accuracy_interval` (Wilson, 95 %), `loss` (binary
        cross-entropy), `per_class` with `threshold`, `precision`, `recall`, `f1`, `average_precision`, `support`;
        `macro_f1` and `mean_average_precision` over the classes that the split has, and `thresholds`. What a class
        without an image would have is None. Where the images fall into fewer units, `units` says into how many;
        where some are seen, `seen` says what the others come to.
    """
    truth = truth.astype(int)
    predicted = decide(probabilities, names, thresholds).astype(int)
    hits, called, there_are = (truth & predicted).sum(axis=0), predicted.sum(axis=0), truth.sum(axis=0)
    of_classes = scores.precision_recall_f1(hits, called, there_are)
    per_class = {}
    for i, (name, precision, recall, f1, support) in enumerate(zip(names, *of_classes, strict=True)):
        there = int(support) > 0
        average = scores.average_precision(truth[:, i], probabilities[:, i]) if there else None
        figures = {"precision": float(precision), "recall": float(recall), "f1": float(f1)}
        figures = figures if there else dict.fromkeys(figures)
        per_class[name] = {"threshold": thresholds[name], **figures, "average_precision": average}
        per_class[name]["support"] = int(support)
    return {
        "n": len(truth),
        **intervals.measure((predicted == truth).all(axis=1), units, seen),
        "loss": crossentropy.mean_of_labels(truth, probabilities),
        "per_class": per_class,
        "macro_f1": _mean(per_class, "f1"),
        "mean_average_precision": _mean(per_class, "average_precision"),
        "thresholds": dict(thresholds),
    }


def _mean(per_class: Mapping[str, Mapping[str, Any]], key: str) -> float:
    known = [entry[key] for entry in per_class.values() if entry[key] is not None]
    return float(np.mean(known)) if known else 0.0


def decide(probabilities: np.ndarray, names: Sequence[str], thresholds: Mapping[str, float]) -> np.ndarray:
    """Return which classes are above their threshold, bool (…, classes)."""
    return probabilities >= np.array([thresholds[name] for name in names])


def by_chance(metrics: Mapping[str, Any]) -> float:
    """Return what the mean average precision of images in random order is, on average."""
    supports = [entry["support"] for entry in metrics["per_class"].values() if entry["support"]]
    return float(np.mean([scores.average_precision_by_chance(there, metrics["n"]) for there in supports] or [0.0]))
