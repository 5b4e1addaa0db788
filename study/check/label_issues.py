"""Suspected label errors: images that a classifier trained on the others gives another label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from data.duplicates import Pair, groups
from data.folder import ImageRecord
from study.check.image_issues import Issue
from study.inference import label_errors
from study.inference.same_scene import reduce

SUSPECTED_LABEL_ERROR = "looks like another class"  # the kind of finding
NEIGHBOURS = 3  # of each of both classes


@dataclass(frozen=True)
class Suspect:
    """An image whose label is probably wrong; images are named by their index in the scan.

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
    like_given: tuple[int, ...]
    like_suggested: tuple[int, ...]


def find(images: Sequence[ImageRecord], rows: np.ndarray, features: np.ndarray, pairs: Iterable[Pair]) -> list[Suspect]:
    """Return the images whose label is probably wrong, the least probable label first.

    Classes that cannot be divided into folds are left out.

    Args:
        images: of the scan.
        rows: the indices of those that have features, (m,).
        features: of these, float32 (m, features).
        pairs: near duplicates, by index into `images`: a classifier must not learn from the copy of an image.
    """
    units = groups([*pairs, *of_one_group(images)], len(images))[rows]
    labels = np.array([images[i].label for i in rows])
    enough = [label for label in np.unique(labels) if len(set(units[labels == label])) >= label_errors.FOLDS]
    judged = np.flatnonzero(np.isin(labels, enough))
    reduced, _ = reduce(features[judged])
    if len(enough) < 2 or not reduced.any():
        return []
    names, given = np.unique(labels[judged], return_inverse=True)
    probabilities = label_errors.out_of_fold(reduced / reduced.std(), given, units[judged])
    found = []
    for row in label_errors.suspects(given, probabilities).tolist():
        true = int(probabilities[row].argmax())
        alike = [rows[judged[nearest(reduced, row, given == which)]].tolist() for which in (given[row], true)]
        found.append(
            Suspect(
                int(rows[judged[row]]),
                str(names[given[row]]),
                str(names[true]),
                float(probabilities[row, given[row]]),
                float(probabilities[row, true]),
                *map(tuple, alike),
            )
        )
    return found


def of_one_group(images: Sequence[ImageRecord]) -> list[Pair]:
    """Pair each image of a named group with the first of that group."""
    first: dict[str, int] = {}
    return [
        Pair(start, i, 1.0)
        for i, image in enumerate(images)
        if image.group and (start := first.setdefault(image.group, i)) != i
    ]


def nearest(reduced: np.ndarray, row: int, among: np.ndarray) -> np.ndarray:
    """Return the rows, of those that `among` marks, most like a row but it, by the cosine of the angle between them."""
    others = np.flatnonzero(among)
    others = others[others != row]
    lengths = np.linalg.norm(reduced[others], axis=1) * np.linalg.norm(reduced[row])
    cosines = reduced[others] @ reduced[row] / np.maximum(lengths, 1e-12)
    return others[np.argsort(-cosines, kind="stable")[:NEIGHBOURS]]


def as_issues(suspects: Iterable[Suspect], images: Sequence[ImageRecord]) -> list[Issue]:
    """Return suspects as findings."""
    issues = []
    for suspect in suspects:
        name, similar = images[suspect.image].name, images[suspect.like_suggested[0]].name
        detail = (
            f"{suspect.suggested} {suspect.other:.0%}, {suspect.given} {suspect.own:.1%} to a classifier that learned "
            f"from others; the most similar one is {similar}"
        )
        issues.append(Issue(name, SUSPECTED_LABEL_ERROR, detail, similar, "warning"))
    return issues
