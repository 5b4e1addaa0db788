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
    has = np.zeros((len(usable), len(scan.class_names)), np.float32)
    column = {name: i for i, name in enumerate(scan.class_names)}
    for row, image in enumerate(usable):
        has[row, [column[name] for name in scan.labels_of(image)]] = 1
    yield from companions(scan.class_names, has)


def companions(names: Sequence[str], has: np.ndarray) -> Iterator[Issue]:
    """Yield the labels that every image has, that come with each other alone, and that never come alone.

    `has`: 0 and 1, float32 (images, labels), which counts exactly below 2 ** 24 images.
    """
    together = has.T @ has  # images that have both; of a label and itself, its images
    totals, alone = together.diagonal(), has[has.sum(axis=1) == 1].sum(axis=0)
    always = (together == totals[:, None]) & (totals[:, None] > 0)  # each image of the row's label has the column's
    for i, name in enumerate(names):
        count = int(totals[i])
        if count < LEAST:
            continue
        if count == len(has):
            detail = f"all {count:,} images have it: there is nothing to tell it from"
            yield Issue(name, EVERYWHERE, detail, severity="warning")
            continue
        others = [j for j in np.flatnonzero(always[i]).tolist() if j != i and totals[j] < len(has)]
        if same := [names[j] for j in others if always[j, i]]:
            detail = f"its {count:,} images are those of {listed(same, NAMED)}: no network can tell them apart"
            yield Issue(name, TOGETHER, detail, same[0], "warning")
        elif not alone[i]:
            implied = [names[j] for j in others]
            on_all = f", and all have {listed(implied, NAMED)}" if implied else ""
            yield Issue(name, NEVER_ALONE, f"each of its {count:,} images has another label too{on_all}")
