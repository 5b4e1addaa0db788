"""Rows of equal arrays: what a row is, how they are cut out of finished segments, an array of them."""

from __future__ import annotations

import contextlib
import mmap
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np


@dataclass(frozen=True)
class Kind:
    """A sort of rows: its name holds all that a row depends on beside the content of the file, versions included."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "uint8"

    @property
    def bytes(self) -> int:
        """Return the size of a row."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


class Rows:
    """The rows that were found for some keys, cut out of the memory-mapped segments when they are asked for.

    A segment is mapped for one cut only: the memory of a run then stays flat however large the store is, as the
    operating system counts mapped pages as the run's own. Files are held open, so that removal does not hurt a reader.

    Args:
        kind: what a row is.
        files: open segments.
        places: int64 (n, 2): segment and position of each key's row, -1 where there is none.
    """

    def __init__(self, kind: Kind, files: Sequence[BinaryIO], places: np.ndarray) -> None:
        self.kind, self._files, self._places = kind, files, places
        # Not left to the files' own end: Python warns of a file that is dropped open.
        weakref.finalize(self, _close, files)

    def found(self) -> np.ndarray:
        """Say for each key whether its row is kept, bool (n,)."""
        return self._places[:, 0] >= 0

    def cut(self, indices: np.ndarray, out: np.ndarray, places: np.ndarray | None = None) -> None:
        """Copy the rows of some keys, which must be there, to `out[places]`, by default to `out` from its start."""
        wanted = self._places[indices]
        targets = np.arange(len(wanted)) if places is None else places
        for segment in np.unique(wanted[:, 0]):
            of_segment = wanted[:, 0] == segment
            with contextlib.closing(mmap.mmap(self._files[segment].fileno(), 0, access=mmap.ACCESS_READ)) as mapped:
                rows = np.frombuffer(mapped, self.kind.dtype).reshape(-1, *self.kind.shape)
                out[targets[of_segment]] = rows[wanted[of_segment, 1]]
                del rows  # else the map could not be closed

    def fill(self, out: np.ndarray) -> np.ndarray:
        """Copy every row that was found to its place in `out`, (n, *kind.shape); return which were, bool (n,)."""
        found = self.found()
        self.cut(np.flatnonzero(found), out, np.flatnonzero(found))
        return found


class Features:
    """An array of features, float32 (n, features), of which the store's are cut out of it when they are asked for.

    Those of the training part would be the largest thing in memory: 5 KB a picture, so 0.3 GB of 64,000 pictures.

    Args:
        memory: float32 (m, features), those that the store has not.
        rows: which these are, (m,).
        kept: what the store has of the training part.
        train: the indices of that part, in the order of `kept`.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, memory: np.ndarray, rows: np.ndarray, kept: Rows, train: np.ndarray) -> None:
        found = np.flatnonzero(kept.found())
        self._memory, self._kept = memory, kept
        self._place = np.empty(len(memory) + len(found), int)  # in `memory`; in `kept`, as ~place
        self._place[rows], self._place[train[found]] = np.arange(len(memory)), ~found
        self.shape = (len(self._place), memory.shape[1])

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self._place)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Return some examples' features, float32 (m, features)."""
        places = self._place[indices]
        features, kept = np.empty((len(places), self.shape[1]), np.float32), places < 0
        features[~kept] = self._memory[places[~kept]]
        self._kept.cut(~places[kept], features, np.flatnonzero(kept))
        return features

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """Return all features at once, for NumPy."""
        return self[np.arange(len(self))].astype(dtype or self.dtype, copy=False)


def _close(files: Sequence[BinaryIO]) -> None:
    for file in files:
        file.close()
