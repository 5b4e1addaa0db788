"""Suspected label errors: images that a classifier trained on the others gives another label."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from data.duplicates import Pair, groups
from data.folder import ImageRecord
from study.check.image_issues import Issue
from study.inference import label_errors
from study.inference.components import reduce
from study.inference.label_errors import Suspect

SUSPECTED_LABEL_ERROR = "looks like another class"  # the kind of finding


def find(
    images: Sequence[ImageRecord],
    rows: np.ndarray,
    features: np.ndarray,
    pairs: Iterable[Pair],
    components: np.ndarray | None = None,
    note: Callable[[str], None] = lambda line: None,
) -> list[Suspect]:
    """Return the images whose label is probably wrong, the least probable label first.

    Classes that cannot be divided into folds are left out.

    Args:
        images: of the scan.
        rows: the indices of those that have features, (m,).
        features: of these, float32 (m, features).
        pairs: near duplicates, by index into `images`: a classifier must not learn from the copy of an image.
        components: `reduce` of the features, if it is known.
        note: is told where folds could not be divided as often as usual.
    """
    units = groups([*pairs, *of_one_group(images)], len(images))[rows]
    labels = np.array([images[i].label for i in rows])
    enough = [label for label in np.unique(labels) if len(set(units[labels == label])) >= label_errors.FOLDS]
    judged = np.flatnonzero(np.isin(labels, enough))
    all_judged = components is not None and len(judged) == len(rows)
    reduced = components if all_judged else reduce(features[judged])[0]
    if len(enough) < 2 or not reduced.any():
        return []
    names, given = np.unique(labels[judged], return_inverse=True)
    probabilities = label_errors.out_of_fold(reduced / reduced.std(), given, units[judged], note)
    found = label_errors.find(given, probabilities, names, reduced)
    return [in_scan(suspect, rows[judged]) for suspect in found]


def in_scan(suspect: Suspect, rows: np.ndarray) -> Suspect:
    """Return a suspect with images named by their index in the scan, `rows` of it, instead of by row."""
    image, given, suggested = rows[suspect.image], rows[[*suspect.like_given]], rows[[*suspect.like_suggested]]
    return replace(
        suspect, image=int(image), like_given=tuple(given.tolist()), like_suggested=tuple(suggested.tolist())
    )


def of_one_group(images: Sequence[ImageRecord]) -> list[Pair]:
    """Pair each image of a named group with the first of that group."""
    first: dict[str, int] = {}
    return [
        Pair(start, i, 1.0)
        for i, image in enumerate(images)
        if image.group and (start := first.setdefault(image.group, i)) != i
    ]


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
