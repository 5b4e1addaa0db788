"""From the bytes of a file to pixels: the one decoder that training, evaluation and prediction share.

Colours are taken as the file stores them: an embedded ICC profile (Adobe RGB, Display P3 …) is not applied.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, _imaging

from data import crop, pixel_range, tiff, to_rgb
from data.cores import cores
from data.formats import FORMATS, HEAD, MAX_PIXELS, ImageError, explain, foreign, format_of, is_cut
from data.header import TURN_UPRIGHT, check_size, glance, orientation_of, silence_pillow
from data.in_flight import Budget
from data.pixel_range import Ranges
from data.resize import resize

MAX_BYTES = 2**30  # of a file: what is larger would have more pixels than that, or be no image
LARGE_FILE = 2**26  # bytes: of such files one is read at a time, and its header before the rest
WORKERS = cores()  # threads suffice: Pillow lets go of Python's lock while it decodes
DRAFT_MARGIN = 2  # see `load`

_IN_FLIGHT = Budget(MAX_PIXELS)  # pixels that all threads together decode at a time
_LARGE = 2**25  # pixels: before so large an image, what earlier ones took goes back to the operating system
_ONE_LARGE = threading.Lock()

logging.getLogger("PIL").addHandler(logging.NullHandler())  # else Python prints Pillow's errors for want of a handler
with contextlib.suppress(OSError, AttributeError):  # libtiff prints its own past Python; not every build shows it
    ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)
    ctypes.CDLL(_imaging.__file__).TIFFSetWarningHandler(None)


def is_too_large(path: Path) -> bool:
    """Say whether a file has more bytes than an image may have."""
    try:
        return path.stat().st_size > MAX_BYTES
    except OSError:
        return False


@contextlib.contextmanager
def content_of(path: Path) -> Iterator[bytes]:
    """Give the bytes of a file, of large ones one at a time.

    Raises:
        ImageError: it is too large, by its size or by its header, or a large file that is no image.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ImageError("too large", f"too large: a file of {size / 2**30:,.1f} GiB, the limit is 1 GiB")
    with _ONE_LARGE if size > LARGE_FILE else contextlib.nullcontext(), path.open("rb") as file:
        if size > LARGE_FILE:
            glance(file)
        try:
            yield file.read()
        except MemoryError as error:
            raise explain(error, b"") from error


def load(
    content: bytes,
    size: int,
    rule: str,
    ranges: Ranges | None = None,
    most: int = MAX_PIXELS,
    box: crop.Box | None = None,
) -> np.ndarray:
    """Give uint8 pixels of shape (size, size, 3), RGB; raise ImageError where `decode` does, or above `most` pixels.

    With a box, the image is cut to the square around that first. Raise OutsideError for a box beside the image.

    A large JPEG is decoded at a fraction of its size, twice as large as it has to be: `benchmarks/phone_photos.py`.
    """
    # In full for a box: its pixels are those of the full image, and of a small box each is needed.
    with decoded(content, None if box else DRAFT_MARGIN * size, ranges, most) as rgb:
        return resize(rgb.crop(crop.around(box, *rgb.size)) if box else rgb, size, rule)


def decode(content: bytes, min_side: int | None = None, ranges: Ranges | None = None) -> Image.Image:
    """Give the image in a file's bytes, as `decoded` does."""
    with decoded(content, min_side, ranges) as rgb:
        return rgb


@contextlib.contextmanager
def decoded(
    content: bytes, min_side: int | None = None, ranges: Ranges | None = None, most: int = MAX_PIXELS
) -> Iterator[Image.Image]:
    """Give the image in a file's bytes, or the first frame: RGB, upright, transparency laid over white.

    Where that would lose the drawing, white on transparent, it is laid over black. While the block lasts, the pixels
    count among those that all threads together may hold.

    Args:
        content: of the file.
        min_side: a large JPEG may come out 2, 4 or 8 times smaller, never below so many pixels a side: it is faster.
        ranges: what is black and white in files that do not state it; None: each by its own customary scale.
        most: pixels that an image may have.

    Raises:
        ImageError: whatever cannot be decoded, and nothing else; broken metadata alone is no reason.
    """
    if not content:
        raise ImageError("empty", "the file is empty")
    with contextlib.ExitStack() as held:
        with _explained(content):
            rgb, turn = _first_image(content, min_side, ranges, most, held)
            upright = TURN_UPRIGHT.get(turn)
            rgb = rgb if upright is None else rgb.transpose(upright)
            rgb.info.clear()  # an orientation left in here would be applied twice by the next reader
        yield rgb


def stored_values(content: bytes) -> np.ndarray:
    """Give the values of a file that does not state their range, as stored. Raise ImageError as `decode` does."""
    with contextlib.ExitStack() as held, _explained(content):
        image = _open(content)
        if image is None:
            return _stored_values(content, held)[0]
        check_size(image.width, image.height)
        held.enter_context(_room_for(image.width * image.height))
        stored_as = to_rgb.stored_layout(image)
        image.load()
        return to_rgb.values_of(image, stored_as)


@contextlib.contextmanager
def _room_for(pixels: int) -> Iterator[None]:
    with _IN_FLIGHT.spend(pixels):
        if pixels > _LARGE:
            with contextlib.suppress(OSError, AttributeError, TypeError):  # glibc keeps up to 1 GB for each thread
                ctypes.CDLL(None).malloc_trim(0)
        yield


@contextlib.contextmanager
def _explained(content: bytes) -> Iterator[None]:
    try:
        yield
    except ImageError:
        raise
    except Exception as error:  # hostile bytes draw nearly every built-in exception out of Pillow
        raise explain(error, content) from error


def _open(content: bytes) -> Image.Image | None:
    # None: a TIFF that Pillow does not know how to read.
    silence_pillow()
    head = content[:HEAD]
    if found := foreign(head):
        raise found
    form = format_of(head)
    if not form:
        raise Image.UnidentifiedImageError
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.UnidentifiedImageError:
        if form != "TIFF" or is_cut(content, form):
            raise
        return None
    if form == "TIFF" and tiff.is_raw(image.tag_v2):  # what it shows is a small preview
        raise tiff.raw()
    return image


def _first_image(
    content: bytes, min_side: int | None, ranges: Ranges | None, most: int, held: contextlib.ExitStack
) -> tuple[Image.Image, int]:
    """Return the first image of a file, RGB, and its EXIF orientation."""
    image = _open(content)
    if image is None:
        values, inverted, found = _stored_values(content, held, most)
        levels = to_rgb.levels_of(values, pixel_range.kind_of(values.dtype), ranges)
        return Image.fromarray(255 - levels if inverted else levels).convert("RGB"), found.orientation
    check_size(image.width, image.height, most=most)
    if min_side is not None:
        image.draft(None, (min_side, min_side))  # a square, so that it holds whichever way up the image is
    held.enter_context(_room_for(image.width * image.height))
    stored_as = to_rgb.stored_layout(image)
    image.load()
    return to_rgb.to_rgb(image, stored_as, ranges), orientation_of(image)


def _stored_values(
    content: bytes, held: contextlib.ExitStack, most: int = MAX_PIXELS
) -> tuple[np.ndarray, bool, tiff.About]:
    found = tiff.about(io.BytesIO(content))
    thirds = max(1, found.bands // 3)  # of many bands all are read before three are taken
    check_size(found.width * thirds, found.height, f" of {found.bands} bands" if thirds > 1 else "", most)
    held.enter_context(_room_for(found.width * found.height * thirds))
    return *tiff.values(content), found
