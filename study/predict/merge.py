"""`predict --merge`: the tables of all shards become one, in the order of a table that was never divided."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.walk import PROGRESS
from errors import UserError
from study.predict.progress import SETTINGS, Progress, beside, shown, told_in_one_line
from study.predict.tables import write_table


@dataclass(frozen=True)
class Merged:
    """What came of it."""

    table: Path
    run: str
    shards: int
    rows: int
    failed: int

    def values(self) -> dict[str, Any]:
        """Return what a script is told."""
        return {"csv": self.table, "run": self.run, "shards": self.shards, "rows": self.rows, "failed": self.failed}


@dataclass(frozen=True)
class Shard:
    """One of them: its table, its number and how many there are, and what wrote it."""

    table: Path
    number: int
    shards: int
    facts: dict[str, Any]


def merge(tables: Sequence[Path], target: Path) -> Merged:
    """Write the table of all shards, whole or not at all; one file is open at a time.

    Raises:
        UserError: they are not all the shards of one run over the same files, each once and finished.
    """
    tables = [path.with_name(path.name.removesuffix(PROGRESS)) for path in tables]
    if target.resolve() in {path.resolve() for path in tables}:
        raise UserError(f"--merge writes a new table, and {target} is one of the shards. Give another --csv FILE.")
    shards = [read_shard(path) for path in tables]
    check_together(shards)
    with told_in_one_line(target):
        base = sqlite3.connect("", isolation_level=None)  # on the disk, and gone when it is closed
        try:
            base.execute("CREATE TABLE rows (position INTEGER PRIMARY KEY, failed INTEGER, cells TEXT)")
            return write_merged(base, shards, target)
        finally:
            base.close()


def read_shard(table: Path) -> Shard:
    """Return what the file beside a table says of it. Raise UserError where it is none, or is not finished."""
    path = beside(table)
    if not path.is_file():
        raise UserError(
            f"{table} has no {path.name} beside it, which says what it is of: predict --shard K/N --csv writes both."
        )
    with told_in_one_line(path):
        progress = Progress(path, must_exist=True)
        try:
            facts = progress.facts()
        finally:
            progress.close()
    if "network" not in facts or not facts.get("finished"):
        raise UserError(f"{table} is not finished: type the command that began it once more, then merge.")
    try:
        number, shards = map(int, facts["shard"].split("/"))
        whole = facts["finished"]["files"], facts["finished"]["digest"]
        texts = (*facts["columns"], facts["run"], facts["network"], whole[1])
        sound = isinstance(whole[0], int) and all(isinstance(text, str) for text in texts) and {*SETTINGS} <= {*facts}
    except (ValueError, KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise UserError(f"{path} is damaged: predict for that shard again.")
    return Shard(table, number, shards, facts)


def check_together(shards: Sequence[Shard]) -> None:
    """Raise UserError where these are not all the shards of one table."""
    first, *others = shards
    for other in others:
        pair, one, two = f"{first.table} and {other.table}", first.facts, other.facts
        if one["network"] != two["network"]:
            raise UserError(f"{pair} are of different runs: {one['run']} and {two['run']}. Merge shards of one run.")
        for name in SETTINGS:
            if name != "shard" and one[name] != two[name]:
                raise UserError(f"{pair} differ: {shown(name, one[name])} and {shown(name, two[name])}.")
        if first.shards != other.shards:
            raise UserError(f"{pair} are shards of {first.shards} and of {other.shards}. Merge shards of one division.")
    seen: dict[int, Shard] = {}
    for shard in shards:
        if before := seen.get(shard.number):
            raise UserError(f"{before.table} and {shard.table} are both shard {shard.number}/{shard.shards}: give one.")
        seen[shard.number] = shard
    if missing := [number for number in range(1, first.shards + 1) if number not in seen]:
        some = ", ".join(f"{number}/{first.shards}" for number in missing[:8]) + (", …" if len(missing) > 8 else "")
        raise UserError(f"{len(missing)} of {first.shards} shards are missing: {some}. Give the tables of all.")
    for other in others:
        one, two = first.facts["finished"], other.facts["finished"]
        if one["digest"] != two["digest"]:
            raise UserError(
                f"{first.table} and {other.table} were made of different files, {one['files']:,} and {two['files']:,} "
                "in all: predict again with --resume, the same paths and the same files."
            )


def write_merged(base: sqlite3.Connection, shards: Sequence[Shard], target: Path) -> Merged:
    """Collect the rows of the shards and write them in order. Raise UserError where one is missing or there twice."""
    columns, files, put = shards[0].facts["columns"], shards[0].facts["finished"]["files"], 0
    base.execute("BEGIN")
    for shard in shards:
        with told_in_one_line(beside(shard.table)):
            progress = Progress(beside(shard.table), must_exist=True)
            try:
                progress.width = len(columns)
                for row in progress.rows():
                    values = (row.position, row.failed, json.dumps(row.cells))
                    base.execute("INSERT OR IGNORE INTO rows VALUES (?, ?, ?)", values)
                    put += 1
            finally:
                progress.close()
    count, failed, last = base.execute("SELECT COUNT(*), TOTAL(failed), MAX(position) FROM rows").fetchone()
    if not put == count == files or (files and last != files - 1):
        raise UserError(
            f"The shards have {put:,} rows, {put - count:,} of them for a file that another has, and {files:,} files "
            "were predicted for: predict for each shard again, with the same paths."
        )
    ordered = base.execute("SELECT cells FROM rows ORDER BY position")
    write_table(target, columns, (json.loads(cells) for (cells,) in ordered))
    return Merged(target, shards[0].facts["run"], len(shards), count, int(failed))
