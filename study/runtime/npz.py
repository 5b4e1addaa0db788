"""Look through a file of arrays, NumPy's `.npz`, before any of it is read: it may be a stranger's.

Nothing in one is ever run: arrays of objects, which NumPy would unpickle, are refused.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

NUMBERS = "bfiu"  # kinds of NumPy's types that weights, counters and seeds have
# What NumPy and zipfile raise for a broken file; NotImplementedError and RuntimeError for zips that they don't read.
UNREADABLE = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, RecursionError),
    *(MemoryError, NotImplementedError, RuntimeError, SyntaxError, OverflowError),
)


def check(path: Path) -> None:
    """Raise one of `UNREADABLE` where parts of a file would unpack to more than the file, or are no plain numbers."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > path.stat().st_size or any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("its parts are compressed")
        for entry in entries:
            with archive.open(entry) as part:
                shape, dtype = header(part)
            of_its_size = min(shape, default=0) >= 0 and math.prod(shape) * dtype.itemsize <= entry.file_size
            if dtype.kind not in NUMBERS or not of_its_size:
                raise ValueError(f"{entry.filename} is no array of numbers of its size")


def header(part: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """Return shape and type that an array's header tells."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        shape, _, dtype = readers[np.lib.format.read_magic(part)](part)
    except Exception as error:  # it is a text in Python's form, of which NumPy lets through what its parser raises
        raise ValueError(f"an array says nothing of its size ({' '.join(str(error).split())})") from error
    return shape, dtype
