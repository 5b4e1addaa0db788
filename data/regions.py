"""Connected regions of a mask: the box of the largest one, in pixels of the image that the mask was made of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from data.connected import components
from data.crop import Box
from data.resize import padded_box


def largest(mask: np.ndarray, least: int = 1) -> Box | None:
    """Return the box of the largest region of a mask, bool (height, width); None of one below `least` pixels.

    Pixels that share a side are connected: each row is taken apart into runs, and runs that touch are joined.
    """
    padded = np.pad(mask.astype(np.int8), ((0, 0), (1, 1)))
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    region = components(_touching(rows.tolist(), starts.tolist(), ends.tolist()), len(rows))
    if not len(region):
        return None
    pixels = np.bincount(region, weights=ends - starts)
    best = region == pixels.argmax()
    if pixels.max() < least:
        return None
    return int(starts[best].min()), int(rows[best].min()), int(ends[best].max()), int(rows[best].max()) + 1


def _touching(rows: Sequence[int], starts: Sequence[int], ends: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of runs that touch, one above the other; runs are sorted by rows, then by starts."""
    above = 0
    for at in range(len(rows)):  # `above` is the first run above that does not end before this one begins
        while above < at and (rows[above] < rows[at] - 1 or (rows[above] < rows[at] and ends[above] <= starts[at])):
            above += 1
        run = above
        while run < at and rows[run] == rows[at] - 1 and starts[run] < ends[at]:
            yield run, at
            run += 1


def in_image(box: Box, size: int, width: int, height: int, rule: str) -> Box:
    """Return the box in an image of that in the square of `size` pixels which a resize rule made of it."""
    if rule == "crop":
        side = min(width, height)
        left, top, inner_width, inner_height, wide, high = 0, 0, size, size, side, side
        beside = ((width - side) / 2, (height - side) / 2)
    else:
        placed = padded_box(width, height, size) if rule == "pad" else (0, 0, size, size)
        left, top, inner_width, inner_height = placed
        wide, high, beside = width, height, (0, 0)
    xs = [(x - left) * wide / inner_width + beside[0] for x in (box[0], box[2])]
    ys = [(y - top) * high / inner_height + beside[1] for y in (box[1], box[3])]
    return (
        max(0, math.floor(xs[0])),
        max(0, math.floor(ys[0])),
        min(width, math.ceil(xs[1])),
        min(height, math.ceil(ys[1])),
    )
