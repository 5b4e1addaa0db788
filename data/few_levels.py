"""Images of which little is left between black and white: a network sees next to nothing in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from data.first_pass import DEEP, Survey
from data.pixel_range import FULL, KINDS, Ranges, shown

FEW = 20  # levels: of an image that has fewer, something was lost, or it is nearly plain
CHUNK = 64  # images looked at together


def lines(names: Sequence[str], pixels: np.ndarray, prints: np.ndarray, surveyed: Survey) -> list[str]:
    """Say of how many images little is left between black and white, and why, a line for each reason.

    Args:
        names: of the images, n of them.
        pixels: of each, uint8 (n, size, size, 3); only those that may be meant are cut out of it.
        prints: their fingerprints.
        surveyed: what was known of them before.
    """
    spread = np.ptp(prints.reshape(len(prints), prints.shape[1] // 3, 3), axis=1).max(axis=1)
    suspects = np.flatnonzero(spread < FEW - 1)  # the print is a thumbnail, which evens out fine patterns
    few = defaultdict(list)
    for first in range(0, len(suspects), CHUNK):
        rows = suspects[first : first + CHUNK]
        for row, one in zip(rows.tolist(), pixels[rows], strict=True):
            if np.ptp(one.reshape(-1, 3), axis=0).max() < FEW - 1:
                few[surveyed.peeks[row].kind].append(f"{names[row]} ({one.min()} to {one.max()} of 255)")
    return [
        f"careful: {len(found):,} of {len(names):,} images have fewer than {FEW} levels, such as {found[0]}: "
        f"{why_few(kind, surveyed.ranges)}"
        for kind, found in few.items()
    ]


def why_few(kind: str, ranges: Ranges) -> str:
    """Say why images of a kind of values may have few levels."""
    if kind in KINDS:
        return f"their values fill little of the range {shown(ranges.get(kind, FULL))}; `range` gives another"
    if kind == DEEP:
        return "of 16-bit colours the upper 8 bits are read, and theirs stand in the lower ones: save them as 8 bits"
    return "they are nearly of one colour in the file itself"
