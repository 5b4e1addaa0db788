"""Judge answers for every pixel: IoU and Dice of each class, all from one confusion matrix of pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from study import screen

if TYPE_CHECKING:
    import keras

    from data.batches import Examples

BATCH = 32
# Okabe and Ito's palette, safe for the colour-blind; of more classes the colours come again.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#F0E442")
DARK = "#1a1a1a"  # the background
HEADER = ("class", "IoU", "Dice", "precision", "recall", "pixels")


@dataclass(frozen=True)
class Judged:
    """What a network says of a part.

    Args:
        predicted: the likeliest class of each pixel, uint8 (n, size, size).
        confusion: pixels, rows true, columns predicted, int64 (classes, classes).
        loss: mean cross-entropy of a pixel.
        iou: of each picture, the mean over the classes that are in it or called, float (n,).
    """

    predicted: np.ndarray
    confusion: np.ndarray
    loss: float
    iou: np.ndarray


def judge(network: keras.Model, examples: Examples, part: str) -> Judged:
    """Answer for every pixel of a part and compare; probabilities of a batch are held at a time, not of all."""
    rows, classes = examples.rows[part], network.output_shape[-1]
    predicted = np.empty((len(rows), *examples.masks.shape[1:]), np.uint8)
    matrices, loss = [np.zeros((0, classes, classes), np.int64)], 0.0
    with screen.bar(f"evaluate {part}", -(-len(rows) // BATCH)) as advance:
        for first in range(0, len(rows), BATCH):
            batch = rows[first : first + BATCH]
            shares = network.predict_on_batch(examples.inputs[batch].astype(np.float32))
            true = examples.masks[batch]
            predicted[first : first + BATCH] = shares.argmax(axis=-1)
            loss -= float(np.log(np.take_along_axis(shares, true[..., None].astype(int), -1).clip(1e-7)).sum())
            matrices.append(confusions(true, predicted[first : first + BATCH], classes))
            advance()
    each = np.concatenate(matrices)
    total = each.sum(axis=0)
    return Judged(predicted, total, loss / max(total.sum(), 1), np.array([mean_iou(matrix) for matrix in each]))


def confusions(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Count the pixels of each picture, (n, size, size) twice -> int64 (n, classes, classes), rows true."""
    pairs = classes * true.reshape(len(true), -1).astype(int) + predicted.reshape(len(predicted), -1)
    return np.stack([np.bincount(row, minlength=classes**2).reshape(classes, classes) for row in pairs])


def iou(matrix: np.ndarray) -> np.ndarray:
    """Return intersection over union of each class, (classes, classes) -> (classes,); nan of one that never occurs."""
    right, union = np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1) - np.diag(matrix)
    return np.where(union, right / np.maximum(union, 1), np.nan)


def mean_iou(matrix: np.ndarray) -> float:
    """Return the mean over the classes that occur: one that is neither there nor called is no mistake."""
    return float(np.nanmean(iou(matrix))) if matrix.any() else 0.0


def shares_of(mask: np.ndarray, classes: int) -> np.ndarray:
    """Return the share of each class in a mask, float (classes,)."""
    return np.bincount(mask.ravel(), minlength=classes) / mask.size


def palette(classes: int) -> np.ndarray:
    """Return red, green, blue of each class, uint8 (classes, 3): the background dark."""
    codes = [DARK, *(COLOURS[at % len(COLOURS)] for at in range(classes - 1))]
    return np.array([[int(code[at : at + 2], 16) for at in (1, 3, 5)] for code in codes], np.uint8)


def metrics(judged: Judged, names: Sequence[str]) -> dict[str, Any]:
    """Return what `metrics.json` says of a part.

    Dice of a class is its F1 over pixels, so that `macro_f1` is the mean Dice.

    Returns:
        `n` pictures, `pixels`, `accuracy` of pixels, `mean_iou`, `mean_dice` and `macro_f1`, `loss` (cross-entropy of a
        pixel), `per_class` with `iou`, `dice`, `precision`, `recall`, `pixels`, and `confusion` (rows true).
    """
    matrix = judged.confusion
    right, true, called = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    scores = {
        "iou": np.nan_to_num(iou(matrix)),
        "dice": 2 * right / np.maximum(true + called, 1),
        "precision": right / np.maximum(called, 1),
        "recall": right / np.maximum(true, 1),
    }
    per_class = {
        name: {key: float(values[at]) for key, values in scores.items()} | {"pixels": int(true[at])}
        for at, name in enumerate(names)
    }
    dice = float(scores["dice"][true + called > 0].mean())
    return {
        "n": len(judged.predicted),
        "pixels": int(matrix.sum()),
        "accuracy": float(right.sum() / matrix.sum()),
        "mean_iou": mean_iou(matrix),
        "mean_dice": dice,
        "macro_f1": dice,
        "loss": judged.loss,
        "per_class": per_class,
        "confusion": matrix.tolist(),
    }


def line(part: str, result: Mapping[str, Any]) -> str:
    """`test: mean IoU 0.873, mean Dice 0.930, 96.5 % of the pixels right (150 images)`."""
    return (
        f"{part}: mean IoU {result['mean_iou']:.3f}, mean Dice {result['mean_dice']:.3f}, "
        f"{100 * result['accuracy']:.1f} % of the pixels right ({result['n']:,} images)"
    )


def per_class_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """Return one row a class, under `HEADER`."""
    return [
        [name, *(f"{entry[key]:.3f}" for key in ("iou", "dice", "precision", "recall")), f"{entry['pixels']:,}"]
        for name, entry in result["per_class"].items()
    ]


def print_report(part: str, result: Mapping[str, Any]) -> None:
    """Print a part's figures and its per-class table."""
    screen.say(line(part, result))
    screen.table("", HEADER, per_class_rows(result))
