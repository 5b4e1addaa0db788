"""TIFF files that Pillow cannot read: other numbers of bands, 64-bit and 16-bit floating point, and what RAW is."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from data.formats import BROKEN, RAW, ImageError

if TYPE_CHECKING:
    from tifffile import TiffPage

MAX_BANDS = 4096
UNCOMPRESSED = "save it without compression"
_INVERTED, _GREY, _RGB = 0, 1, 2  # photometric interpretations
_DNG_VERSION, _SUB_IMAGES, _SUBFILE, _ORIENTATION = 50706, 330, 254, 274

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # else Python prints its complaints


class About(NamedTuple):
    """What a file says of its first page: pixels as stored, bands in it, type of their values, pages in the file."""

    width: int
    height: int
    bands: int
    dtype: np.dtype
    orientation: int
    pages: int

    @property
    def read(self) -> int:
        """Return how many bands are read: the first three as red, green and blue, else the first as grey."""
        return 3 if self.bands >= 3 else 1

    @property
    def mode(self) -> str:
        """Return in a word or two how the pixels are stored."""
        return f"{self.bands} × {self.dtype.name}" if self.bands > 1 else self.dtype.name


def about(file: BinaryIO) -> About:
    """Return what a file says of itself. Raise ImageError where its pixels cannot be read here."""
    from tifffile import TiffFile  # takes 0.3 s, and few need it

    with TiffFile(file) as opened:
        count = len(opened.pages)
        return _about(opened.pages[0], pages_of(count, opened.pages[1].tags if count > 1 else {}))


def values(content: bytes) -> tuple[np.ndarray, bool]:
    """Return the values of a file's first page, (height, width) or (height, width, 3), and whether 0 is white.

    Raises:
        ImageError: they cannot be read here.
    """
    from tifffile import TiffFile

    with TiffFile(io.BytesIO(content)) as opened:
        page = opened.pages[0]
        found = _about(page, 1)
        try:
            stored = page.asarray()
        except ValueError as error:  # tifffile unpacks little by itself
            raise ImageError(BROKEN, f"undecodable: {_told(page)}: {UNCOMPRESSED}") from error
    if page.axes == "SYX":
        stored = np.moveaxis(stored, 0, -1)
    if stored.ndim == 3:
        stored = stored[..., : found.read] if found.read > 1 else stored[..., 0]
    return np.ascontiguousarray(stored), page.photometric == _INVERTED


def raw() -> ImageError:
    """Return what is said of a RAW photo that is stored as TIFF."""
    return ImageError(BROKEN, RAW.format(maker=""))


def pages_of(count: int, second: object) -> int:
    """Return how many pages of its own a file has: where the tags of the second say preview or mask, one."""
    return 1 if count > 1 and _value(second, _SUBFILE) & 5 else count


def is_raw(tags: object) -> bool:
    """Say whether a TIFF's first page is that of a RAW photo: a small preview, or one that says it is a DNG."""
    return _DNG_VERSION in tags or (_SUB_IMAGES in tags and bool(_value(tags, _SUBFILE) & 1))


def _about(page: TiffPage, pages: int) -> About:
    if is_raw(page.tags):
        raise raw()
    sound = page.axes in ("YX", "YXS", "SYX") and page.dtype is not None and page.dtype.kind in "uif"
    if not sound or page.photometric not in (_INVERTED, _GREY, _RGB) or not 1 <= page.samplesperpixel <= MAX_BANDS:
        raise ImageError(BROKEN, f"undecodable: {_told(page)}, which is not read here: save it as grey or RGB")
    orientation = _value(page.tags, _ORIENTATION)
    return About(page.imagewidth, page.imagelength, page.samplesperpixel, page.dtype, orientation, pages)


def _told(page: TiffPage) -> str:
    colours = getattr(page.photometric, "name", page.photometric)
    values = page.dtype.name if page.dtype is not None else f"{page.bitspersample} bits"
    packed = getattr(page.compression, "name", page.compression)
    return f"a TIFF file of {page.samplesperpixel} band(s) of {values} ({colours}, compression {packed})"


def _value(tags: object, number: int) -> int:
    value = tags.get(number, 0)
    value = getattr(value, "value", value)  # tifffile's are objects, Pillow's plain values
    return int(value) if isinstance(value, int) else 0
