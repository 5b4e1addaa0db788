"""Segments: files of equal rows, of which only a few are open at a time."""

from __future__ import annotations

import contextlib
import mmap
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

# For each set of rows, of which a run has a handful: macOS lets a process have 256 files open.
OPEN_AT_ONCE = 16


@dataclass(frozen=True)
class Segment:
    """A segment that the index names.

    Args:
        number: in the index.
        path: of the file.
        bytes: of the file.
        checksums: of its rows, uint32 (rows,).
    """

    number: int
    path: Path
    bytes: int
    checksums: np.ndarray


class OpenFiles:
    """Open segments, those that were read last: one that is open can be read on after its removal. Safe from threads.

    A segment is mapped for one reading only: the memory of a run then stays flat however large the store is, as the
    operating system counts mapped pages as the run's own.
    """

    def __init__(self) -> None:
        self._files: OrderedDict[Path, BinaryIO] = OrderedDict()
        self._lock = threading.Lock()

    def map(self, segment: Segment) -> mmap.mmap:
        """Return the content of a segment. Raise OSError where it cannot be read or has another size."""
        with self._lock:
            file = self._open(segment.path)
            if os.fstat(file.fileno()).st_size != segment.bytes:
                raise OSError(f"{segment.path} has another size")
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def open(self, segment: Segment) -> None:
        """Open a segment for later, if that is possible."""
        with self._lock, contextlib.suppress(OSError):
            self._open(segment.path)

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            while self._files:
                self._files.popitem()[1].close()

    def _open(self, path: Path) -> BinaryIO:
        if path not in self._files:
            self._files[path] = path.open("rb")
            if len(self._files) > OPEN_AT_ONCE:
                self._files.popitem(last=False)[1].close()
        self._files.move_to_end(path)
        return self._files[path]


def to_disk(file: BinaryIO) -> None:
    """See to it that a file is on the disk before the index names it."""
    file.flush()
    os.fsync(file.fileno())
