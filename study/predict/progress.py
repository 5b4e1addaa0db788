"""What is predicted already, in a file of SQLite beside the table: whole blocks of rows, whatever kills the process."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.listing import Listing
from data.walk import PROGRESS
from errors import UserError

FORMAT = 1
SETTINGS = ("tta", "right", "shard")  # that must be the same
COLUMNS = "path, position, size, time, content, failed, cells"
TABLES = (
    "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT)",
    "CREATE TABLE IF NOT EXISTS rows (path BLOB PRIMARY KEY, position INTEGER, size INTEGER, time INTEGER, "
    "content TEXT, failed INTEGER, cells TEXT) WITHOUT ROWID",
)


@dataclass(frozen=True)
class Row:
    """One row of the table, and of which file it is.

    Args:
        path: of the file, as `os.fsencode` writes it.
        position: among all files, in every shard.
        size: of the file in bytes, None where it could not be asked.
        time: when it was changed, in nanoseconds.
        content: SHA-256 of the file, "" where it could not be read.
        failed: whether there is no answer.
        cells: of the table.
    """

    path: bytes
    position: int
    size: int | None
    time: int | None
    content: str
    failed: bool
    cells: Sequence[str]


def beside(table: Path) -> Path:
    """`out.csv` -> `out.csv.progress`."""
    return table.with_name(table.name + PROGRESS)


@contextmanager
def told_in_one_line(path: Path) -> Iterator[None]:
    """Raise UserError where SQLite cannot go on."""
    try:
        yield
    except sqlite3.Error as error:
        kind = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # above stand the details
        if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            why = (  # SQLite tells neither from the other
                "is in use by another process, or its file system has no locks: wait for it, or give another "
                "--csv FILE."
            )
        elif kind == sqlite3.SQLITE_FULL:
            why = "cannot be written: its disk, or that of temporary files, is full. Free some space, then go on."
        elif kind in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            why = f"cannot be read or written ({error}). Make room for it, then go on, or give another --csv FILE."
        else:
            why = f"cannot be used ({error}). Remove it to begin again, or give another --csv FILE."
        raise UserError(f"{path} {why}") from error


class Progress:
    """The rows that are there; one process at a time.

    Raises:
        UserError: it is in use, or it is no file of this kind.
    """

    def __init__(self, path: Path, must_exist: bool = False) -> None:
        self.path, self.width = path, 0  # columns of the table, where they are known
        self._base = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'rw' if must_exist else 'rwc'}",
            uri=True,
            timeout=1.0,
            isolation_level=None,
        )
        try:
            self._base.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._base.execute("BEGIN EXCLUSIVE")
            for line in TABLES:
                self._base.execute(line)
            if self.facts().get("format", FORMAT) != FORMAT:
                raise UserError(f"{path} is of another version of this program. Remove it to begin again.")
        except BaseException:
            self._base.close()
            raise

    def facts(self) -> dict[str, Any]:
        """Return what wrote the rows, and what they are of."""
        try:
            return {name: json.loads(value) for name, value in self._base.execute("SELECT name, value FROM facts")}
        except (ValueError, TypeError, RecursionError) as error:
            raise UserError(f"{self.path} is damaged. Remove it to begin again.") from error

    def note(self, facts: Mapping[str, Any]) -> None:
        """Keep facts; `finished` goes, until `finish`."""
        self.width = len(facts["columns"])
        self._base.execute("DELETE FROM facts WHERE name = 'finished'")
        rows = [(name, json.dumps(value)) for name, value in {"format": FORMAT, **facts}.items()]
        self._base.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", rows)

    def commit(self) -> None:
        """End a block: what was put is there from now on."""
        self._base.execute("COMMIT")
        self._base.execute("BEGIN EXCLUSIVE")

    def put(self, row: Row) -> None:
        """Add or replace the row of a file."""
        values = (row.path, row.position, row.size, row.time, row.content, row.failed, json.dumps(row.cells))
        self._base.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def any_row(self) -> bool:
        """Say whether there is a row."""
        return self._base.execute("SELECT 1 FROM rows LIMIT 1").fetchone() is not None

    def row(self, path: bytes) -> Row | None:
        """Return the row of a file, if there is one."""
        return self._row("path = ?", path)

    def same_content(self, content: str) -> Row | None:
        """Return the row of an image of this content, if there is one."""
        return self._row("content = ? AND failed = 0", content)

    def index_contents(self) -> None:
        """Make `same_content` fast."""
        self._base.execute("CREATE INDEX IF NOT EXISTS by_content ON rows (content)")

    def _row(self, where: str, value: bytes | str) -> Row | None:
        found = self._base.execute(f"SELECT {COLUMNS} FROM rows WHERE {where} LIMIT 1", (value,)).fetchone()
        return found and self._checked(*found)

    def _checked(self, *values: Any) -> Row:  # noqa: ANN401 - whatever the file holds
        *rest, cells = values
        try:
            cells = json.loads(cells)
        except (ValueError, TypeError, RecursionError):
            cells = None
        sound = isinstance(cells, list) and all(isinstance(cell, str) for cell in cells)
        if not sound or (self.width and len(cells) != self.width):
            raise UserError(f"{self.path} is damaged. Remove it to begin again.")
        return Row(*rest, cells)

    def rows(self) -> Iterator[Row]:
        """Yield all rows in the order of the table."""
        for values in self._base.execute(f"SELECT {COLUMNS} FROM rows ORDER BY position"):
            yield self._checked(*values)

    def finish(self, listing: Listing) -> None:
        """Note that every file of a listing has its row; rows of files that are listed no longer go."""
        (count,) = self._base.execute("SELECT COUNT(*) FROM rows").fetchone()
        if count != listing.files:
            listing.index()
            self._base.create_function("listed", 1, listing.has)
            self._base.execute("DELETE FROM rows WHERE NOT listed(path)")
        whole = listing.whole
        self._base.execute(
            "INSERT OR REPLACE INTO facts VALUES ('finished', ?)",
            (json.dumps({"files": whole.files, "digest": whole.digest, "rows": listing.files}),),
        )
        self.commit()

    def close(self) -> None:
        """Let go of the file, as it was at the end of the last block; one without a block goes."""
        empty = False
        try:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            empty = not self._base.execute("SELECT 1 FROM sqlite_master").fetchone()
        finally:
            self._base.close()
        if empty:
            self.path.unlink(missing_ok=True)


def check_facts(progress: Progress, asked: Mapping[str, Any]) -> None:
    """Raise UserError where the rows that are there were written by another run, or with other settings."""
    known = progress.facts()
    if "network" not in known:
        if progress.any_row():  # of which nobody knows what wrote them
            raise UserError(f"{progress.path} is damaged. Remove it to begin again.")
        return
    begun, other = f"{progress.path} was begun", "or another --csv FILE."
    if known["network"] != asked["network"]:
        raise UserError(f"{begun} by the run {known.get('run')}. Received: {asked['run']}. Give that run, {other}")
    for name in SETTINGS:
        before, now = shown(name, known.get(name)), shown(name, asked[name])
        if before != now:
            raise UserError(f"{begun} with {before}. Received: {now}. Give the same, {other}")
    if known.get("columns") != asked["columns"]:
        raise UserError(f"{begun} with other columns than this run has. Give another --csv FILE.")


def shown(name: str, value: object) -> str:
    """`--tta flip`, `no --right`."""
    absent = value is None or (name == "shard" and value == "1/1")
    return f"no --{name}" if absent else f"--{name} {value}"
