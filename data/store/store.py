"""What was computed once and need not be again: rows of arrays (pixels, features …) by the hash of a file's content.

Rows lie in segments: plain files of equal rows, written once and never changed. An SQLite index says which rows there
are, and names one only after its segment is on the disk. So whoever is killed leaves a nameless file, which a later run
removes; processes that write at once write segments of their own; and no reader ever sees half a row.

What has no fixed size is a blob (JSON, a converted network): a small one lies in the index, a large one in a file of
its own, for which the same holds.

The index has a checksum of each row and blob. What does not agree with it, and what an earlier version kept without
one, counts as not kept: it is made anew. A damaged index is set aside, and a new one begun.

Where the store can't be written, or the disk is full, nothing is found and nothing kept.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from data.store import connection
from data.store import index as tables
from data.store.cache import cache_folder
from data.store.checksums import DTYPE, checksum
from data.store.connection import Answer
from data.store.index import Usage
from data.store.lookup import Lookup
from data.store.merge import merge
from data.store.rows import Rows, RowType
from data.store.segments import to_disk

SEGMENT_BYTES = 128 * 2**20  # a killed run loses no more than one segment of work
SEGMENT_ROWS = 2048
PATIENCE = 30  # seconds to wait for another process that is writing to the index
ABANDONED = 3600  # seconds after its last byte, when a file that the index does not name belongs to nobody
IN_INDEX = 2**16  # bytes of the largest blob that lies in the index itself


class Store:
    """A folder of segments with their index; `root` None keeps nothing.

    Args:
        root: folder of the store.
        limit: bytes; beyond, the segments go first that were not used for longest.
    """

    def __init__(self, root: Path | None, limit: float = float("inf")) -> None:
        self.root, self.limit = root, limit
        self.trouble = ""  # why nothing is found or kept, for the screen
        self._damage_told = False

    def rows(self, row_type: RowType, keys: Sequence[str]) -> Rows:
        """Look for the rows of some keys and note that they were used."""
        nothing = Rows(row_type, keys, [], np.full((len(keys), 2), -1, np.int64), lambda lost: None)
        forget = functools.partial(self._forget_rows, row_type)
        return self._look(row_type.name, lambda look: Rows(row_type, keys, *look.rows(row_type, keys), forget), nothing)

    def has_room_for(self, row_type: RowType, count: int) -> bool:
        """Return whether so many rows fit at all; of more, keeping the last would drive the first out again."""
        return self.root is not None and count * row_type.bytes <= self.limit

    @contextlib.contextmanager
    def writer(self, row_type: RowType) -> Iterator[Writer]:
        """Give a writer of rows of one kind; what it was given is kept when the block ends, however it ends."""
        writer = Writer(self, row_type)
        try:
            yield writer
        finally:
            writer.close()

    def commit(self, row_type: RowType, path: Path, keys: Sequence[str], checksums: Sequence[int]) -> None:
        """Name a finished segment in the index, then make room."""
        self._ask(lambda index: self._commit(index, row_type, path, keys, checksums), None)

    def blob(self, kind: str, key: str) -> bytes | None:
        """Return the blob that is kept under a key, None where there is none; note that it was used."""
        return self.blobs(kind, [key]).get(key)

    def blobs(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the blobs that are kept of some keys and note that they were used."""
        return self._look(kind, lambda found: found.blobs(keys), {})

    def keep_blob(self, kind: str, key: str, content: bytes) -> None:
        """Keep one blob; the content of a key does not change: what is there stays."""
        self.keep_blobs(kind, {key: content})

    def keep_blobs(self, kind: str, contents: Mapping[str, bytes]) -> None:
        """Keep blobs by their keys, which leave together too; of more than the limit holds, none."""
        if contents and sum(map(len, contents.values())) <= self.limit:
            self._ask(lambda index: self._keep_blobs(index, kind, contents), None)

    @contextlib.contextmanager
    def blob_writer(self, kind: str) -> Iterator[Callable[[str, bytes], None]]:
        """Give a function that any thread may call to keep a blob; as with `writer`, batch by batch."""
        lock, waiting = threading.Lock(), {}

        def add(key: str, content: bytes) -> None:
            nonlocal waiting
            with lock:
                waiting[key] = content
                if len(waiting) >= SEGMENT_ROWS:
                    full, waiting = waiting, {}
                    self.keep_blobs(kind, full)

        try:
            yield add
        finally:
            self.keep_blobs(kind, waiting)

    def make_room(self) -> None:
        """Let go of what is beyond the limit, which may have been higher when it was kept."""

        def shrink(index: sqlite3.Connection) -> None:
            index.execute("BEGIN IMMEDIATE")
            leaving = tables.forget_beyond(index, self.limit)
            index.commit()
            self._remove(leaving, index)

        self._ask(shrink, None)

    def usage(self) -> list[Usage]:
        """Return what is kept, by kind, the largest first."""
        return self._ask(tables.usage, [])

    def clear(self) -> int:
        """Remove everything and return its bytes. Whoever reads at this moment keeps the files that it has open."""
        removed = 0
        for path in (*self.root.glob(f"{connection.NAME}*"), *self._files()) if self.root else ():
            with contextlib.suppress(FileNotFoundError):  # another process removed it
                size = path.stat().st_size
                path.unlink()
                removed += size
        return removed

    def give_up(self, error: Exception) -> None:
        """Find and keep nothing from now on."""
        self.trouble = f"the store in {self.root} is not used: {error}"

    def note(self, line: str) -> None:
        """Tell the user what went wrong with what is kept; the work goes on."""
        print(f"note: {line}", file=sys.stderr)

    def _ask(self, query: Callable[[sqlite3.Connection], Answer], default: Answer) -> Answer:
        """Put a question to the index; the answer is `default` where there is no index or it fails."""
        if self.root is None or self.trouble:
            return default
        try:
            return connection.ask(self.root, PATIENCE, query, self.note)
        except (OSError, sqlite3.Error) as error:
            self.give_up(error)
            return default

    def _look(self, kind: str, find: Callable[[Lookup], Answer], otherwise: Answer) -> Answer:
        """Look for what is kept of one kind; what a damaged index or file holds is forgotten."""

        def look(index: sqlite3.Connection) -> Answer:
            lookup = Lookup(index, self.root, kind, self._note_damage)
            with lookup.reading():
                answer = find(lookup)
            if leaving := lookup.write_down():
                self._remove(leaving, index)
            return answer

        return self._ask(look, otherwise)

    def _forget_rows(self, kind: RowType, places: Sequence[tuple[str, int, int]]) -> None:
        """Take damaged rows out of the index, so that the next run keeps them anew."""
        self._note_damage(kind.name)

        def forget(index: sqlite3.Connection) -> None:
            index.execute("BEGIN IMMEDIATE")
            tables.forget_rows(index, kind.name, places)
            index.commit()

        self._ask(forget, None)

    def _note_damage(self, kind: str) -> None:
        """Tell of damage, once."""
        if not self._damage_told:
            self._damage_told = True
            self.note(f"damaged {kind.partition(' ')[0]} in the store in {self.root}: what is damaged is made anew")

    def _commit(
        self, index: sqlite3.Connection, row_type: RowType, path: Path, keys: Sequence[str], checksums: Sequence[int]
    ) -> None:
        index.execute("BEGIN IMMEDIATE")
        of_rows = np.array(checksums, DTYPE).tobytes()
        leaving = tables.add_rows(index, row_type.name, path.name, path.stat().st_size, keys, of_rows)
        leaving += tables.forget_beyond(index, self.limit)
        index.commit()
        self._remove(leaving, index)
        merge(index, self.root, row_type, min(SEGMENT_BYTES, SEGMENT_ROWS * row_type.bytes), self._note_damage)

    def _keep_blobs(self, index: sqlite3.Connection, kind: str, contents: Mapping[str, bytes]) -> None:
        large = [key for key, content in contents.items() if len(content) > IN_INDEX]
        paths = {key: self.root / f"{uuid.uuid4().hex}.blob" for key in large}
        names = {key: path.name for key, path in paths.items()}
        try:
            for key, path in paths.items():
                with path.open("xb") as file:
                    file.write(contents[key])
                    to_disk(file)
            checksums = {key: checksum(kind, key, content) for key, content in contents.items()}
            index.execute("BEGIN IMMEDIATE")
            leaving = tables.add_blobs(index, kind, contents, names, checksums)
            leaving += tables.forget_beyond(index, self.limit)
            index.commit()
        except BaseException:
            for path in paths.values():
                with contextlib.suppress(OSError):
                    path.unlink()
            raise
        self._remove(leaving, index)

    def _files(self) -> list[Path]:
        return [*self.root.glob("*.rows"), *self.root.glob("*.blob")]

    def _remove(self, leaving: Sequence[str | None], index: sqlite3.Connection) -> None:
        """Remove files that left the index, and those that a killed process never put there."""
        indexed = {name for (name,) in index.execute("SELECT file FROM segments")}
        for path in self._files():
            with contextlib.suppress(OSError):  # another process removed it, or Windows has it open
                nameless = path.name not in indexed and time.time() - path.stat().st_mtime > ABANDONED
                if path.name in leaving or nameless:
                    path.unlink()


