"""Metrics: what a person wants to know, where a loss is what gradients need. All come from the confusion matrix M.

    M[i, j]    how many of class i were called j        TP_k = M[k, k], FN_k = rest of row k, FP_k = rest of column k
    accuracy   sum TP / sum M
    precision  TP / (TP + FP)                           of those called k, how many are
    recall     TP / (TP + FN)                           of those that are k, how many were found
    F1 = Dice  2 TP / (2 TP + FP + FN)                  harmonic mean of both; of two masks, called Dice (1945)
    IoU        TP / (TP + FP + FN)                      Jaccard (1901); Dice = 2 IoU / (1 + IoU)
    macro      the mean over the classes: a rare class counts as much as a frequent one

Where nothing is to be divided by, precision, recall and F1 are 0.

Source: Sokolova, Lapalme, A systematic analysis of performance measures for classification tasks (2009).
"""

import numpy as np


def confusion(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Count pairs of class numbers from 0, of images or of pixels: two arrays of one shape -> (classes, classes)."""
    true, predicted = true.ravel().astype(int), predicted.ravel().astype(int)  # (any shape) -> (n,); bytes would wrap
    largest = max(true.max(initial=0), predicted.max(initial=0))
    if largest >= classes:
        raise ValueError(f"class number {largest}, but only {classes} classes, counted from 0")
    pairs = classes * true + predicted  # each pair as one number
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def merge(matrix: np.ndarray, into: np.ndarray) -> np.ndarray:
    """Add up rows and columns of classes that become one: (K, K), new number of each class (K,) -> (L, L)."""
    chosen = np.eye(into.max() + 1, dtype=matrix.dtype)[into]  # (K, L), a 1 a row
    return chosen.T @ matrix @ chosen


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide class by class; 0 where there is nothing to divide by."""
    return part / np.where(whole == 0, 1, whole)


def accuracy(matrix: np.ndarray) -> float:
    """How many of all were right."""
    return float(np.trace(matrix) / matrix.sum())


def precision(matrix: np.ndarray) -> np.ndarray:
    """(K, K) -> (K,)."""
    return ratio(np.diag(matrix), matrix.sum(axis=0))


def recall(matrix: np.ndarray) -> np.ndarray:
    """(K, K) -> (K,)."""
    return ratio(np.diag(matrix), matrix.sum(axis=1))


def f1(matrix: np.ndarray) -> np.ndarray:
    """(K, K) -> (K,); of pixels, this is Dice."""
    return ratio(2 * np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1))


def iou(matrix: np.ndarray) -> np.ndarray:
    """(K, K) -> (K,)."""
    return ratio(np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1) - np.diag(matrix))


def macro(scores: np.ndarray) -> float:
    """The mean over the classes."""
    return float(scores.mean())


def mean_iou(matrix: np.ndarray) -> float:
    """The mean over the classes that occur: one that is neither there nor called is no mistake."""
    occurs = matrix.sum(axis=0) + matrix.sum(axis=1) > 0
    return float(iou(matrix)[occurs].mean())


if __name__ == "__main__":
    matrix = np.array([[40, 8, 2], [9, 38, 3], [1, 2, 47]])  # 50 images of each class
    print("rows: what they are, columns: what they were called\n", matrix)
    print("accuracy", accuracy(matrix), "precision", precision(matrix).round(2), "recall", recall(matrix).round(2))
    print("F1", f1(matrix).round(2), "macro", round(macro(f1(matrix)), 3))
    merged = merge(matrix, np.array([0, 0, 1]))
    print("the first two classes merged\n", merged, "\naccuracy", round(accuracy(merged), 3))
