"""Judge probabilities: accuracy with its interval, and precision, recall and F1 of every class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from study import screen

CONFUSED = 10  # pairs of classes that are named where the whole matrix would not fit
FEW = 20  # images of a class below which one mistake moves its recall by more than five points


def metrics(labels: np.ndarray, probabilities: np.ndarray, class_names: Sequence[str]) -> dict[str, Any]:
    """Compare labels, int (n,), with probabilities, float (n, classes).

    Returns:
        `n`, `accuracy`, `accuracy_interval` (Wilson, 95 %), `loss` (cross-entropy), `per_class` with `precision`,
        `recall`, `f1`, `support`; `macro_f1`, the mean over the classes that are there or were called; and `confusion`
        (rows true, columns predicted, in class order).
    """
    from scipy.stats import binomtest  # half a second of imports that a plain answer for a picture need not wait for
    from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

    classes = np.arange(len(class_names))
    predicted = probabilities.argmax(axis=1)
    scores = precision_recall_fscore_support(labels, predicted, labels=classes, zero_division=0)
    names, (_, _, f1, _) = ("precision", "recall", "f1", "support"), scores
    per_class = [
        dict(zip(names, values, strict=True)) for values in zip(*(score.tolist() for score in scores), strict=True)
    ]
    right = int((predicted == labels).sum())
    shares = probabilities / probabilities.sum(axis=1, keepdims=True, dtype=np.float64)  # 1 to the last digit
    interval = binomtest(right, len(labels)).proportion_ci(0.95, method="wilson")
    return {
        "n": len(labels),
        "accuracy": right / len(labels),
        "accuracy_interval": [float(interval.low), float(interval.high)],
        "loss": float(log_loss(labels, shares, labels=classes)),
        "per_class": dict(zip(class_names, per_class, strict=True)),
        "macro_f1": float(np.mean(f1[np.union1d(labels, predicted)])),
        "confusion": confusion_matrix(labels, predicted, labels=classes).tolist(),
    }


def best(names: Sequence[str], probabilities: np.ndarray) -> tuple[str, float]:
    """Return the likeliest class and its probability."""
    index = int(probabilities.argmax())
    return names[index], float(probabilities[index])


def accuracy_line(part: str, result: Mapping[str, Any]) -> str:
    """`test: 97.3 % right (146 of 150; 95 % interval 93.3 to 99.0 %)`."""
    low, high = (100 * bound for bound in result["accuracy_interval"])
    right = sum(row[i] for i, row in enumerate(result["confusion"]))
    return (
        f"{part}: {100 * result['accuracy']:.1f} % right ({right:,} of {result['n']:,}; "
        f"95 % interval {low:.1f} to {high:.1f} %), macro F1 {result['macro_f1']:.3f}"
    )


def second_task_line(part: str, asked: str, result: Mapping[str, Any]) -> str:
    """`validation, second task coat: 71.3 % right (150 labels)`."""
    if "iou" in result:
        return (
            f"{part}, second task {asked}: IoU {result['iou']:.3f} at {result['side']} pixels ({result['n']:,} images)"
        )
    if not result["n"]:
        return f"{part}, second task {asked}: no label in this part"
    return f"{part}, second task {asked}: {100 * result['accuracy']:.1f} % right ({result['n']:,} labels)"


def few_images_note(result: Mapping[str, Any]) -> str:
    """Return a warning where a part is too small to tell good from lucky, else nothing."""
    few = [name for name, entry in result["per_class"].items() if entry["support"] < FEW]
    return f"Fewer than {FEW} images of {', '.join(few)}: these figures are rough." if few else ""


def per_class_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """Return one row a class: name, precision, recall, F1, support."""
    return [
        [name, *(f"{entry[key]:.3f}" for key in ("precision", "recall", "f1")), f"{entry['support']:,}"]
        for name, entry in result["per_class"].items()
    ]


def most_confused(names: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[tuple[str, str, int]]:
    """Return the largest counts beside the diagonal, as (true, predicted, images)."""
    counts = np.array(confusion) * (1 - np.eye(len(names), dtype=int))
    order = np.argsort(-counts, axis=None, kind="stable")[:CONFUSED]
    found = [(names[at // len(names)], names[at % len(names)], int(counts.flat[at])) for at in order.tolist()]
    return [entry for entry in found if entry[2]]


def print_report(part: str, result: Mapping[str, Any]) -> None:
    """Print a part's accuracy line, its per-class table and its confusion matrix."""
    screen.say(accuracy_line(part, result))
    screen.table("", ("class", "precision", "recall", "F1", "images"), per_class_rows(result))
    names = list(result["per_class"])
    rows = [[name, *row] for name, row in zip(names, result["confusion"], strict=True)]
    if screen.fits(("", *names), rows):
        screen.table("", ("true \\ predicted", *names), rows)
    elif confused := most_confused(names, result["confusion"]):
        screen.say(f"A table of {len(names):,} by {len(names):,} classes does not fit the screen. Most often confused:")
        screen.table("", ("true", "predicted", "images"), confused, left=2)
    if note := few_images_note(result):
        screen.say(note)
