"""What is cut out of an image around a box: the square that a network is to see.

A box is left, top, right and bottom in pixels of the image seen upright, right and bottom exclusive.
"""

import hashlib
import math

Box = tuple[int, int, int, int]
MARGIN = 0.1  # of the longer side of a box, on each side
VERSION = 1  # of what is cut out around a box: raise it whenever that comes out differently


class OutsideError(ValueError):
    """A box lies beside its image."""


def around(box: Box, width: int, height: int) -> Box:
    """Return the square around a box, with a margin; where the image ends, less. Raise OutsideError for one beside it.

    A square, as the rule that makes one of an image would else cut the animal's ends off or squeeze it.
    """
    left, top, right, bottom = max(0, box[0]), max(0, box[1]), min(width, box[2]), min(height, box[3])
    if left >= right or top >= bottom:
        raise OutsideError(f"its box {','.join(map(str, box))} lies outside of its {width}×{height} pixels")
    side = math.ceil(max(right - left, bottom - top) * (1 + 2 * MARGIN))
    (left, right), (top, bottom) = _stretch(left, right, side, width), _stretch(top, bottom, side, height)
    return left, top, right, bottom


def _stretch(first: int, last: int, side: int, end: int) -> tuple[int, int]:
    side = min(side, end)
    start = min(max(0, (first + last - side) // 2), end - side)
    return start, start + side


def key_of(key: str, box: Box) -> str:
    """Return the key in the store of a cut image, by that of the whole one."""
    return hashlib.sha256(f"{key} cut {VERSION} {MARGIN} {box}".encode()).hexdigest()
