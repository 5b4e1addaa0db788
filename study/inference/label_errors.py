"""Suspected label errors: confident learning on out-of-fold probabilities (Northcutt, Jiang and Chuang, 2021).

`scratch/confident_learning.py` has the same, step by step and explained.
"""

from __future__ import annotations

import numpy as np

TOLERANCE = 1e-6  # a label as probable as the largest within it is no error
FOLDS, REPEATS = 5, 3
# Of the covariance, towards a multiple of the identity. Shared by the classes and in closed form, it is little moved
# by a few wrong labels: logistic regression, which follows each of them, finds fewer.
SHRINKAGE = 0.1


def suspects(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the rows whose label is probably wrong, the least probable label first.

    Args:
        labels: class indices, int (n,).
        probabilities: of each class, by a classifier that did not learn from that row, float (n, classes).
    """
    classes, rows = probabilities.shape[1], np.arange(len(labels))
    counts = np.bincount(labels, minlength=classes)
    own = probabilities[rows, labels]
    means = np.bincount(labels, own, minlength=classes) / np.maximum(counts, 1)
    sure = probabilities >= np.where(counts, means, np.inf) - TOLERANCE
    likeliest = np.where(sure.sum(axis=1) > 1, probabilities.argmax(axis=1), sure.argmax(axis=1))
    confident = sure.any(axis=1)
    joint = np.bincount(labels[confident] * classes + likeliest[confident], minlength=classes**2)
    joint = joint.reshape(classes, classes)
    np.fill_diagonal(joint, joint.diagonal().clip(min=1))
    calibrated = joint / joint.sum(axis=1, keepdims=True) * counts[:, None]
    wrong_counts = [round_to_sum(row) for row in calibrated / calibrated.sum() * len(labels)]
    found = np.zeros(len(labels), bool)
    for given, true in zip(*np.nonzero(np.array(wrong_counts)), strict=True):
        if given != true:
            of_class = np.flatnonzero(labels == given)
            margin = probabilities[of_class, true] - own[of_class]
            found[of_class[np.argsort(-margin)[: wrong_counts[given][true]]]] = True
    found &= own + TOLERANCE < probabilities.max(axis=1)
    named = np.flatnonzero(found)
    return named[np.argsort(own[named], kind="stable")]


def round_to_sum(row: np.ndarray) -> np.ndarray:
    """Round numbers whose sum is whole so that the sum stays, int (n,)."""
    rounded = np.rint(row)
    missing = round(row.sum() - rounded.sum())
    by_change = np.argsort(row - rounded)
    change = by_change[-missing:] if missing > 0 else by_change[:-missing]
    rounded[change] += np.sign(missing)
    return rounded.astype(int)


def out_of_fold(features: np.ndarray, labels: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return the probabilities of each row by classifiers that learned from other units: float (n, classes).

    A linear discriminant analysis, the mean over several divisions into folds.

    Args:
        features: float (n, components), of one scale.
        labels: class indices, int (n,); each class has at least FOLDS units.
        units: what lies in one fold, such as near duplicates and groups, int (n,).
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.model_selection import StratifiedGroupKFold

    classes = int(labels.max()) + 1
    total = np.zeros((len(labels), classes))
    for seed in range(REPEATS):
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
        for learned, held_out in folds.split(features, labels, units):
            classifier = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE)
            classifier.fit(features[learned], labels[learned])
            predicted = classifier.predict_proba(features[held_out])
            total[np.ix_(held_out, classifier.classes_)] += predicted / REPEATS
    return total
