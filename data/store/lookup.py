"""Looking into the index for rows and blobs, and writing down what that has shown."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data.store import index as tables
from data.store.checksums import DTYPE, checksum
from data.store.rows import RowType
from data.store.segments import Segment


@dataclass
class Lookup:
    """One look into the index.

    Args:
        index: of the store.
        root: of the store.
        kind: name of the kind.
        damage: is told the kind where something is damaged.
    """

    index: sqlite3.Connection
    root: Path
    kind: str
    damage: Callable[[str], None]
    used: set[int] = field(default_factory=set)  # segments
    unusable: set[int] = field(default_factory=set)  # segments that left, are damaged, or have no checksums
    lost: list[tuple[str, int, int]] = field(default_factory=list)  # rows without a place, in segments that are right
    lost_blobs: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Keep segments from leaving meanwhile; other processes may read on."""
        self.index.execute("BEGIN")
        yield
        self.index.commit()

    def rows(self, kind: RowType, keys: Sequence[str]) -> tuple[list[Segment], np.ndarray]:
        """Return segments, and which of them and position in it, int64 (n, 2), of each key's row; -1 for none."""
        entries = tables.find_rows(self.index, kind.name, keys)
        segments, number_of, place_of = [], {}, {}
        for number in sorted({number for _, number, _ in entries}):
            if (segment := self._segment(number, kind)) is None:
                self.unusable.add(number)
            else:
                number_of[number] = len(segments)
                segments.append(segment)
        for key, number, position in entries:
            if number in number_of and 0 <= position < len(segments[number_of[number]].checksums):
                place_of[key] = number_of[number], position
            elif number in number_of:  # the index is damaged
                self.damage(kind.name)
                self.lost.append((key, number, position))
        self.used |= number_of.keys()
        places = [place_of.get(key, (-1, -1)) for key in keys]
        return segments, np.array(places, np.int64).reshape(-1, 2)

    def blobs(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the blobs that are kept of some keys, and are what was kept."""
        found = {}
        for key, inside, segment, expected in tables.find_blobs(self.index, self.kind, keys):
            content = self._content(segment) if inside is None else inside
            if content is not None and expected == checksum(self.kind, key, content):
                found[key] = content
                self.used.add(segment)
                continue
            if content is not None and expected is not None:
                self.damage(self.kind)
            self.lost_blobs.append(key)
            if inside is None:
                self.unusable.add(segment)
        return found

    def write_down(self) -> list[str | None]:
        """Note in the index what was used; forget what is of no use, and return the files of that."""
        self.index.execute("BEGIN IMMEDIATE")
        leaving = [tables.forget(self.index, number) for number in self.unusable]
        tables.forget_rows(self.index, self.kind, self.lost)
        tables.forget_blobs(self.index, self.kind, self.lost_blobs)
        tables.mark_used(self.index, self.used)
        self.index.commit()
        return leaving

    def _segment(self, number: int, kind: RowType) -> Segment | None:
        if (entry := tables.segment_of(self.index, number)) is None or entry[2] is None:
            return None
        name, size, checksums = entry
        if not size or len(checksums) * kind.bytes != size * DTYPE.itemsize or not self._is_whole(name, size):
            return None
        return Segment(number, self.root / name, size, np.frombuffer(checksums, DTYPE))

    def _content(self, segment: int) -> bytes | None:
        entry = tables.segment_of(self.index, segment)
        with contextlib.suppress(OSError):
            return (self.root / entry[0]).read_bytes() if entry and self._is_whole(*entry[:2]) else None
        return None

    def _is_whole(self, name: str, size: int) -> bool:
        """Return whether a file has the size that it was written with."""
        try:
            found = (self.root / name).stat().st_size
        except (OSError, ValueError):  # it left; or a damaged index has a name that is none
            return False
        if found != size:
            self.damage(self.kind)
        return found == size
