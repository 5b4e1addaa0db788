"""What has to be known of a folder's files before the first is decoded: one range for those that do not state theirs.

It looks at the first bytes of every file, and at the pixels of such files only. What they showed is kept in the store.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import PIL
from PIL import Image

from data import image, pixel_range, tiff, to_rgb
from data.formats import FORMATS, HEAD, ImageError, format_of
from data.header import silence_pillow
from data.pixel_range import KINDS, Ranges
from data.store.hashes import hash_all
from data.store.rows import RowType
from data.store.store import Store
from data.store.threads import map_in_threads
from errors import UserError

DEEP = "16-bit colour"  # beside `KINDS`: its range is stated, and its upper 8 bits are read
ENDS = RowType(f"ends of values (1, Pillow {PIL.__version__})", (3,), "float64")
OVER_GROUND = "ground 1"  # raise the number whenever transparent images come out differently
WHITE_IS_ZERO = "white is zero"  # such images of one of `KINDS` were negatives once


class Peek(NamedTuple):
    """What the start of a file tells: kind of its values, may it be transparent, what is not read, is 0 white."""

    kind: str = ""
    clear: bool = False
    partly: str = ""
    inverted: bool = False


@dataclass(frozen=True)
class Survey:
    """What is known of the files of a folder before they are decoded, n of them.

    Args:
        peeks: what the start of each tells.
        ranges: kind of values -> which are black and white.
        keys: under which the store has what was made of each: the hash of its content and of all else that counts.
    """

    peeks: Sequence[Peek]
    ranges: Ranges
    keys: Sequence[str]

    def of(self, rows: Sequence[int]) -> Survey:
        """Return what is known of some of the files."""
        return replace(self, peeks=[self.peeks[at] for at in rows], keys=[self.keys[at] for at in rows])

    def notes(self, names: Sequence[str], given: bool) -> list[str]:
        """Say for the screen what range is shown, and of which files only a part is read."""
        used = {peek.kind for peek in self.peeks}
        lines = [
            pixel_range.line(kind, ends)
            for kind, ends in self.ranges.items()
            if kind in used and (given or (kind, ends) != ("16-bit", pixel_range.FULL))
        ]
        files_of = defaultdict(list)
        for name, peek in zip(names, self.peeks, strict=True):
            files_of[peek.partly].append(name)
        return lines + [
            f"{len(files):,} image(s), such as {files[0]}, have {what}" for what, files in files_of.items() if what
        ]


def hashes_of(paths: Sequence[Path], advance: Callable[[], None] = lambda: None) -> list[str]:
    """Return `hash_all`'s, without reading files that are too large to be images; `advance` is called for each."""
    read = [path for path in paths if not image.is_too_large(path)]
    found = dict(zip(read, hash_all(read, advance), strict=True))
    for _ in range(len(paths) - len(read)):
        advance()
    return [found.get(path, "") for path in paths]


def survey(
    paths: Sequence[Path], hashes: Sequence[str], store: Store, given: tuple[float, float] | None = None
) -> Survey:
    """Look at the start of every file, and settle the ranges; `given` is that which the user asks for.

    Raises:
        UserError: a range is given, and no file is shown by it.
    """
    peeks = list(map_in_threads(peek, paths))
    members = defaultdict(list)
    for at, found in enumerate(peeks):
        if found.kind in KINDS:
            members[found.kind].append(at)
    if given is not None:
        if not members:
            raise UserError(
                "`range` is for images that do not state their range (16-bit grey, 32-bit integers, floating-point "
                "numbers), and here are none: leave it out."
            )
        ranges = dict.fromkeys(KINDS, given)
    else:
        ranges = {}
        for kind, rows in members.items():
            ends = ends_of([paths[at] for at in rows], [hashes[at] for at in rows], store)
            ranges[kind] = pixel_range.range_of(ends, kind)
    return Survey(peeks, ranges, [key_of(*pair, ranges) for pair in zip(hashes, peeks, strict=True)])


def key_of(sha256: str, found: Peek, ranges: Ranges) -> str:
    """Return the key in the store of what is made of a file: of an ordinary one the hash of its content."""
    more = f"{OVER_GROUND if found.clear else ''}{WHITE_IS_ZERO if found.inverted else ''}"
    if found.kind in ranges and (found.kind, ranges[found.kind]) != ("16-bit", pixel_range.FULL):
        more += f" range {ranges[found.kind]}"
    return hashlib.sha256(f"{sha256} {more}".encode()).hexdigest() if more and sha256 else sha256


def ends_of(paths: Sequence[Path], hashes: Sequence[str], store: Store) -> np.ndarray:
    """Return `pixel_range.ends_of` of each file, float64 (n, 3); NaN where it cannot be decoded."""
    ends = np.full((len(paths), 3), np.nan)
    missing = np.flatnonzero(~store.rows(ENDS, hashes).read_into(ends))

    def look(at: int) -> None:
        try:
            with image.content_of(paths[at]) as content:
                ends[at] = pixel_range.ends_of(image.stored_values(content))
        except (OSError, ImageError):  # told when it is decoded
            return
        keep.add(hashes[at], ends[at])

    with store.writer(ENDS) as keep, ThreadPoolExecutor(image.WORKERS) as pool:
        list(pool.map(look, missing.tolist()))
    return ends


def peek(path: Path) -> Peek:
    """Look at the start of one file; of what cannot be read nothing is told, as decoding does that."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            form = format_of(head)
            if form == "PNG" and head[24:25] == b"\x10":
                return Peek("16-bit" if head[25] == 0 else DEEP, _may_be_clear(form, head))
            if form in ("TIFF", "PPM", "JPEG2000"):
                file.seek(0)
                return _of_header(file)
            return Peek("", _may_be_clear(form, head))
    except Exception:  # hostile bytes draw nearly every built-in exception out of Pillow
        return Peek()


def _may_be_clear(form: str, head: bytes) -> bool:
    if form == "PNG":
        return head[25] in (4, 6) or b"tRNS" in head
    if form == "WEBP":
        return (head[12:16] == b"VP8X" and bool(head[20] & 16)) or (head[12:16] == b"VP8L" and bool(head[24] & 16))
    return form == "GIF" or (form == "AVIF" and b"auxiliary:alpha" in head)


def _of_header(file: BinaryIO) -> Peek:
    silence_pillow()
    try:
        opened = Image.open(file, formats=FORMATS)
    except Image.UnidentifiedImageError:
        file.seek(0)
        found = tiff.about(file)
        kind = pixel_range.kind_of(found.dtype)
        return Peek(kind, False, _partly(found.bands, found.read, found.pages))
    stored_as = to_rgb.stored_layout(opened)
    kind = to_rgb.kind_of(opened, stored_as) or (DEEP if ";16" in stored_as else "")
    clear = opened.has_transparency_data
    bands = opened.tag_v2.get(277, 1) if opened.format == "TIFF" else 1
    read = len(opened.getbands())
    pages = getattr(opened, "n_frames", 1)
    inverted = kind in KINDS and to_rgb.white_is_zero(opened)  # of the first page: `seek` reads the tags of another
    if pages > 1:
        opened.seek(1)
        pages = tiff.pages_of(pages, opened.tag_v2)
    return Peek(kind, clear, _partly(bands, read, pages), inverted)


def _partly(bands: int, read: int, pages: int) -> str:
    if pages > 1:
        return f"{pages} pages, of which the first is read"
    if bands > read:
        which = "first 3 are read, as red, green and blue" if read == 3 else "first is read, as grey"
        return f"{bands} bands, of which the {which}"
    return ""
