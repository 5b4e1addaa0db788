"""A table as the data set: a CSV file that names images, their labels and, if wanted, split and group.

Columns are found by name, in any order and case: `path`, relative to the table, and `label`; `part` (train, val, test),
which may be called `split`, `subset` or `set`, and `group`, whose images stay in one split. Where an image may have
several labels it has one row a label, an empty label standing for none, or the table has one column of 0 and 1 a class
instead of `label`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from data import csv_table, folder
from data.folder import ImageRecord, Scan, Skipped
from data.layout import SPLIT_NAMES
from data.names import SEPARATOR, composed, decomposed, join_labels, listed, natural_key, printable
from errors import UserError

RESERVED = ("path", "label", "part", "group")
COLUMNS = "a CSV file with the columns path,label and, if wanted, part and group"
NAMED = 10  # columns in one line
SPLIT_COLUMNS = ("split", "subset", "set")  # how others call `part`
YES, NO = ("1", "true", "yes"), ("0", "false", "no", "")

TableRow = Mapping[str, str]


def scan(path: Path, min_classes: int = 2, several_labels: bool = False) -> Scan:
    """List the images of a table; nothing is opened but that.

    Raises:
        UserError: it cannot be read, lacks a column, contradicts itself, or has fewer than `min_classes` classes.
    """
    rows, notes = with_part(path, list(read(path)))
    labels_of = collect_labels(path, rows, several_labels)
    splits, groups = column_values(path, rows, "part"), column_values(path, rows, "group")
    split_of = {name: split_name(path, split) for name, split in splits.items() if split}
    if split_of and (without := [name for name in labels_of if name not in split_of]):
        raise UserError(f"{path} gives some images a part and not {without[0]}: give all of them one, or none.")
    images, skipped = [], []
    for name in sorted(labels_of, key=natural_key):
        file, label = path.parent / name, join_labels(labels_of[name])
        if reason := folder.reason_skipped(file):
            skipped.append(Skipped(printable(name), reason))
        else:
            images.append(ImageRecord(file, printable(name), label, split_of.get(name), groups.get(name, "")))
    names = class_names(path, labels_of, images, min_classes)
    return Scan(path, tuple(images), tuple(skipped), names, (*notes, *without_image(path, rows, names)))


def read(path: Path) -> Iterator[TableRow]:
    """Yield the rows of a table, name of the column in small letters -> text; columns of classes keep their case.

    Raises:
        UserError: it cannot be read, has no column path, or a row that is too long or names no image.
    """
    table = csv_table.with_columns(path, str(path), ["path"], COLUMNS, RESERVED)
    for number, cells in table.rows():
        named = {name: composed(csv_table.unguard(cells.get(name, "").strip())) for name in table.columns if name}
        row = named | {"path": name_in(path.parent, cells.get("path", ""))}
        if not row["path"]:
            raise UserError(f"{path}, line {number} names no image: its path is empty.")
        yield row


def with_part(path: Path, rows: Sequence[TableRow]) -> tuple[Sequence[TableRow], tuple[str, ...]]:
    """Take the column `part` by any of its names; return the rows, and notes on it and on columns that are not used.

    Without a column `label` all others are classes, and stay.
    """
    columns = list(rows[0]) if rows else []
    notes = []
    for name in [name for name in columns if name.casefold() in SPLIT_COLUMNS and "part" not in columns]:
        if names_splits([row[name] for row in rows]):
            rows = [{"part" if key == name else key: cell for key, cell in row.items()} for row in rows]
            columns[columns.index(name)] = "part"
            notes.append(f"{path}: its column {name} gives the splits")
            break
    if unused := [name for name in columns if name not in RESERVED and "label" in columns]:
        notes.append(
            f"{path}: not used: {listed(unused, NAMED)} (a column part gives splits, group what stays in one split)"
        )
    return rows, tuple(notes)


def names_splits(cells: Sequence[str]) -> bool:
    """Say whether all cells name splits, train and another one at least."""
    splits = {SPLIT_NAMES.get(cell.casefold()) for cell in cells}
    return None not in splits and "train" in splits and len(splits) > 1


def name_in(root: Path, cell: str) -> str:
    """Return which file of a folder the cell means, in any form; where there is none, the name that it gives."""

    def exists(name: str) -> bool:
        return os.path.exists(root / name)  # noqa: PTH110 - Path.exists raises for a name that is too long

    name = csv_table.meant(cell, exists)
    forms = (name, composed(name), decomposed(name), csv_table.plain(name), decomposed(csv_table.plain(name)))
    found = next(filter(exists, forms), composed(name))
    short = os.path.normpath(found)  # cat/1.jpg, ./cat/1.jpg and cat/../cat/1.jpg are one image, unless cat is a link
    if found and short != found and exists(found) and exists(short) and (root / found).samefile(root / short):
        found = short
    return Path(found).as_posix() if found else ""


def collect_labels(path: Path, rows: Sequence[TableRow], several: bool) -> dict[str, list[str]]:
    """Return path -> labels. Raise UserError where an image has not just one, unless it may have `several`."""
    labels_of: dict[str, list[str]] = {}
    for row in rows:
        collected = labels_of.setdefault(row["path"], [])
        collected += [label for label in labels_in(path, row, several) if label not in collected]
    for name, labels in labels_of.items():
        if several and (strange := [label for label in labels if SEPARATOR in label]):
            raise UserError(f"{path}: the label {strange[0]} has a {SEPARATOR}, which divides labels. Rename it.")
        if not several and len(labels) > 1:
            received = f"two labels, {labels[0]} and {labels[1]}"
            raise UserError(f"{path} gives {name} {received}: give it one, or train with `task` multilabel.")
    if not several and (empty := [name for name, labels in labels_of.items() if not labels]):
        more = f" and {len(empty) - 1:,} more of {len(labels_of):,} images" if len(empty) > 1 else ""
        put_right = "write them into their rows, or take these" if more else "write it into its row, or take that"
        raise UserError(f"{path} has no label for {empty[0]}{more}: {put_right} out.")
    return labels_of


def labels_in(path: Path, row: TableRow, several: bool) -> list[str]:
    """Return the labels that one row gives its image."""
    if "label" in row:
        return [row["label"]] if row["label"] else []
    columns = [name for name in row if name not in RESERVED]
    if not several or not columns:
        hint = " For one column of 0 and 1 a class, train with `task` multilabel." if is_one_hot(row, columns) else ""
        raise UserError(f"{path} has no column label: give {COLUMNS}. It has: {', '.join(row)}.{hint}")
    strange = [name for name in columns if row[name].casefold() not in (*YES, *NO)]
    if strange:
        raise UserError(f"{path}: column {strange[0]} takes 0 or 1. Received: {row[strange[0]]} for {row['path']}")
    return [name for name in columns if row[name].casefold() in YES]


def without_image(path: Path, rows: Sequence[TableRow], names: Sequence[str]) -> list[str]:
    """Return a line that names the columns of classes in which no row has a 1: they are no classes then."""
    columns = [] if "label" in rows[0] else [name for name in rows[0] if name not in RESERVED]
    if not (empty := [name for name in columns if name not in names]):
        return []
    return [f"careful: {path} has no image of {listed(empty, NAMED)}, which cannot be learned and is left out"]


def is_one_hot(row: TableRow, columns: Sequence[str]) -> bool:
    """Say whether a row has a yes or no in every one of several columns."""
    return len(columns) > 1 and all(row[name].casefold() in (*YES, *NO) for name in columns)


def column_values(path: Path, rows: Sequence[TableRow], column: str) -> dict[str, str]:
    """Return path -> what a column says of it. Raise UserError where two rows say two things."""
    values: dict[str, str] = {}
    for row in rows:
        if values.setdefault(row["path"], row.get(column, "")) != row.get(column, ""):
            raise UserError(f"{path} gives {row['path']} two values of {column}: give it one.")
    return values


def split_name(path: Path, text: str) -> str:
    """Return "train", "val" or "test". Raise UserError for anything else."""
    if text.casefold() not in SPLIT_NAMES:
        raise UserError(f"{path}: part takes train, val or test. Received: {text}")
    return SPLIT_NAMES[text.casefold()]


def class_names(
    path: Path, labels_of: Mapping[str, Sequence[str]], images: Sequence[ImageRecord], least: int
) -> tuple[str, ...]:
    """Return the labels that some image has, in natural order. Raise UserError where they are too few."""
    names = {label for labels in labels_of.values() for label in labels}
    if not labels_of:
        raise UserError(f"{path} names no image: below its first line it has no row. Give it one for each image.")
    if not images:
        such = min(labels_of, key=natural_key)
        raise UserError(
            f"{path} names no image that is there, such as {such}: paths are relative to the folder of the table."
        )
    if len(names) < least:
        raise UserError(f"{path} has {len(names)} class(es): at least {least} are needed.")
    return tuple(sorted(names, key=natural_key))
