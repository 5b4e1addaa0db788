"""What was computed once and need not be again: rows of arrays (pixels, features …) by the hash of a file's content.

Rows lie in segments: plain files of equal rows, written once and never changed. An SQLite index says which rows there
are, and names one only after its segment was written whole. So whoever is killed leaves a nameless file, which a later
run removes; processes that write at once write segments of their own; and no reader ever sees half a row.

The store can only save work: where it can't be read or written, or the disk is full, nothing is found and nothing kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np

from data.store.cache import cache_folder
from data.store.rows import Kind, Rows

Answer = TypeVar("Answer")

SEGMENT_BYTES = 128 * 2**20  # a killed run loses no more than one segment of work
SEGMENT_ROWS = 2048
PATIENCE = 30  # seconds to wait for another process that is writing to the index
ABANDONED = 3600  # seconds after its last byte, when a file that the index does not name belongs to nobody
TABLES = """
CREATE TABLE IF NOT EXISTS kinds (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS segments (id INTEGER PRIMARY KEY, kind INTEGER, file TEXT, bytes INTEGER, used REAL);
CREATE TABLE IF NOT EXISTS rows (kind INTEGER, key TEXT, segment INTEGER, position INTEGER, PRIMARY KEY (kind, key))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rows_of_segment ON rows (segment);
"""


@dataclass(frozen=True)
class Usage:
    """What one kind takes: `used` is seconds since 1970 of the last time that a row was read or written."""

    kind: str
    rows: int
    bytes: int
    used: float


class Store:
    """A folder of segments with their index; `root` None keeps nothing.

    Args:
        root: folder of the store.
        limit: bytes; beyond, the segments go first that were not used for longest.
    """

    def __init__(self, root: Path | None, limit: float = float("inf")) -> None:
        self.root, self.limit = root, limit
        self.trouble = ""  # why nothing is found or kept, for the screen

    def rows(self, kind: Kind, keys: Sequence[str]) -> Rows:
        """Look for the rows of some keys and note that they were used."""
        nothing = Rows(kind, [], np.full((len(keys), 2), -1, np.int64))
        return self._ask(lambda index: self._find(index, kind, keys), nothing)

    def holds(self, kind: Kind, count: int) -> bool:
        """Return whether so many rows fit at all; of more, keeping the last would drive the first out again."""
        return self.root is not None and count * kind.bytes <= self.limit

    @contextlib.contextmanager
    def writer(self, kind: Kind) -> Iterator[Writer]:
        """Give a writer of rows of one kind; what it was given is kept when the block ends, however it ends."""
        writer = Writer(self, kind)
        try:
            yield writer
        finally:
            writer.close()

    def commit(self, kind: Kind, path: Path, keys: Sequence[str]) -> None:
        """Name a finished segment in the index, then make room."""
        self._ask(lambda index: self._commit(index, kind, path, keys), None)

    def make_room(self) -> None:
        """Let go of what is beyond the limit, which may have been higher when it was kept."""

        def shrink(index: sqlite3.Connection) -> None:
            index.execute("BEGIN IMMEDIATE")
            leaving = self._beyond_limit(index)
            index.commit()
            self._remove(leaving, index)

        self._ask(shrink, None)

    def usage(self) -> list[Usage]:
        """Return what is kept, by kind, the largest first."""
        query = """SELECT name, (SELECT COUNT(*) FROM rows WHERE rows.kind = kinds.id), SUM(bytes), MAX(used)
            FROM segments JOIN kinds ON kinds.id = segments.kind GROUP BY kinds.id ORDER BY SUM(bytes) DESC"""
        return self._ask(lambda index: [Usage(*row) for row in index.execute(query)], [])

    def clear(self) -> int:
        """Remove everything and return its bytes. Whoever reads at this moment keeps the files that it has open."""
        removed = 0
        for path in (*self.root.glob("index.sqlite3*"), *self.root.glob("*.rows")) if self.root else ():
            with contextlib.suppress(FileNotFoundError):  # another process removed it
                size = path.stat().st_size
                path.unlink()
                removed += size
        return removed

    def give_up(self, error: Exception) -> None:
        """Find and keep nothing from now on."""
        self.trouble = f"the store in {self.root} is not used: {error}"

    def _ask(self, question: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        """Put a question to the index; the answer is `otherwise` where there is no index or it fails."""
        if self.root is None or self.trouble:
            return otherwise
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            # The default journal, not WAL: a cache folder may lie on a network drive, where WAL does not work.
            with contextlib.closing(sqlite3.connect(self.root / "index.sqlite3", timeout=PATIENCE)) as index:
                index.executescript(TABLES)
                return question(index)
        except (OSError, sqlite3.Error) as error:
            self.give_up(error)
            return otherwise

    def _find(self, index: sqlite3.Connection, kind: Kind, keys: Sequence[str]) -> Rows:
        index.execute("BEGIN IMMEDIATE")  # else a segment could leave between being found and being opened
        query = "SELECT key, segment, position FROM rows JOIN kinds ON kinds.id = rows.kind WHERE name = ?"
        place_of = {key: place for key, *place in index.execute(query, (kind.name,))}
        files, number_of = [], {}
        for segment in sorted({place_of[key][0] for key in keys if key in place_of}):
            if (file := self._open(index, segment, kind)) is not None:
                number_of[segment] = len(files)
                files.append(file)
        now = time.time()
        index.executemany("UPDATE segments SET used = ? WHERE id = ?", [(now, segment) for segment in number_of])
        index.commit()
        places = np.full((len(keys), 2), -1, np.int64)
        for at, key in enumerate(keys):
            segment, position = place_of.get(key, (-1, -1))
            if segment in number_of:
                places[at] = number_of[segment], position
        return Rows(kind, files, places)

    def _open(self, index: sqlite3.Connection, segment: int, kind: Kind) -> BinaryIO | None:
        """Open a segment; one that is missing or was cut, by whatever, is forgotten."""
        name, size = index.execute("SELECT file, bytes FROM segments WHERE id = ?", (segment,)).fetchone()
        path = self.root / name
        if not path.is_file() or path.stat().st_size != size or size % kind.bytes:
            _forget(index, segment)
            return None
        return path.open("rb")

    def _commit(self, index: sqlite3.Connection, kind: Kind, path: Path, keys: Sequence[str]) -> None:
        index.execute("BEGIN IMMEDIATE")
        index.execute("INSERT OR IGNORE INTO kinds (name) VALUES (?)", (kind.name,))
        (number,) = index.execute("SELECT id FROM kinds WHERE name = ?", (kind.name,)).fetchone()
        entry = (number, path.name, path.stat().st_size, time.time())
        added = index.execute("INSERT INTO segments (kind, file, bytes, used) VALUES (?, ?, ?, ?)", entry)
        rows = [(number, key, added.lastrowid, position) for position, key in enumerate(keys)]
        # Rows that another process wrote in the meantime stay.
        new = index.executemany("INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?)", rows).rowcount
        leaving = self._beyond_limit(index) if new else [_forget(index, added.lastrowid)]
        index.commit()
        self._remove(leaving, index)

    def _beyond_limit(self, index: sqlite3.Connection) -> list[str]:
        """Take the segments that were not used for longest out of the index until the rest fits; return their files."""
        total, leaving = 0, []
        for segment, size in index.execute("SELECT id, bytes FROM segments ORDER BY used DESC, id DESC").fetchall():
            total += size
            if total > self.limit:
                leaving.append(_forget(index, segment))
        return leaving

    def _remove(self, leaving: Sequence[str], index: sqlite3.Connection) -> None:
        """Remove files that left the index, and those that a killed process never put there."""
        named = {name for (name,) in index.execute("SELECT file FROM segments")}
        for path in self.root.glob("*.rows"):
            with contextlib.suppress(OSError):  # another process removed it, or Windows has it open
                if path.name in leaving or (path.name not in named and time.time() - path.stat().st_mtime > ABANDONED):
                    path.unlink()


def open_store(on: bool = True, gigabytes: float = 10.0) -> Store:
    """Return the user's store, no larger than its limit; one that is off keeps nothing."""
    store = Store(cache_folder() / "store" if on else None, gigabytes * 1e9)
    store.make_room()
    return store


class Writer:
    """Collects rows of one kind into segments; safe from threads."""

    def __init__(self, store: Store, kind: Kind) -> None:
        self.store, self.kind = store, kind
        self._lock, self._file, self._path, self._keys = threading.Lock(), None, None, []

    def add(self, key: str, row: np.ndarray) -> None:
        """Write a row, of the kind's shape; it can be found once its segment is full or the writer closed."""
        content = np.ascontiguousarray(row, self.kind.dtype).reshape(self.kind.shape).data
        with self._lock:
            try:
                if self.store.root is None or self.store.trouble:
                    return
                if self._file is None:
                    self._begin()
                self._file.write(content)
                self._keys.append(key)
                if len(self._keys) >= SEGMENT_ROWS or len(self._keys) * self.kind.bytes >= SEGMENT_BYTES:
                    self._finish()
            except OSError as error:  # such as a full disk
                self._discard(error)

    def close(self) -> None:
        """Keep what is left."""
        with self._lock:
            try:
                if self._file is not None:
                    self._finish()
            except OSError as error:
                self._discard(error)

    def _begin(self) -> None:
        self.store.root.mkdir(parents=True, exist_ok=True)
        self._path = self.store.root / f"{uuid.uuid4().hex}.rows"
        self._file = self._path.open("xb")

    def _finish(self) -> None:
        self._file.close()
        path, keys = self._path, self._keys
        self._file, self._path, self._keys = None, None, []
        self.store.commit(self.kind, path, keys)
        if self.store.trouble:  # nobody will ever find these rows
            path.unlink(missing_ok=True)

    def _discard(self, error: OSError) -> None:
        """Give the store up and leave no half segment behind."""
        self.store.give_up(error)
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
        with contextlib.suppress(OSError):
            if self._path is not None:
                self._path.unlink(missing_ok=True)
        self._file, self._path, self._keys = None, None, []


def _forget(index: sqlite3.Connection, segment: int) -> str:
    """Take a segment and its rows out of the index; return the name of its file."""
    (name,) = index.execute("SELECT file FROM segments WHERE id = ?", (segment,)).fetchone()
    index.execute("DELETE FROM rows WHERE segment = ?", (segment,))
    index.execute("DELETE FROM segments WHERE id = ?", (segment,))
    return name


def hash_all(paths: Sequence[Path], advance: Callable[[], None] = lambda: None) -> list[str]:
    """Return the SHA-256 of each file's content, empty where it cannot be read; `advance` is called after each."""

    def hash_one(path: Path) -> str:
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    hashes = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(hash_one, paths):
            hashes.append(found)
            advance()
    return hashes
