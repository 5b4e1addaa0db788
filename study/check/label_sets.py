"""What can be said of labels where an image may have several, or none: which come together, and which never alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from data.folder import ImageRecord, Scan
from data.names import listed, split_labels
from study.check.image_issues import Issue

OTHER_LABELS, NO_LABEL, NEVER_ALONE = "other labels", "no label", "never alone"  # kinds of findings
TOGETHER, EVERYWHERE, NOT_LOOKED_FOR = "always together", "on every image", "not looked for"
LEAST = 10  # images of a label, from which on it says something that it never comes alone
NAMED = 5  # labels in a line
CHUNK = 4096  # images counted at a time
NEEDS_ONE = (
    "suspected wrong labels, images far from the middle of their class and class weights: they need one class an image"
)


def told(label: str) -> str:
    """Return what stands in a sentence for the labels of an image."""
    return " and ".join(split_labels(label)) or "no label"


def find(scan: Scan, usable: Sequence[ImageRecord]) -> Iterator[Issue]:
    """Yield the findings on sets of labels, of the images that can be decoded; and what is not looked for."""
    yield Issue(".", NOT_LOOKED_FOR, NEEDS_ONE)
    if without := [image.name for image in usable if not image.label]:
        counted = f"{len(without):,} of {len(usable):,} images have no label, such as {without[0]}"
        detail = f"{counted}: learned as having none; leave those out that nobody has labelled"
        yield Issue(".", NO_LABEL, detail)
    together, alone = count_together(scan, usable)
    yield from companions(scan.class_names, together, alone, len(usable))


def count_together(scan: Scan, images: Sequence[ImageRecord]) -> tuple[np.ndarray, np.ndarray]:
    """Return how many images have both of two labels, of a label and itself its images; and how many have it alone."""
    column = {name: i for i, name in enumerate(scan.class_names)}
    together, alone = np.zeros((len(column), len(column)), int), np.zeros(len(column), int)
    for first in range(0, len(images), CHUNK):
        chunk = images[first : first + CHUNK]
        has = np.zeros((len(chunk), len(column)), np.float32)
        for row, image in enumerate(chunk):
            has[row, [column[name] for name in scan.labels_of(image)]] = 1
        together += (has.T @ has).astype(int)
        alone += has[has.sum(axis=1) == 1].sum(axis=0).astype(int)
    return together, alone


def companions(names: Sequence[str], together: np.ndarray, alone: np.ndarray, images: int) -> Iterator[Issue]:
    """Yield the labels that every image has, that come with each other alone, and that never come alone.

    `together` and `alone` are those of `count_together`, of so many images.
    """
    totals = together.diagonal()
    always = (together == totals[:, None]) & (totals[:, None] > 0)  # each image of the row's label has the column's
    for i, name in enumerate(names):
        count = int(totals[i])
        if count < LEAST:
            continue
        if count == images:
            detail = f"all {count:,} images have it: there is nothing to tell it from"
            yield Issue(name, EVERYWHERE, detail, severity="warning")
            continue
        others = [j for j in np.flatnonzero(always[i]).tolist() if j != i and totals[j] < images]
        if same := [names[j] for j in others if always[j, i]]:
            detail = f"its {count:,} images are those of {listed(same, NAMED)}: no network can tell them apart"
            yield Issue(name, TOGETHER, detail, same[0], "warning")
        elif not alone[i]:
            implied = [names[j] for j in others]
            on_all = f", and all have {listed(implied, NAMED)}" if implied else ""
            yield Issue(name, NEVER_ALONE, f"each of its {count:,} images has another label too{on_all}")
