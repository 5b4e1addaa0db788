"""Every image at the model's size, by its content: decoded once and kept in the store, or streamed from the files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL
from threadpoolctl import threadpool_limits

from data import image
from data.folder import Image, Skipped
from data.store.hashes import hash_all
from data.store.rows import Kind, Rows
from data.store.store import Store
from errors import UserError

# Of the rows in the store: raise the number whenever pixels or fingerprints come out differently.
VERSION = f"1, Pillow {PIL.__version__}"
WORKERS = os.cpu_count() or 1  # threads suffice: Pillow lets go of Python's lock while it decodes


class Pixels:
    """An array of pictures, uint8 RGB (n, size, size, 3), that is cut out of the store or decoded when it is asked for.

    Args:
        files: where each picture is, n of them.
        sha256: hash of each file's content.
        rule: how a picture becomes square.
        rows: what the store has of them; the rest is decoded, anew each time.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, files: Sequence[Path], sha256: Sequence[str], size: int, rule: str, rows: Rows) -> None:
        self.files, self.sha256, self.rule = files, sha256, rule
        self.shape = (len(files), size, size, 3)
        self._rows, self._kept = rows, rows.found()

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.files)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Return some pictures, uint8 (m, size, size, 3).

        Raises:
            UserError: a file that has to be decoded once more is gone or was changed.
        """
        indices = np.asarray(indices)
        cut = np.empty((len(indices), *self.shape[1:]), np.uint8)
        kept = self._kept[indices]
        places = np.flatnonzero(kept)
        kept[places] = self._rows.cut(indices[kept], cut, places)
        if not kept.all():
            with ThreadPoolExecutor(WORKERS) as pool:
                decoded = pool.map(self._decode, indices[~kept].tolist())
                for at, picture in zip(np.flatnonzero(~kept), decoded, strict=True):
                    cut[at] = picture
        return cut

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """Return all images at once, for NumPy; of many, that takes much memory."""
        return self[np.arange(len(self))].astype(dtype or self.dtype, copy=False)

    def _decode(self, index: int) -> np.ndarray:
        found = read(self.files[index], self.shape[1], self.rule)
        if isinstance(found, str) or found[0] != self.sha256[index]:
            raise UserError(f"{self.files[index]} was changed or removed during the run. Start again.")
        return found[1]


@dataclass(frozen=True)
class Pictures:
    """The usable images of a folder.

    Args:
        images: where each came from, n of them.
        sha256: hash of each file's content, n of them.
        pixels: all of them as one array.
        prints: fingerprints by which near duplicates are found, uint8 (n, 1728).
    """

    images: tuple[Image, ...]
    sha256: tuple[str, ...]
    pixels: Pixels
    prints: np.ndarray


def load(
    images: Sequence[Image], size: int, rule: str, store: Store, advance: Callable[[], None] = lambda: None
) -> tuple[Pictures, list[Skipped]]:
    """Look at all images at `size` by a resize rule; return the usable ones and, with the reason, those that are not.

    Only what the store does not know is decoded. `advance` is called twice for each image: read, and looked at.
    """
    from data.duplicates import PRINT, fingerprints  # SciPy, for which an answer to one picture need not wait

    of_pixels = Kind(f"pixels {size} {rule} ({VERSION})", (size, size, 3))
    of_prints = Kind(f"fingerprints {size} {rule} ({VERSION})", (PRINT,))
    hashes = hash_all([entry.path for entry in images], advance)
    prints = np.zeros((len(images), PRINT), np.uint8)
    known = store.rows(of_prints, hashes).fill(prints)
    keeps = store.holds(of_pixels, len(images))
    if keeps:
        known &= store.rows(of_pixels, hashes).found()
    reasons: dict[int, str] = {}
    with (
        threadpool_limits(1, "blas"),  # its threads and ours would wait for one another: 8 s would become 42
        store.writer(of_pixels) as keep_pixels,
        store.writer(of_prints) as keep_prints,
        ThreadPoolExecutor(WORKERS) as pool,
    ):

        def look(at: int) -> None:
            outcome = read(images[at].path, size, rule)
            if isinstance(outcome, str):
                reasons[at] = outcome
                return
            hashes[at], decoded = outcome
            prints[at] = fingerprints(decoded[None])[0]
            if keeps:
                keep_pixels.add(hashes[at], decoded)
            keep_prints.add(hashes[at], prints[at])

        for _ in pool.map(lambda at: None if known[at] else look(at), range(len(images))):
            advance()
    usable = [at for at in range(len(images)) if at not in reasons]
    kept, sha256 = tuple(images[at] for at in usable), tuple(hashes[at] for at in usable)
    pixels = Pixels([entry.path for entry in kept], sha256, size, rule, store.rows(of_pixels, sha256))
    skipped = [Skipped(images[at].name, reasons[at]) for at in sorted(reasons)]
    return Pictures(kept, sha256, pixels, prints[usable] if skipped else prints), skipped


def read(path: Path, size: int, rule: str) -> tuple[str, np.ndarray] | str:
    """Return SHA-256 and pixels, uint8 (size, size, 3), of one file, or the reason why it has none."""
    try:
        content = path.read_bytes()
        return hashlib.sha256(content).hexdigest(), image.load(content, size, rule)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except image.ImageError as error:
        return str(error)