def open_store(on: bool = True, gigabytes: float = 10.0) -> Store:
    """Return the user's store, no larger than its limit; one that is off keeps nothing."""
    store = Store(cache_folder() / "store" if on else None, gigabytes * 1e9)
    store.make_room()
    return store


class Writer:
    """Collects rows of one kind into segments; safe from threads."""

    def __init__(self, store: Store, row_type: RowType) -> None:
        self.store, self.row_type = store, row_type
        self._lock, self._file, self._path, self._keys, self._checksums = threading.Lock(), None, None, [], []

    def add(self, key: str, row: np.ndarray) -> None:
        """Write a row, of the kind's shape; it can be found once its segment is full or the writer closed."""
        if self.store.root is None or self.store.trouble:
            return
        content = np.ascontiguousarray(row, self.row_type.dtype).reshape(self.row_type.shape).data
        of_row = checksum(self.row_type.name, key, content)
        with self._lock:
            try:
                if self._file is None:
                    self._begin()
                self._file.write(content)
                self._keys.append(key)
                self._checksums.append(of_row)
                if len(self._keys) >= SEGMENT_ROWS or len(self._keys) * self.row_type.bytes >= SEGMENT_BYTES:
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
        to_disk(self._file)
        self._file.close()
        path, keys, checksums = self._path, self._keys, self._checksums
        self._file, self._path, self._keys, self._checksums = None, None, [], []
        self.store.commit(self.row_type, path, keys, checksums)
        if self.store.trouble:  # nobody will ever find these rows
            path.unlink(missing_ok=True)

    def _discard(self, error: OSError) -> None:
        """Give the store up and leave no half segment behind."""
        self.store.give_up(error)
        for leave in (self._file and self._file.close, self._path and self._path.unlink):
            with contextlib.suppress(OSError):
                if leave:
                    leave()
        self._file, self._path, self._keys, self._checksums = None, None, [], []
