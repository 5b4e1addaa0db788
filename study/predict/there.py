"""Which files have their row already: by path, by path, size and time, or by content."""

from __future__ import annotations

import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from data import pixels
from data.listing import Listed, Listing
from data.names import printable
from data.store.hashes import hash_readable
from study.predict.progress import Progress, Row
from study.predict.rows import Rows
from study.predict.stream import CHUNK, Prediction

Stamp = tuple[int | None, int | None]  # size in bytes, time of the last change in nanoseconds


@dataclass
class Kept:
    """What is there: rows, and how many images count under each verdict or label; and what is no image."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    skipped: int = 0


def stamp(file: Path) -> Stamp:
    """Return size and time of a file, None where it cannot be asked."""
    try:
        found = file.stat()
    except (OSError, ValueError):
        return None, None
    return found.st_size, found.st_mtime_ns


def keep_what_is_there(listing: Listing, progress: Progress, rows: Rows, by: str) -> Kept:
    """Keep the rows that are of files of a listing, and open the others; what is skipped gets its row.

    Args:
        listing: of files.
        progress: with the rows of earlier starts. A file that failed then is tried again.
        rows: how a row is read and made.
        by: "path": a file of that path is the same; "time": one of that path, size and time; "content": one of that
            content, wherever it lies.
    """
    kept = Kept()
    if by == "content":
        progress.index_contents()
    with ThreadPoolExecutor(pixels.WORKERS) as pool:
        for chunk in listing.chunks(CHUNK):
            contents = pool.map(lambda one: hash_readable(one[1].file), chunk) if by == "content" else [""] * len(chunk)
            opened = []
            for (number, listed), content in zip(chunk, contents, strict=True):
                if listed.reason:
                    _put_skipped(listed, progress, rows)
                    kept.skipped += 1
                elif row := _row_there(listed, progress, by, content):
                    kept.rows += 1
                    kept.counts.update(rows.counted(row.cells))
                else:
                    opened.append(number)
            listing.open(opened)
    return kept


def _row_there(listed: Listed, progress: Progress, by: str, content: str) -> Row | None:
    """Return the row of a file, and see that it stands at its place."""
    path = os.fsencode(listed.file)
    row, now = progress.row(path), stamp(listed.file) if by != "path" else (None, None)
    if row and by == "time" and (row.size, row.time) != now:
        row = None
    if by == "content" and content and (row is None or row.content != content):
        row = progress.same_content(content)
    elif by == "content" and not content:
        row = None
    if row is None or row.failed:
        return None
    size, changed = (row.size, row.time) if by == "path" else now
    cells = [printable(str(listed.file)), *row.cells[1:]]
    right = replace(row, path=path, position=listed.position, size=size, time=changed, cells=cells)
    if right != row:
        progress.put(right)
    return right


def _put_skipped(listed: Listed, progress: Progress, rows: Rows) -> None:
    """Keep why a file is skipped, and say it."""
    name = printable(listed.file.as_posix())
    print(f"{name}: {listed.reason}", file=sys.stderr)
    cells = rows.row(Prediction(name, None, error=listed.reason))
    progress.put(Row(os.fsencode(listed.file), listed.position, None, None, "", True, cells))
