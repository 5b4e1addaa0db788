"""An ImageFolder of the Hugging Face hub: metadata.csv or metadata.jsonl name the images and their labels."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from data import csv_table, folder, hub_rows
from data.folder import Scan, Skipped
from data.hub_rows import Row
from data.layout import SPLIT_NAMES
from data.names import printable
from data.table import SPLIT_COLUMNS, name_in, names_splits
from errors import UserError

FILES = ("metadata.csv", "metadata.jsonl")
NAME, LABEL = ("file_name", "image_file_name"), ("label", "labels")  # columns, of each the first that is there
SPLIT = ("part", *SPLIT_COLUMNS)

Cells = Mapping[str, Any]
Rows = Iterator[tuple[int, Cells | str]]  # line and cells, or why it has none


def tables(root: Path) -> list[Path]:
    """Return the metadata files of a folder and of the folders in it that name images with labels."""
    folders = [root, *(path for path in _folders_in(root) if not path.name.startswith("."))]
    folders += _folders_in(root / "data")
    found = [place / name for place in folders for name in FILES if os.path.isfile(place / name)]  # noqa: PTH113
    return [path for path in found if _names_labels(path)]


def _folders_in(place: Path) -> list[Path]:
    """Return the folders in one; none where it may not be read, of which `folder.scan` tells."""
    try:  # of what may not be looked into, Path.is_dir raises
        return sorted(path for path in place.iterdir() if os.path.isdir(path))  # noqa: PTH112
    except OSError:
        return []


def scan(root: Path, files: list[Path], min_classes: int, several: bool) -> Scan:
    """List the images that metadata files name; train, validation and test among their folders are the splits.

    Raises:
        UserError: a file cannot be read, or what `hub_rows.scan_of` raises.
    """
    rows, skipped, notes = [], [], []
    for path in files:
        lines = list(read(path))
        if column := _split_column([cells for _, cells in lines if not isinstance(cells, str)]):
            notes.append(f"{path}: its column {column} gives the splits")
        for line, cells in lines:
            where = f"{path.relative_to(root).as_posix()}, line {line}"
            outcome = cells if isinstance(cells, str) else _row(root, path.parent, cells, column)
            if isinstance(outcome, Row):
                rows.append(outcome)
            else:
                skipped.append(outcome if isinstance(outcome, Skipped) else Skipped(where, outcome))
    named = {row.name for row in rows} | {item.name for item in skipped}
    if loose := [name for name in folder.paths_below(root) if name not in named]:
        notes.append(
            f"{printable(str(root))}: {len(loose):,} image(s), such as {loose[0]}, are named by no metadata file and "
            "are not used"
        )
    names = [path.relative_to(root).as_posix() for path in files]
    return hub_rows.scan_of(root, rows, skipped, names, min_classes, several, notes)


def read(path: Path) -> Rows:
    """Yield the line and the cells of each row, or why it has none."""
    if path.suffix == ".csv":
        for line, cells in _opened(path).rows():
            yield line, {name: cell if name in NAME else cell.strip() for name, cell in cells.items()}
        return
    try:
        text = csv_table.decode(path.read_bytes(), str(path))
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except ValueError as error:
            yield number, f"no JSON: {' '.join(str(error).split())}"
            continue
        yield number, cells if isinstance(cells, dict) else "no JSON object with file_name and label"


def _opened(path: Path) -> csv_table.Table:
    try:
        return csv_table.read(path, str(path), (*NAME, *LABEL), NAME[:1])
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error


def _names_labels(path: Path) -> bool:
    """Say whether a table has columns of names and labels, or a row of JSON that can be read has both."""
    if path.suffix == ".csv":
        columns = dict.fromkeys(_opened(path).columns)
        return bool(_column(columns, NAME) and _column(columns, LABEL))
    rows = (cells for _, cells in read(path) if not isinstance(cells, str))
    return any(_column(cells, NAME) and _column(cells, LABEL) for cells in rows)


def _column(cells: Cells, names: tuple[str, ...]) -> str:
    return next((name for name in names if name in cells), "")


def _split_column(rows: Sequence[Cells]) -> str:
    """Return the name of the column that gives the split of every row; "" without one."""
    names = [name for name in rows[0] if name.casefold() in SPLIT] if rows else []
    return next((name for name in names if names_splits([str(row.get(name, "")) for row in rows])), "")


def _row(root: Path, place: Path, cells: Cells, split_column: str) -> Row | Skipped | str:
    """Return what a row says, or the image that is left out; a text where it names none."""
    cell = cells.get(_column(cells, NAME))
    if not isinstance(cell, str) or not cell.strip():
        return "it names no image"
    path = place / name_in(place, cell)
    if not hub_rows.lies_in(root, path):
        return Skipped(printable(cell), "it lies outside of the folder")
    below = path.relative_to(root).as_posix()
    name = printable(below)
    if reason := folder.reason_skipped(path):
        return Skipped(name, reason)
    try:
        labels = hub_rows.labels_of(cells.get(_column(cells, LABEL)))
    except ValueError as error:
        return Skipped(name, str(error))
    split = SPLIT_NAMES[cells[split_column].casefold()] if split_column else hub_rows.split_in(below.rpartition("/")[0])
    return Row(path, name, labels, split)
