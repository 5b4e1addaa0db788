"""What an image file says of itself, before any of its pixels are decoded."""

from __future__ import annotations

import contextlib
import re
import warnings
from typing import BinaryIO, NamedTuple

from PIL import Image

from data import tiff
from data.formats import FORMATS, HEAD, MAX_PIXELS, ImageError, explain, foreign, format_of

TURN_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_QUIET = ("ignore", None, Warning, re.compile(r"PIL\."), 0)  # how `warnings` writes down the filter set below


class Header(NamedTuple):
    """What a file says of its first image: pixels as seen upright, EXIF orientation 1..8, images in the file."""

    format: str
    width: int
    height: int
    orientation: int
    frames: int
    mode: str


def header(file: BinaryIO) -> Header:
    """Read what a file says of itself, no pixels; call it on what `decode` has taken, as it explains no failure."""
    silence_pillow()
    try:
        image = Image.open(file, formats=FORMATS)
    except Image.UnidentifiedImageError:
        file.seek(0)
        found = tiff.about(file)
        width, height = (found.height, found.width) if found.orientation >= 5 else (found.width, found.height)
        turn = found.orientation if found.orientation in TURN_UPRIGHT else 1
        return Header("TIFF", width, height, turn, found.pages, found.mode)
    form, mode, (width, height) = image.format or "", image.mode, image.size
    if form == "TIFF":  # some versions of Pillow tell the size upright, others as it is stored
        width, height = image.tag_v2[256], image.tag_v2[257]
        bands = image.tag_v2.get(277, 1)
        mode = mode if bands <= len(image.getbands()) else f"{mode} of {bands} bands"
    turn, frames = orientation_of(image), 1
    turn = turn if turn in TURN_UPRIGHT else 1
    if turn >= 5:  # stored on its side
        width, height = height, width
    with contextlib.suppress(Exception):  # a broken later frame: the first one is sound
        frames = getattr(image, "n_frames", 1)
    return Header(form, width, height, turn, frames, mode)


def glance(file: BinaryIO) -> None:
    """Raise ImageError where the header of a large file says that reading the rest is of no use."""
    silence_pillow()
    head = file.read(HEAD)
    if foreign(head) or not format_of(head):
        raise explain(Image.UnidentifiedImageError(), head)
    file.seek(0)
    try:
        width, height = Image.open(file, formats=FORMATS).size
    except Image.DecompressionBombError as error:
        raise explain(error, head) from error
    except Exception:  # what is wrong is told when it is decoded
        width = height = 0
    check_size(width, height)
    file.seek(0)


def check_size(width: int, height: int, more: str = "", most: int = MAX_PIXELS) -> None:
    """Raise ImageError for more pixels than `most`; `more` says what else than width and height they come of."""
    if width * height > most:
        raise ImageError("too large", f"too large: {width}×{height} pixels{more}, the limit is {most:,} in all")


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation of an image as its file has it; 1, upright, where that has none."""
    with contextlib.suppress(Exception):  # a broken EXIF block: the image itself is sound
        return int(image.getexif().get(0x0112, 1))
    return 1


def silence_pillow() -> None:
    """Keep Pillow's warnings off the screen.

    Asked before each image, as catch_warnings() elsewhere (pytest's, say) drops the filter on leaving; used here,
    catch_warnings() would not be safe in threads. Once in place, this costs one comparison.
    """
    if warnings.filters[:1] != [_QUIET]:
        warnings.filterwarnings("ignore", module=_QUIET[3].pattern)
