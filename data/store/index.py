"""The store's index, an SQLite file: which segments there are, and the rows and blobs in them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

# A segment without a file holds blobs that lie in the index itself. The trigger is for versions of the program that
# know no blobs and let go of segments too.
TABLES = """
CREATE TABLE IF NOT EXISTS kinds (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS segments (id INTEGER PRIMARY KEY, kind INTEGER, file TEXT, bytes INTEGER, used REAL);
CREATE TABLE IF NOT EXISTS rows (kind INTEGER, key TEXT, segment INTEGER, position INTEGER, PRIMARY KEY (kind, key))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rows_of_segment ON rows (segment);
CREATE TABLE IF NOT EXISTS blobs (kind INTEGER, key TEXT, segment INTEGER, content BLOB, PRIMARY KEY (kind, key))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blobs_of_segment ON blobs (segment);
CREATE TRIGGER IF NOT EXISTS blobs_leave AFTER DELETE ON segments
    BEGIN DELETE FROM blobs WHERE segment = OLD.id; END;
"""
KEYS_AT_ONCE = 900  # SQLite before 3.32 takes 999 values in a query


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
    return [Usage(*row) for row in index.execute(query)]


def add_rows(index: sqlite3.Connection, kind: str, file: str, size: int, keys: Sequence[str]) -> list[str | None]:
    """Name a segment of rows. Return its file, which is to be removed, where others have written all its rows."""
    number, segment = _add_segment(index, kind, file, size)
    rows = [(number, key, segment, position) for position, key in enumerate(keys)]
    # Rows that another process wrote in the meantime stay.
    new = index.executemany("INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?)", rows).rowcount
    return [] if new else [forget(index, segment)]


def add_blobs(
    index: sqlite3.Connection, kind: str, contents: Mapping[str, bytes], files: Mapping[str, str]
) -> list[str | None]:
    """Keep blobs, those of `files` by the name of their file. Return the files of those that others have kept."""
    inside, leaving = {key: content for key, content in contents.items() if key not in files}, []
    if inside:
        number, segment = _add_segment(index, kind, None, 0)
        entries = [(number, key, segment, content) for key, content in inside.items()]
        index.executemany("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?)", entries)
        (size,) = index.execute("SELECT SUM(LENGTH(content)) FROM blobs WHERE segment = ?", (segment,)).fetchone()
        if size is None:
            forget(index, segment)
        else:
            index.execute("UPDATE segments SET bytes = ? WHERE id = ?", (size, segment))
    for key, file in files.items():
        number, segment = _add_segment(index, kind, file, len(contents[key]))
        if not index.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, NULL)", (number, key, segment)).rowcount:
            leaving.append(forget(index, segment))
    return leaving


def find_blobs(index: sqlite3.Connection, kind: str, keys: Sequence[str]) -> list[tuple[str, bytes | None, int]]:
    """Return key, content (None where it is in a file) and segment of the blobs that are kept of some keys."""
    found, in_order = [], sorted(set(keys))  # in the order of the table: each of its pages is read once
    for first in range(0, len(in_order), KEYS_AT_ONCE):
        some = in_order[first : first + KEYS_AT_ONCE]
        query = f"""SELECT key, content, segment FROM blobs
            WHERE kind = (SELECT id FROM kinds WHERE name = ?) AND key IN ({",".join("?" * len(some))})"""
        found += index.execute(query, (kind, *some))
    return found


def mark_used(index: sqlite3.Connection, segments: Iterable[int]) -> None:
    """Note that some segments were used now."""
    now = time.time()
    index.executemany("UPDATE segments SET used = ? WHERE id = ?", [(now, segment) for segment in segments])


def forget(index: sqlite3.Connection, segment: int) -> str | None:
    """Take a segment and what is in it out of the index; return the name of its file."""
    (name,) = index.execute("SELECT file FROM segments WHERE id = ?", (segment,)).fetchone()
    index.execute("DELETE FROM rows WHERE segment = ?", (segment,))
    index.execute("DELETE FROM segments WHERE id = ?", (segment,))
    return name


def forget_beyond(index: sqlite3.Connection, limit: float) -> list[str | None]:
    """Take the segments that were not used for longest out of the index until the rest fits; return their files."""
    total, leaving = 0, []
    for segment, size in index.execute("SELECT id, bytes FROM segments ORDER BY used DESC, id DESC").fetchall():
        total += size
        if total > limit:
            leaving.append(forget(index, segment))
    return leaving


def _add_segment(index: sqlite3.Connection, kind: str, file: str | None, size: int) -> tuple[int, int]:
    """Return the numbers of the kind and of its new segment."""
    index.execute("INSERT OR IGNORE INTO kinds (name) VALUES (?)", (kind,))
    (number,) = index.execute("SELECT id FROM kinds WHERE name = ?", (kind,)).fetchone()
    entry = (number, file, size, time.time())
    added = index.execute("INSERT INTO segments (kind, file, bytes, used) VALUES (?, ?, ?, ?)", entry)
    return number, added.lastrowid
