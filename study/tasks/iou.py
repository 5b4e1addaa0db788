"""Pixels counted by their true and their predicted class, and intersection over union from these counts."""

from __future__ import annotations

import numpy as np


def confusions(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Count the pixels of each image, (n, size, size) twice -> int64 (n, classes, classes), rows true.

    Pixels whose true class is none of them do not count.
    """
    pairs = classes * true.reshape(len(true), -1).astype(int) + predicted.reshape(len(predicted), -1)
    counts = [np.bincount(row[row < classes**2], minlength=classes**2) for row in pairs]
    return np.stack(counts).reshape(-1, classes, classes)


def iou(matrix: np.ndarray) -> np.ndarray:
    """Return intersection over union of each class, (classes, classes) -> (classes,); nan of one that never occurs."""
    right, union = np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1) - np.diag(matrix)
    return np.where(union, right / np.maximum(union, 1), np.nan)


def mean_iou(matrix: np.ndarray) -> float:
    """Return the mean over the classes that occur: one that is neither there nor called is no mistake."""
    return float(np.nanmean(iou(matrix))) if matrix.any() else 0.0


def ious(matrices: np.ndarray) -> np.ndarray:
    """Return the mean IoU of each image, (n, classes, classes) -> (n,); nan of one in which no pixel counts."""
    return np.array([mean_iou(matrix) if matrix.any() else np.nan for matrix in matrices])
