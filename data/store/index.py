"""The store's index, an SQLite file: which segments there are, and the rows and blobs in them, with their checksums."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A segment without a file holds blobs that lie in the index itself. Checksums have tables of their own, and triggers
# clear up, for versions of the program that know nothing of checksums, or of blobs, and use the same index.
TABLES = """
CREATE TABLE IF NOT EXISTS kinds (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS segments (id INTEGER PRIMARY KEY, kind INTEGER, file TEXT, bytes INTEGER, used REAL);
CREATE TABLE IF NOT EXISTS rows (kind INTEGER, key TEXT, segment INTEGER, position INTEGER, PRIMARY KEY (kind, key))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rows_of_segment ON rows (segment);
CREATE TABLE IF NOT EXISTS row_checksums (segment INTEGER PRIMARY KEY, checksums BLOB);
CREATE TABLE IF NOT EXISTS blobs (kind INTEGER, key TEXT, segment INTEGER, content BLOB, PRIMARY KEY (kind, key))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blobs_of_segment ON blobs (segment);
CREATE TABLE IF NOT EXISTS blob_checksums (kind INTEGER, key TEXT, checksum INTEGER, PRIMARY KEY (kind, key))
    WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS blobs_leave AFTER DELETE ON segments
    BEGIN DELETE FROM blobs WHERE segment = OLD.id; END;
CREATE TRIGGER IF NOT EXISTS row_checksums_leave AFTER DELETE ON segments
    BEGIN DELETE FROM row_checksums WHERE segment = OLD.id; END;
CREATE TRIGGER IF NOT EXISTS blob_checksums_leave AFTER DELETE ON blobs
    BEGIN DELETE FROM blob_checksums WHERE kind = OLD.kind AND key = OLD.key; END;
"""
DAY = 86_400.0  # seconds: clocks of computers that share a store differ by less
KEYS_AT_ONCE = 900  # SQLite before 3.32 takes 999 values in a query


class DamagedIndexError(Exception):
    """The index holds what was never written to it."""


@dataclass(frozen=True)
class Usage:
    """What one kind takes: `used` is seconds since 1970 of the last time that a row or blob was read or written."""

    kind: str
    rows: int
    bytes: int
    used: float


def usage(index: sqlite3.Connection) -> list[Usage]:
    """Return what is kept, by kind, the largest first."""
    query = """SELECT name,
            (SELECT COUNT(*) FROM rows WHERE rows.kind = kinds.id)
                + (SELECT COUNT(*) FROM blobs WHERE blobs.kind = kinds.id),
            SUM(bytes), MAX(used)
        FROM segments JOIN kinds ON kinds.id = segments.kind GROUP BY kinds.id ORDER BY SUM(bytes) DESC"""
    return [Usage(*typed(row, str, int, int, float)) for row in index.execute(query)]


def add_rows(
    index: sqlite3.Connection, kind: str, file: str, size: int, keys: Sequence[str], checksums: bytes
) -> list[str | None]:
    """Name a segment of rows. Return its file, which is to be removed, where others have written all its rows."""
    number, segment = add_segment(index, kind, file, size)
    index.execute("INSERT INTO row_checksums VALUES (?, ?)", (segment, checksums))
    rows = [(number, key, segment, position) for position, key in enumerate(keys)]
    # Rows that another process wrote in the meantime stay.
    new = index.executemany("INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?)", rows).rowcount
    return [] if new else [forget(index, segment)]


def find_rows(index: sqlite3.Connection, kind: str, keys: Iterable[str]) -> list[tuple[str, int, int]]:
    """Return key, segment and position of the rows that are kept of some keys."""
    query = "SELECT key, segment, position FROM rows WHERE kind = ? AND key IN"
    return [typed(row, str, int, int) for row in _of_keys(index, query, kind, keys)]


def segment_of(index: sqlite3.Connection, number: int) -> tuple[str, int, bytes | None] | None:
    """Return file, bytes and the rows' checksums of a segment with a file; None where there is no such segment."""
    query = """SELECT file, bytes, checksums FROM segments LEFT JOIN row_checksums ON segment = segments.id
        WHERE segments.id = ? AND file IS NOT NULL"""
    row = index.execute(query, (number,)).fetchone()
    return row and typed(row, str, int, bytes | None)


def forget_rows(index: sqlite3.Connection, kind: str, places: Iterable[tuple[str, int, int]]) -> None:
    """Take rows, by key, segment and position, out of the index, if they are still there."""
    query = """DELETE FROM rows WHERE kind = (SELECT id FROM kinds WHERE name = ?)
        AND key = ? AND segment = ? AND position = ?"""
    index.executemany(query, [(kind, *place) for place in places])


def add_blobs(
    index: sqlite3.Connection,
    kind: str,
    contents: Mapping[str, bytes],
    files: Mapping[str, str],
    checksums: Mapping[str, int],
) -> list[str | None]:
    """Keep blobs, those of `files` by the name of their file. Return the files of those that others have kept."""
    inside, leaving = {key: content for key, content in contents.items() if key not in files}, []
    number, query = 0, "INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?)"
    if inside:
        number, segment = add_segment(index, kind, None, 0)
        index.executemany(query, [(number, key, segment, content) for key, content in inside.items()])
        (size,) = index.execute("SELECT SUM(LENGTH(content)) FROM blobs WHERE segment = ?", (segment,)).fetchone()
        if size is None:
            forget(index, segment)
        else:
            index.execute("UPDATE segments SET bytes = ? WHERE id = ?", (size, segment))
    for key, file in files.items():
        number, segment = add_segment(index, kind, file, len(contents[key]))
        if not index.execute(query, (number, key, segment, None)).rowcount:
            leaving.append(forget(index, segment))
    # Of equal keys the contents are equal, whoever kept them.
    entries = [(number, key, checksum) for key, checksum in checksums.items()]
    index.executemany("INSERT OR IGNORE INTO blob_checksums VALUES (?, ?, ?)", entries)
    return leaving


def find_blobs(
    index: sqlite3.Connection, kind: str, keys: Iterable[str]
) -> list[tuple[str, bytes | None, int, int | None]]:
    """Return key, content (None: in a file), segment and checksum of the blobs that are kept of some keys."""
    query = """SELECT key, content, segment, checksum FROM blobs LEFT JOIN blob_checksums USING (kind, key)
        WHERE kind = ? AND key IN"""
    return [typed(row, str, bytes | None, int, int | None) for row in _of_keys(index, query, kind, keys)]


def forget_blobs(index: sqlite3.Connection, kind: str, keys: Iterable[str]) -> None:
    """Take blobs out of the index."""
    query = "DELETE FROM blobs WHERE kind = (SELECT id FROM kinds WHERE name = ?) AND key = ?"
    index.executemany(query, [(kind, key) for key in keys])


def mark_used(index: sqlite3.Connection, segments: Iterable[int]) -> None:
    """Note that some segments were used now."""
    now = time.time()
    index.executemany("UPDATE segments SET used = ? WHERE id = ?", [(now, segment) for segment in segments])


def forget(index: sqlite3.Connection, segment: int) -> str | None:
    """Take a segment and what is in it out of the index; return the name of its file."""
    row = index.execute("SELECT file FROM segments WHERE id = ?", (segment,)).fetchone()
    index.execute("DELETE FROM rows WHERE segment = ?", (segment,))
    index.execute("DELETE FROM blobs WHERE segment = ?", (segment,))
    index.execute("DELETE FROM segments WHERE id = ?", (segment,))
    return row and row[0]


def forget_beyond(index: sqlite3.Connection, limit: float) -> list[str | None]:
    """Take the segments that were not used for longest out of the index until the rest fits; return their files.

    First those of a time to come, which a clock that was wrong has told: else they would outlast all that is used now.
    """
    total, leaving = 0, []
    query = "SELECT id, bytes FROM segments ORDER BY CASE WHEN used > ? THEN 0 ELSE used END DESC, id DESC"
    for row in index.execute(query, (time.time() + DAY,)).fetchall():
        segment, size = typed(row, int, int)
        total += size
        if total > limit:
            leaving.append(forget(index, segment))
    return leaving


def add_segment(index: sqlite3.Connection, kind: str, file: str | None, size: int) -> tuple[int, int]:
    """Return the numbers of the kind and of its new segment."""
    index.execute("INSERT OR IGNORE INTO kinds (name) VALUES (?)", (kind,))
    (number,) = typed(index.execute("SELECT id FROM kinds WHERE name = ?", (kind,)).fetchone() or (None,), int)
    entry = (number, file, size, time.time())
    added = index.execute("INSERT INTO segments (kind, file, bytes, used) VALUES (?, ?, ?, ?)", entry)
    return number, added.lastrowid


def typed(row: tuple, *types: type) -> tuple[Any, ...]:
    """Return a row of the index. Raise DamagedIndexError where its values, which SQLite does not mind, are no such."""
    if not all(map(isinstance, row, types)):
        raise DamagedIndexError(f"it holds {row!r:.80}".replace("\n", " "))
    return row


def _of_keys(index: sqlite3.Connection, query: str, kind: str, keys: Iterable[str]) -> list[tuple]:
    """Put a query that ends in `key IN` for some keys, rather than read all rows of the kind."""
    if (number := index.execute("SELECT id FROM kinds WHERE name = ?", (kind,)).fetchone()) is None:
        return []
    found, in_order = [], sorted(set(keys))  # in the order of the table: each of its pages is read once
    for first in range(0, len(in_order), KEYS_AT_ONCE):
        some = in_order[first : first + KEYS_AT_ONCE]
        found += index.execute(f"{query} ({','.join('?' * len(some))})", (*number, *some))
    return found
