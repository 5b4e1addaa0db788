"""Suspected label errors: confident learning on out-of-fold probabilities (Northcutt, Jiang and Chuang, 2021).

`scratch/confident_learning.py` has the same, step by step and explained.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from data import grouped_folds

TOLERANCE = 1e-6  # a label as probable as the largest within it is no error
FOLDS, REPEATS = 5, 3
# Of the covariance, towards a multiple of the identity. Shared by the classes and in closed form, it is little moved
# by a few wrong labels: logistic regression, which follows each of them, finds fewer.
SHRINKAGE = 0.1
NEIGHBOURS = 3  # of each of both classes


@dataclass(frozen=True)
class Suspect:
    """An image whose label is probably wrong; images are named by their row.

    Args:
        image: which.
        given: its label.
        suggested: the class that it looks like.
        own: probability of the label given, to a classifier that learned from other images.
        other: probability of the class suggested.
        like_given: the images of the label given that are most similar, the most similar first.
        like_suggested: likewise of the class suggested.
    """

    image: int
    given: str
    suggested: str
    own: float
    other: float
    like_given: tuple[int, ...] = ()
    like_suggested: tuple[int, ...] = ()


def find(
    labels: np.ndarray, probabilities: np.ndarray, names: Sequence[str], features: np.ndarray | None
) -> list[Suspect]:
    """Return the images whose label is probably wrong, the least probable label first.

    Args:
        labels: class indices, int (n,).
        probabilities: of each class, by a classifier that did not learn from that image, float (n, classes).
        names: of the classes.
        features: by which similar images are found, (n, features); without them none is named.
    """
    found = []
    for row in suspects(labels, probabilities).tolist():
        given, true = int(labels[row]), int(probabilities[row].argmax())
        alike = () if features is None else [tuple(nearest(features, row, labels == which)) for which in (given, true)]
        shares = float(probabilities[row, given]), float(probabilities[row, true])
        found.append(Suspect(row, str(names[given]), str(names[true]), *shares, *alike))
    return found


def nearest(features: np.ndarray, row: int, among: np.ndarray) -> list[int]:
    """Return the rows, of those that `among` marks, most like a row but it, by the cosine of the angle between them."""
    others = np.flatnonzero(among)
    others = others[others != row]
    lengths = np.linalg.norm(features[others], axis=1) * np.linalg.norm(features[row])
    cosines = features[others] @ features[row] / np.maximum(lengths, 1e-12)
    return others[np.argsort(-cosines, kind="stable")[:NEIGHBOURS]].tolist()


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


def out_of_fold(
    features: np.ndarray, labels: np.ndarray, units: np.ndarray, note: Callable[[str], None] = lambda line: None
) -> np.ndarray:
    """Return the probabilities of each row by classifiers that learned from other units: float (n, classes).

    A linear discriminant analysis, the mean over several divisions into folds.

    Args:
        features: float (n, components), of one scale.
        labels: class indices, int (n,); each class has at least FOLDS units.
        units: what lies in one fold, such as near duplicates and groups, int (n,).
        note: is told where there were fewer different divisions than usual.
    """
    total, repeats = np.zeros((len(labels), int(labels.max()) + 1)), divisions(labels, units)
    if len(repeats) < REPEATS:
        note(
            f"careful: suspected labels are judged by {len(repeats)} division(s) into {FOLDS} folds, not {REPEATS}: "
            "near duplicates and groups, which stay together, allow no others"
        )
    for learned, held_out in itertools.chain.from_iterable(repeats):
        classes, probabilities = discriminant(features[learned], labels[learned], features[held_out])
        total[np.ix_(held_out, classes)] += probabilities / len(repeats)
    return total


def divisions(labels: np.ndarray, units: np.ndarray) -> list[list[tuple[np.ndarray, np.ndarray]]]:
    """Return up to REPEATS different divisions into folds, each fold as the rows to learn from and those held out.

    Units that all differ in size come in one order only, whatever the seed; then they are divided in random order, as
    long as every class can be learned for each fold. A division that is there already would add nothing to the mean.
    """
    found: dict[frozenset[bytes], list[tuple[np.ndarray, np.ndarray]]] = {}
    for seed, uneven_first in itertools.product(range(REPEATS), (True, False)):
        folds = list(grouped_folds.divide(labels, units, FOLDS, seed, uneven_first))
        key = frozenset(held_out.tobytes() for _, held_out in folds)
        usable = uneven_first or all(set(labels[learned]) == set(labels) for learned, _ in folds)
        if usable and key not in found and (uneven_first or len(found) <= seed):
            found[key] = folds
    return list(found.values())


def discriminant(features: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes of the labels, and the probability of each for the rows asked about, (m, classes).

    Linear discriminant analysis: one covariance within all classes, drawn by SHRINKAGE towards one of equal variances.
    """
    classes, members, counts = np.unique(labels, return_inverse=True, return_counts=True)
    features, asked = features.astype(np.float64), asked.astype(np.float64)
    means = np.stack([features[members == index].mean(axis=0) for index in range(len(classes))])
    within = features - means[members]
    covariance = (1 - SHRINKAGE) * (within.T @ within) / len(features)
    covariance.flat[:: len(covariance) + 1] += SHRINKAGE * np.square(within).sum() / features.size
    weights = np.linalg.lstsq(covariance, means.T, rcond=None)[0]
    logits = asked @ weights + np.log(counts / len(labels)) - 0.5 * np.einsum("kd,dk->k", means, weights)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return classes, shares / shares.sum(axis=1, keepdims=True)
