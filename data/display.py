"""Images for a person's eyes: by the decoder that training reads with, but larger than a network takes them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from data import crop, image
from data.pixel_range import Ranges

FRAME = (255, 220, 0)  # around what is cut out


class Shown(NamedTuple):
    """An image as a person sees it, whole, and the square that a network sees of it, uint8 (side, side, 3)."""

    whole: Image.Image
    square: np.ndarray


def enlarged(path: Path, side: int, ranges: Ranges | None, box: crop.Box | None = None) -> Image.Image | None:
    """Return an image with `side` pixels at its longer side, or fewer where it has no more; None where it is gone.

    `box`: what it was cut to, which is framed.
    """
    try:
        with image.content_of(path) as content, image.decoded(content, None if box else side, ranges) as rgb:
            large = framed(rgb, box, side) if box else rgb.copy()
    except (OSError, image.ImageError, crop.OutsideError):
        return None
    large.thumbnail((side, side))
    return large


def framed(rgb: Image.Image, box: crop.Box, side: int) -> Image.Image:
    """Return an image with `side` pixels at its longer side, or fewer, with a frame around what is cut out of it."""
    scale = min(1.0, side / max(rgb.size))
    small = rgb.resize(tuple(max(1, round(length * scale)) for length in rgb.size), reducing_gap=3.0)
    left, top, right, bottom = (round(edge * scale) for edge in crop.around(box, *rgb.size))
    pen = ImageDraw.Draw(small)
    for out, colour in ((0, FRAME), (1, (0, 0, 0))):  # bright within dark: seen on any ground
        place = left - out, top - out, max(left, right - 1) + out, max(top, bottom - 1) + out
        pen.rectangle(place, outline=colour)
    return small


def show(path: Path, sha256: str, side: int, rule: str, ranges: Ranges | None, box: crop.Box | None) -> Shown | str:
    """Return an image and the square that `rule` makes of it, or the reason why it cannot be shown any more.

    Args:
        path: of the file.
        sha256: of the content that was learned from or predicted for.
        side: pixels of the longer side of the whole, or fewer where it has no more, and of the square.
        rule: how it becomes square.
        ranges: what is black and white in files that do not state it.
        box: what it is cut to before it becomes square; the cut is framed in the whole.
    """
    try:
        with image.content_of(path) as content:
            if hashlib.sha256(content).hexdigest() != sha256:
                return "the file was changed after it was read"
            with image.decoded(content, None if box else side, ranges) as rgb:
                seen = rgb.crop(crop.around(box, *rgb.size)) if box else rgb
                whole, square = framed(rgb, box, side) if box else rgb.copy(), image.resize(seen, side, rule)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except (image.ImageError, crop.OutsideError) as error:
        return str(error)
    whole.thumbnail((side, side))
    return Shown(whole, square)
