"""Every image at the model's size, by its content: decoded once and kept in the store, or streamed from the files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import PIL

from data import image
from data.crop import Box, OutsideError
from data.duplicates import fingerprints
from data.folder import ImageRecord
from data.image import WORKERS
from data.pixel_range import Ranges
from data.squares import Size, pack, shape_of, sides_of
from data.store.rows import Rows, RowType
from data.store.store import Store
from data.thumbnails import PRINT
from errors import UserError

# Of the rows in the store: raise the number whenever pixels or fingerprints come out differently.
VERSION = f"1, Pillow {PIL.__version__}"
TOGETHER = 512  # images whose pixels are held at a time


class Pixels:
    """An array of images, uint8 RGB (n, size, size, 3), that is cut out of the store or decoded when it is asked for.

    Args:
        files: where each image is, n of them.
        sha256: hash of each file's content.
        rule: how an image becomes square.
        rows: what the store has of them; the rest is decoded, anew each time.
        ranges: what is black and white in files that do not state it.
        boxes: what each is cut to, None for the whole; by default all are whole.
    """

    dtype = np.dtype(np.uint8)

    def __init__(
        self,
        files: Sequence[Path],
        sha256: Sequence[str],
        size: int,
        rule: str,
        rows: Rows,
        ranges: Ranges | None = None,
        boxes: Sequence[Box | None] = (),
    ) -> None:
        self.files, self.sha256, self.rule, self.ranges, self.boxes = files, sha256, rule, ranges, boxes
        self.shape = (len(files), size, size, 3)
        self._rows, self._kept = rows, rows.available()

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.files)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Return some images, uint8 (m, size, size, 3).

        Raises:
            UserError: a file that has to be decoded once more is gone or was changed.
        """
        indices = np.asarray(indices)
        out = np.empty((len(indices), *self.shape[1:]), np.uint8)
        kept = self._kept[indices]
        places = np.flatnonzero(kept)
        kept[places] = self._rows.take(indices[kept], out, places)
        if not kept.all():
            with ThreadPoolExecutor(WORKERS) as pool:
                decoded = pool.map(self._decode, indices[~kept].tolist())
                for i, pixels in zip(np.flatnonzero(~kept), decoded, strict=True):
                    out[i] = pixels
        return out

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """Return all images at once, for NumPy; of many, that takes much memory."""
        return self[np.arange(len(self))].astype(dtype or self.dtype, copy=False)

    def _decode(self, index: int) -> np.ndarray:
        box = self.boxes[index] if self.boxes else None
        result = read(self.files[index], self.shape[1], self.rule, self.ranges, box)
        if isinstance(result, str) or result[0] != self.sha256[index]:
            raise UserError(f"{self.files[index]} was changed or removed during the run. Start again.")
        return result[1]


class Squares:
    """An array of images at several sizes, uint8 RGB (n, height, largest, 3).

    Args:
        pixels: the images at each size, the largest first.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, pixels: Sequence[Pixels]) -> None:
        self.pixels = {of_size.shape[1]: of_size for of_size in pixels}
        self.shape = (len(pixels[0]), *shape_of(tuple(self.pixels)))

    def __len__(self) -> int:
        """Return the number of images."""
        return self.shape[0]

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Return some images, uint8 (m, height, largest, 3). Raise UserError as `Pixels` does."""
        return pack([of_size[indices] for of_size in self.pixels.values()])


@dataclass(frozen=True)
class LoadedImages:
    """The usable images of a folder.

    Args:
        records: where each came from, n of them.
        sha256: hash of each file's content, n of them.
        pixels: all of them as one array.
        fingerprints: fingerprints by which near duplicates are found, uint8 (n, 1728).
        keys: of each in the store; by default the hashes.
        ranges: kind of values that do not state their range -> which are black and white.
        notes: lines for the user on how the files were read.
        inputs: what a network takes, where it takes them at several sizes.
        boxes: what each is cut to, None for the whole; none where no image is cut.
    """

    records: tuple[ImageRecord, ...]
    sha256: tuple[str, ...]
    pixels: Pixels
    fingerprints: np.ndarray
    keys: tuple[str, ...] = ()
    ranges: Ranges = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    inputs: Squares | None = None
    boxes: tuple[Box | None, ...] = ()


def row_type(size: int, rule: str) -> RowType:
    """Name the store's rows of pixels by all that they depend on beside a file's content."""
    return RowType(f"pixels {size} {rule} ({VERSION})", (size, size, 3))


def fingerprint_row_type(size: int, rule: str) -> RowType:
    """Name the store's rows of fingerprints likewise."""
    return RowType(f"fingerprints {size} {rule} ({VERSION})", (PRINT,))


def fingerprints_of(images: LoadedImages, indices: np.ndarray, store: Store) -> np.ndarray:
    """Return the fingerprints of some images, uint8 (m, 1728): the store's, or made of their pixels."""
    pixels, keys = images.pixels, images.keys or images.sha256
    prints = np.empty((len(indices), PRINT), np.uint8)
    rows = store.rows(fingerprint_row_type(pixels.shape[1], pixels.rule), [keys[index] for index in indices])
    missing = np.flatnonzero(~rows.read_into(prints))
    for first in range(0, len(missing), TOGETHER):
        some = missing[first : first + TOGETHER]
        prints[some] = fingerprints(pixels[indices[some]])
    return prints


def at_sizes(images: LoadedImages, sizes: Sequence[int], store: Store) -> Squares:
    """Return loaded images at several sizes, the largest first, which is theirs.

    At the others nothing is decoded before it is asked for: features of them may be in the store already.
    """
    first, keys = images.pixels, images.keys or images.sha256
    others = [
        Pixels(
            *(first.files, first.sha256, size, first.rule),
            *(store.rows(row_type(size, first.rule), keys), first.ranges, first.boxes),
        )
        for size in sizes[1:]
    ]
    return Squares([first, *others])


def read(
    path: Path, size: Size, rule: str, ranges: Ranges | None = None, box: Box | None = None
) -> tuple[str, np.ndarray] | str:
    """Return SHA-256 and pixels of one file, or the reason why it has none.

    Pixels are uint8 (size, size, 3), and of several sizes as `data.squares` has them. `ranges`: what is black and white
    in files that do not state it; None: each by its own customary scale. `box`: what it is cut to, with a margin; None:
    it is taken whole.
    """
    try:
        with image.content_of(path) as content:
            squares = [image.load(content, side, rule, ranges, box=box) for side in sides_of(size)]
            return hashlib.sha256(content).hexdigest(), pack(squares)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except (image.ImageError, OutsideError) as error:
        return str(error)
