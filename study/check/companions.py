"""Masks and thumbnails among the photos of a class: told by their names, and masks by their few flat colours too."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from data import companions
from data.folder import ImageRecord
from study.check.image_issues import Issue
from study.check.image_statistics import ImageStatistics

BY_NAME, BY_COLOUR = "masks or thumbnails", "few colours"  # kinds of finding
MOST_COLOURS = 4  # of a mask: background, object, rim, one more
LEAST_SHARE = 0.02  # of the pixels, from which on a colour counts: a line drawing has thinner lines
COVERED = 0.8  # of the pixels, by these colours: edges of a thumbnail are smoothed
LEAST, OF_CLASS = companions.LEAST_IMAGES, companions.LEAST_SHARE  # images of a class, from which on they are told
OF_ALL = 0.8  # of all images: beyond, these are data of drawings
CHUNK = 256  # thumbnails looked at together


def find(
    images: Sequence[ImageRecord],
    statistics: Sequence[ImageStatistics | str],
    thumbnails: np.ndarray,
    several_labels: bool = False,
) -> Iterator[Issue]:
    """Yield a finding on each class that has many of them, and one on each image by its name, for its drop cell.

    Where an image may have several labels, or none, all of them are one class.
    """
    if several_labels:
        images = [replace(image, label=".") for image in images]
    named = set()
    for found in companions.find(images):
        detail = f"{found.text} Fill in the drop cells of these images for train --exclude, or move them away"
        yield Issue(found.label, BY_NAME, detail, severity="warning")
        for name, other, suffix in found.images:
            named.add(name)
            yield Issue(name, BY_NAME, f"named like {other} plus {suffix}", other)
    usable = [i for i, stats in enumerate(statistics) if isinstance(stats, ImageStatistics)]
    flat = [i for i, few in zip(usable, has_few_colours(thumbnails[usable]), strict=True) if few]
    if len(flat) > OF_ALL * len(usable):
        return
    totals, of_class = Counter(images[i].label for i in usable), defaultdict(list)
    for i in flat:
        if images[i].name not in named:
            of_class[images[i].label].append(images[i].name)
    for label, own in of_class.items():
        if len(own) >= max(LEAST, OF_CLASS * totals[label]):
            detail = (
                f"{len(own):,} of {totals[label]:,} images have only 2 to {MOST_COLOURS} flat colours, such as "
                f"{own[0]}: masks, not photos? Drawings may look so too"
            )
            yield Issue(label, BY_COLOUR, detail, severity="warning")


def has_few_colours(thumbnails: np.ndarray) -> np.ndarray:
    """Say which thumbnails, uint8 (n, side, side, 3), consist of a few colours in large areas, as masks do."""
    few = np.zeros(len(thumbnails), bool)
    for first in range(0, len(thumbnails), CHUNK):
        chunk = thumbnails[first : first + CHUNK]
        here = chunk[:, :-1, :-1]
        flat = ((here == chunk[:, 1:, :-1]) & (here == chunk[:, :-1, 1:])).all(axis=-1)
        for i in np.flatnonzero(flat.mean(axis=(1, 2)) >= COVERED):
            _, counts = np.unique(here[i][flat[i]], axis=0, return_counts=True)
            areas = counts[counts >= LEAST_SHARE * flat[i].size]
            few[first + i] = 2 <= len(areas) <= MOST_COLOURS and areas.sum() >= COVERED * flat[i].size
    return few
