"""Many small segments of a kind, as many small runs leave them, become few: one file to open instead of a hundred."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from data.store import index as tables
from data.store.checksums import DTYPE, checksum
from data.store.rows import RowType
from data.store.segments import to_disk

MANY = 32  # small segments of a kind, of which the smaller half is merged


def merge(index: sqlite3.Connection, root: Path, kind: RowType, largest: int, damage: Callable[[str], None]) -> None:
    """Merge small segments of a kind until there are few.

    The new file is written beside the old ones, and takes their place in the index in one transaction. Whoever is
    killed leaves a file without a name, as everywhere in the store. The old files stay for readers that know of them,
    and leave as nameless files do.

    Args:
        index: of the store.
        root: of the store.
        kind: what a row is.
        largest: bytes of the largest segment; those of half that size are not small.
        damage: is told the kind where a row is damaged.
    """
    # A full disk, or an index that others write to for long: the small segments stay.
    with contextlib.suppress(OSError, sqlite3.OperationalError):
        while len(small := _small(index, kind, largest // 2)) >= MANY:
            if not _merge_some(index, root, kind, _fitting(small[: len(small) // 2], largest), damage):
                return


def _small(index: sqlite3.Connection, kind: RowType, most: int) -> list[tuple[int, str, int, float, bytes]]:
    """Return number, file, bytes, last use and checksums of a kind's small segments, the smallest first."""
    query = """SELECT segments.id, file, bytes, used, checksums FROM segments
            JOIN row_checksums ON segment = segments.id JOIN kinds ON kinds.id = segments.kind
        WHERE name = ? AND bytes <= ? ORDER BY bytes, segments.id"""
    return [tables.typed(row, int, str, int, float, bytes) for row in index.execute(query, (kind.name, most))]


def _fitting(segments: Sequence[tuple], largest: int) -> list[tuple]:
    together = np.cumsum([size for _, _, size, *_ in segments])
    return list(segments[: max(2, int(np.searchsorted(together, largest, "right")))])


def _merge_some(
    index: sqlite3.Connection, root: Path, kind: RowType, old: Sequence[tuple], damage: Callable[[str], None]
) -> bool:
    """Merge some segments; return whether that was done, and not by another process too."""
    path = root / f"{uuid.uuid4().hex}.rows"
    try:
        moved, checksums = _write(index, root, kind, old, path, damage)
        for _, file, *_ in old:
            with contextlib.suppress(OSError):
                os.utime(root / file)  # their time without a name begins now
        index.execute("BEGIN IMMEDIATE")
        named = dict(index.execute("SELECT id, file FROM segments"))
        if any(named.get(number) != file for number, file, *_ in old):
            index.rollback()
            path.unlink()
            return False
        if moved:
            of, new = tables.add_segment(index, kind.name, path.name, path.stat().st_size)
            index.execute("INSERT INTO row_checksums VALUES (?, ?)", (new, np.array(checksums, DTYPE).tobytes()))
            index.execute("UPDATE segments SET used = ? WHERE id = ?", (max(used for _, _, _, used, _ in old), new))
            query = """UPDATE rows SET segment = ?, position = ?
                WHERE kind = ? AND key = ? AND segment = ? AND position = ?"""
            index.executemany(query, [(new, at, of, *place) for at, place in enumerate(moved)])
        for number, *_ in old:
            tables.forget(index, number)
        index.commit()
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    if not moved:
        path.unlink()
    return True


def _write(
    index: sqlite3.Connection,
    root: Path,
    kind: RowType,
    old: Sequence[tuple],
    path: Path,
    damage: Callable[[str], None],
) -> tuple[list[tuple[str, int, int]], list[int]]:
    """Write the rows of some segments that are right into one file; return key and old place, and their checksums."""
    moved, checksums, size = [], [], kind.bytes
    with path.open("xb") as merged:
        for number, file, _, _, of_rows in old:
            content = _content(root / file)
            expected = np.frombuffer(of_rows, DTYPE).tolist() if len(of_rows) % DTYPE.itemsize == 0 else []
            query = "SELECT key, position FROM rows WHERE segment = ? ORDER BY position"
            for row in index.execute(query, (number,)).fetchall():
                key, position = tables.typed(row, str, int)
                one = content[position * size : (position + 1) * size] if 0 <= position < len(expected) else b""
                if len(one) != size or checksum(kind.name, key, one) != expected[position]:
                    if content:
                        damage(kind.name)
                    continue
                merged.write(one)
                moved.append((key, number, position))
                checksums.append(expected[position])
        to_disk(merged)
    return moved, checksums


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # so are its rows
        return b""
