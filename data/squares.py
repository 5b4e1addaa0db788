"""An image at several sizes as one array: its squares one below the other, the largest first, 0 beside the others.

Networks that stand side by side each take the size that they were trained with. Each square is decoded and resized by
itself, so that a network sees the very pixels that it sees alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np

Size = int | tuple[int, ...]  # side of the images in pixels; several, all different, the largest first


def sides_of(size: Size) -> tuple[int, ...]:
    """Return the sides of an image's squares."""
    return (size,) if isinstance(size, int) else size


def text_of(size: Size) -> str:
    """`260 × 260 and 224 × 224`."""
    return " and ".join(f"{side} × {side}" for side in sides_of(size))


def shape_of(size: Size) -> tuple[int, int, int]:
    """Return the shape of the array of an image."""
    sides = sides_of(size)
    return sum(sides), sides[0], 3


def tops(sides: Sequence[int]) -> list[int]:
    """Return the row in which each square begins."""
    return [0, *accumulate(sides)][:-1]


def pack(squares: Sequence[np.ndarray]) -> np.ndarray:
    """Put squares one below the other: uint8 (…, side, side, 3) each, the largest first -> (…, height, largest, 3)."""
    if len(squares) == 1:
        return squares[0]
    sides = [square.shape[-2] for square in squares]
    packed = np.zeros((*squares[0].shape[:-3], *shape_of(tuple(sides))), np.uint8)
    for square, top, side in zip(squares, tops(sides), sides, strict=True):
        packed[..., top : top + side, :side, :] = square
    return packed


def unpack(packed: np.ndarray, size: Size) -> list[np.ndarray]:
    """Return the squares of images, (…, side, side, 3) each."""
    sides = sides_of(size)
    return [packed[..., top : top + side, :side, :] for top, side in zip(tops(sides), sides, strict=True)]


def by_square(change: Callable[[np.ndarray], np.ndarray], size: Size) -> Callable[[np.ndarray], np.ndarray]:
    """Return what changes each square of images, (n, height, largest, 3), as `change` does (n, side, side, 3)."""
    if isinstance(size, int):
        return change
    return lambda packed: pack([change(square) for square in unpack(packed, size)])
