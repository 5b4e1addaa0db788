"""Opening the store's index, and beginning a new one where it is damaged."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from data.store.index import TABLES, DamagedIndexError

Answer = TypeVar("Answer")

NAME = "index.sqlite3"
DAMAGE = (DamagedIndexError, UnicodeDecodeError)  # the latter where Python cannot read SQLite's own complaint
# What says nothing of the file's content: it is locked, may not be written, the disk is full.
NO_DAMAGE = {
    *(sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY),
    *(sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN),
    *(sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_AUTH),
}


def ask(
    root: Path, patience: float, question: Callable[[sqlite3.Connection], Answer], note: Callable[[str], None]
) -> Answer:
    """Put a question to the index in a folder; a damaged one is set aside, told, and a new one asked.

    Raises:
        OSError, sqlite3.Error: the index cannot be used.
    """
    root.mkdir(parents=True, exist_ok=True)
    path = root / NAME
    before = _identity(path)
    try:
        return _put(path, patience, question)
    except (sqlite3.DatabaseError, *DAMAGE) as error:
        if not _says_damage(error, path):
            raise
        if before is not None and _identity(path) == before:  # else another process has set it aside
            _set_aside(path)
            note(f"the index of the store in {root} is damaged ({error}): set aside, and a new one begun")
    try:
        return _put(path, patience, question)
    except DAMAGE as error:
        raise sqlite3.DatabaseError(str(error)) from error


def _put(path: Path, patience: float, question: Callable[[sqlite3.Connection], Answer]) -> Answer:
    # The default journal, not WAL: a cache folder may lie on a network drive, where WAL does not work.
    with contextlib.closing(sqlite3.connect(path, timeout=patience)) as index:
        index.execute("PRAGMA cell_size_check = ON")  # notices more of the damage, and early
        index.executescript(TABLES)
        return question(index)


def _says_damage(error: Exception, path: Path) -> bool:
    if isinstance(error, DAMAGE):
        return True
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # none: text that is not UTF-8
    if code == sqlite3.SQLITE_READONLY:
        with contextlib.suppress(OSError), path.open("rb") as file:
            return max(file.read(20)[18:]) > 2  # the version of the format, which SQLite then leaves to its betters
    return code not in NO_DAMAGE and not isinstance(error, sqlite3.ProgrammingError)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _set_aside(path: Path) -> None:
    """Rename the index, over one that was set aside before; a journal would be played into the next one."""
    path.replace(path.with_name(f"{path.name}.damaged"))
    for ending in ("-journal", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
