"""Rows of equal arrays: what a row is, how they are cut out of finished segments, an array of them."""

from __future__ import annotations

import contextlib
import mmap
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data.store.checksums import checksum
from data.store.segments import OPEN_AT_ONCE, OpenFiles, Segment


@dataclass(frozen=True)
class RowType:
    """A sort of rows: its name holds all that a row depends on beside the content of the file, versions included."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "uint8"

    @property
    def bytes(self) -> int:
        """Return the size of a row."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


class Rows:
    """The rows that were found for some keys, cut out of their segments when they are asked for.

    Each is compared with its checksum before it is given out first; one that is damaged is told to the store, and is
    from then on as if it had not been found.

    Args:
        row_type: what a row is.
        keys: of the rows, n of them.
        segments: where they are.
        positions: int64 (n, 2): which of the segments and position in it, of each key's row; -1 where there is none.
        damaged: is told key, segment (its number in the index) and position of rows that are damaged.
    """

    def __init__(
        self,
        row_type: RowType,
        keys: Sequence[str],
        segments: Sequence[Segment],
        positions: np.ndarray,
        damaged: Callable[[list[tuple[str, int, int]]], None],
    ) -> None:
        self.row_type, self._keys, self._segments, self._positions, self._damaged = (
            row_type,
            keys,
            segments,
            positions,
            damaged,
        )
        self._checked, self._files = np.zeros(len(keys), bool), OpenFiles()
        # Not left to the files' own end: Python warns of a file that is dropped open.
        weakref.finalize(self, self._files.close)
        for segment in segments[:OPEN_AT_ONCE]:
            self._files.open(segment)

    def available(self) -> np.ndarray:
        """Say for each key whether its row is kept, bool (n,)."""
        return self._positions[:, 0] >= 0

    def check(self) -> Rows:
        """Compare all rows with their checksums now; return self, in which the damaged ones are not found any more."""
        available = np.flatnonzero(self.available())
        for segment, of_segment in self._by_segment(available):
            self._read(segment, available[of_segment], None, None)
        return self

    def take(self, indices: np.ndarray, out: np.ndarray, positions: np.ndarray | None = None) -> np.ndarray:
        """Copy the rows of some keys to `out[positions]`, by default to `out` from its start; return which, bool.

        Rows are not copied that are damaged, or whose segment has left the store by now.
        """
        targets = np.arange(len(indices)) if positions is None else positions
        copied = np.zeros(len(indices), bool)
        for segment, of_segment in self._by_segment(indices):
            copied[of_segment] = self._read(segment, indices[of_segment], out, targets[of_segment])
        return copied

    def read_into(self, out: np.ndarray) -> np.ndarray:
        """Copy every row that was found to its place in `out`, (n, *kind.shape); return which were, bool (n,)."""
        available = self.available()
        available[available] = self.take(np.flatnonzero(available), out, np.flatnonzero(available))
        return available

    def _by_segment(self, indices: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Yield each segment and which of the indices are in it."""
        of = self._positions[indices, 0]
        order = np.argsort(of, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(of[order])) + 1):
            if len(group) and of[group[0]] >= 0:
                yield of[group[0]], group

    def _read(self, number: int, indices: np.ndarray, out: np.ndarray | None, targets: np.ndarray | None) -> np.ndarray:
        """Check the rows of one segment, and copy those that are right where there is an `out`; return which are."""
        try:
            mapped = self._files.map(self._segments[number])
        except OSError:  # removed, or too many files are open
            return np.zeros(len(indices), bool)
        with contextlib.closing(mapped):
            right = self._checked[indices]
            for at in np.flatnonzero(~right):
                right[at] = self._is_right(self._segments[number], mapped, indices[at])
            self._checked[indices[right]] = True
            if out is not None:
                rows = np.frombuffer(mapped, self.row_type.dtype).reshape(-1, *self.row_type.shape)
                out[targets[right]] = rows[self._positions[indices[right], 1]]
                del rows  # else the map could not be closed
        if not right.all():
            self._drop(number, indices[~right])
        return right

    def _is_right(self, segment: Segment, mapped: mmap.mmap, index: int) -> bool:
        position, size = int(self._positions[index, 1]), self.row_type.bytes
        with memoryview(mapped) as content, content[position * size : (position + 1) * size] as row:
            return checksum(self.row_type.name, self._keys[index], row) == segment.checksums[position]

    def _drop(self, number: int, indices: np.ndarray) -> None:
        segment, positions = self._segments[number].number, self._positions[indices, 1].tolist()
        self._positions[indices] = -1
        keys = [self._keys[index] for index in indices]
        self._damaged([(key, segment, position) for key, position in zip(keys, positions, strict=True)])


class Features:
    """An array of features, float32 (n, features), of which the store's are cut out of it when they are asked for.

    Those of the training split would be the largest thing in memory: 5 KB an image, so 0.3 GB of 64,000 images.

    Args:
        memory: float32 (m, features), those that the store has not.
        rows: which these are, (m,).
        kept: what the store has of the training split.
        train: the indices of that part, in the order of `kept`.
        compute: indices -> their features, float32 (n, features), where the store turns out not to have them any more.
    """

    dtype = np.dtype(np.float32)

    def __init__(
        self,
        memory: np.ndarray,
        rows: np.ndarray,
        kept: Rows,
        train: np.ndarray,
        compute: Callable[[np.ndarray], np.ndarray],
    ) -> None:
        available = np.flatnonzero(kept.available())
        self._memory, self._kept, self._compute, self._lock = memory, kept, compute, threading.Lock()
        self._position = np.empty(len(memory) + len(available), int)  # in `memory`; in `kept`, as ~place
        self._position[rows], self._position[train[available]] = np.arange(len(memory)), ~available
        self.shape = (len(self._position), memory.shape[1])

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self._position)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Return some examples' features, float32 (m, features)."""
        positions = self._position[indices]
        features, kept = np.empty((len(positions), self.shape[1]), np.float32), positions < 0
        features[~kept] = self._memory[positions[~kept]]
        into = np.flatnonzero(kept)
        if len(lost := into[~self._kept.take(~positions[kept], features, into)]):
            features[lost] = self._again(np.asarray(indices)[lost])
        return features

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """Return all features at once, for NumPy."""
        return self[np.arange(len(self))].astype(dtype or self.dtype, copy=False)

    def _again(self, indices: np.ndarray) -> np.ndarray:
        """Compute the features of some examples, which join those in memory."""
        with self._lock:
            features = self._compute(indices)
            first, self._memory = len(self._memory), np.concatenate([self._memory, features])
            self._position[indices] = first + np.arange(len(indices))
        return features
