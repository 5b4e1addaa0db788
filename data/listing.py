"""The files to predict for, however many: listed on the disk, in the order of `data.folder.list_images`."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from data.walk import FOLDER, IMAGE, files_first, kind_of, walk

SKIPPED, LISTED = 0, 1  # what is skipped stands first
DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Listed:
    """One file: its place among all, in every shard; the file; why it is skipped, "" where it is not."""

    position: int
    file: Path
    reason: str


@dataclass(frozen=True)
class Whole:
    """What all shards together list: how many files, and a hash of their names in order."""

    files: int
    digest: str


class Listing:
    """What `paths` name, folders searched, each file once; of that the part `shard`, 3 of 16 say.

    It lies in a temporary table of SQLite, of which a few megabytes are in memory, and which no kill leaves behind. Use
    it from one thread at a time.

    Args:
        paths: files and folders.
        shard: number, from 1, and how many there are.
    """

    def __init__(self, paths: Iterable[Path], shard: tuple[int, int] = (1, 1)) -> None:
        self._base = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        for line in (
            "PRAGMA journal_mode = OFF",
            "CREATE TABLE found (kind INTEGER, root INTEGER, key BLOB, path BLOB, reason TEXT, UNIQUE (path, kind))",
            "CREATE TABLE files (number INTEGER PRIMARY KEY, position INTEGER, path BLOB, reason TEXT, open INTEGER)",
            "BEGIN",
        ):
            self._base.execute(line)
        rows = (row for root, path in enumerate(paths) for row in _found(root, Path(path)))
        self._base.executemany("INSERT OR IGNORE INTO found VALUES (?, ?, ?, ?, ?)", rows)
        self.whole = self._divide(*shard)
        self._base.execute("DROP TABLE found")
        (self.files,) = self._base.execute("SELECT COUNT(*) FROM files").fetchone()
        (self.skipped,) = self._base.execute("SELECT COUNT(*) FROM files WHERE reason <> ''").fetchone()

    def _divide(self, number: int, shards: int) -> Whole:
        """Number all files in order, keep those of the shard, and say what all are."""
        digest, count = hashlib.sha256(), 0

        def mine() -> Iterator[tuple[int, bytes, str]]:
            nonlocal count
            ordered = self._base.execute("SELECT path, reason FROM found ORDER BY kind, root, key, rowid")
            for position, (path, reason) in enumerate(ordered):
                digest.update(path + b"\0")
                count += 1
                if shard_of(path, shards) == number:
                    yield position, path, reason

        self._base.executemany("INSERT INTO files (position, path, reason, open) VALUES (?, ?, ?, 0)", mine())
        return Whole(count, digest.hexdigest())

    def chunks(self, size: int) -> Iterator[list[tuple[int, Listed]]]:
        """Yield some files at a time, each with its number for `open`; what is opened meanwhile disturbs nothing."""
        last = 0
        while rows := self._base.execute(
            "SELECT number, position, path, reason FROM files WHERE number > ? ORDER BY number LIMIT ?", (last, size)
        ).fetchall():
            yield [(number, _listed(*row)) for number, *row in rows]
            last = rows[-1][0]

    def open(self, numbers: Sequence[int]) -> None:
        """Note that these files are to be predicted for."""
        self._base.executemany("UPDATE files SET open = 1 WHERE number = ?", [(number,) for number in numbers])

    def open_chunks(self, size: int) -> Iterator[list[Listed]]:
        """Yield those to be predicted for, `size` places of the whole list at a time: wherever a start begins again,
        the same images come together, and so get the same answer to the last bit.
        """
        rows = self._base.execute("SELECT number, position, path, reason FROM files WHERE open = 1 ORDER BY number")
        for _, chunk in groupby(rows, lambda row: (row[0] - 1 - self.skipped) // size):
            yield [_listed(*row) for _, *row in chunk]

    def paths(self) -> Iterator[Path]:
        """Yield the files that are not skipped."""
        for (path,) in self._base.execute("SELECT path FROM files WHERE reason = '' ORDER BY number"):
            yield Path(os.fsdecode(path))

    def index(self) -> None:
        """Make `has` fast."""
        self._base.execute("CREATE INDEX IF NOT EXISTS by_path ON files (path)")

    def has(self, path: bytes) -> bool:
        """Say whether a file, as `os.fsencode` writes it, is listed."""
        return self._base.execute("SELECT 1 FROM files WHERE path = ?", (path,)).fetchone() is not None

    def close(self) -> None:
        """Let go of the disk."""
        self._base.close()


def shard_of(path: bytes, shards: int) -> int:
    """Return the shard of a file, from 1: by a hash of its path as it was given, so that no order matters."""
    return 1 + int.from_bytes(hashlib.sha256(path).digest()[:8], "big") % shards


def _listed(position: int, path: bytes, reason: str) -> Listed:
    return Listed(position, Path(os.fsdecode(path)), reason)


def _found(root: int, path: Path) -> Iterator[tuple[int, int, bytes, bytes, str]]:
    kind = kind_of(path)
    if kind == "file":
        yield LISTED, root, b"", os.fsencode(path), ""
    elif kind != "folder":
        yield SKIPPED, root, b"", os.fsencode(path), kind
    else:
        for file, said in walk(path, files_first):
            if said != FOLDER:
                key = sort_key(file.relative_to(path).parts)
                listed = said == IMAGE
                yield LISTED if listed else SKIPPED, root, key, os.fsencode(file), "" if listed else said


def sort_key(parts: Iterable[str]) -> bytes:
    """Return bytes that sort as the `natural_key` of each part of a path does."""
    key = bytearray()
    for part in parts:
        for i, piece in enumerate(DIGITS.split(part.casefold())):
            if i % 2:
                digits = str(int(piece)).encode()
                key += bytes([len(digits)]) + digits  # a longer number is a larger one
            else:
                key += piece.encode("utf-8", "surrogatepass") + b"\0"
        key += b"\0" + part.encode("utf-8", "surrogatepass") + b"\0"
    return bytes(key)
