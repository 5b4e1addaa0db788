"""Images for a person's eyes: by the decoder that training reads with, but larger than a network takes them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from data import image
from data.pixel_range import Ranges


class Shown(NamedTuple):
    """An image as a person sees it, whole, and the square that a network sees of it, uint8 (side, side, 3)."""

    whole: Image.Image
    square: np.ndarray


def enlarged(path: Path, side: int, ranges: Ranges | None) -> Image.Image | None:
    """Return an image with `side` pixels at its longer side, or fewer where it has no more; None where it is gone."""
    try:
        with image.content_of(path) as content, image.decoded(content, side, ranges) as rgb:
            large = rgb.copy()
    except (OSError, image.ImageError):
        return None
    large.thumbnail((side, side))
    return large


def show(path: Path, sha256: str, side: int, rule: str, ranges: Ranges | None) -> Shown | str:
    """Return an image and the square that `rule` makes of it, or the reason why it cannot be shown any more.

    Args:
        path: of the file.
        sha256: of the content that was learned from or predicted for.
        side: pixels of the longer side of the whole, or fewer where it has no more, and of the square.
        rule: how it becomes square.
        ranges: what is black and white in files that do not state it.
    """
    try:
        with image.content_of(path) as content:
            if hashlib.sha256(content).hexdigest() != sha256:
                return "the file was changed after it was read"
            with image.decoded(content, side, ranges) as rgb:
                whole, square = rgb.copy(), image.resize(rgb, side, rule)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except image.ImageError as error:
        return str(error)
    whole.thumbnail((side, side))
    return Shown(whole, square)
