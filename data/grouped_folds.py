"""Rows divided into folds: no unit in two of them, and of every class as equal a share in each as units allow.

Unit by unit, the most uneven ones first and equally uneven ones in random order, each goes where the shares of the
classes then differ least between the folds; where that is all the same, to the smallest fold. It divides as
scikit-learn's StratifiedGroupKFold does with the same seed; a small install has no room for that and for SciPy.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def divide(
    labels: np.ndarray, units: np.ndarray, folds: int, seed: int, uneven_first: bool = True
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield of each fold the other rows and its own, sorted.

    Args:
        labels: (n,).
        units: what lies in one fold, (n,); at least as many as folds.
        folds: how many.
        seed: of the order of units.
        uneven_first: else the order is random throughout: the shares are less equal, and units that all differ in size
            are divided in another way by another seed.
    """
    _, classes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    _, unit_of = np.unique(units, return_inverse=True)
    counts = np.zeros((unit_of.max() + 1, len(sizes)))
    np.add.at(counts, (unit_of, classes), 1)
    order = np.arange(len(counts))
    np.random.RandomState(seed).shuffle(order)  # not a newer generator: other divisions
    if uneven_first:
        order = order[np.argsort(-np.std(counts[order], axis=1), kind="stable")]
    in_fold, fold_of = np.zeros((folds, len(sizes))), np.zeros(len(counts), int)
    for unit in order:
        fold = _best(in_fold, counts[unit], sizes)
        in_fold[fold] += counts[unit]
        fold_of[unit] = fold
    for fold in range(folds):
        own = fold_of[unit_of] == fold
        yield np.flatnonzero(~own), np.flatnonzero(own)


def _best(in_fold: np.ndarray, unit: np.ndarray, sizes: np.ndarray) -> int:
    """Return the fold to which a unit, (classes,), is best added; `in_fold`: what is in each, (folds, classes)."""
    folds = len(in_fold)
    tried = np.repeat(in_fold[None], folds, axis=0)
    tried[np.arange(folds), np.arange(folds)] += unit
    unevenness = np.std(tried / sizes, axis=1).mean(axis=1).tolist()
    best, least, fewest = 0, np.inf, np.inf
    for fold, (uneven, images) in enumerate(zip(unevenness, in_fold.sum(axis=1).tolist(), strict=True)):
        alike = abs(uneven - least) <= 1e-8 + 1e-5 * abs(least)
        if uneven < least or (alike and images < fewest):
            best, least, fewest = fold, uneven, images
    return best
