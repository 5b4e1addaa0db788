"""Images that a person marked in a `check.csv`, to be left out of training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from data import csv_table
from data.folder import Scan, Skipped
from errors import UserError

DROP = "drop"  # the column that a person fills in
NOT_DROPPED = ("", "0", "no", "false")  # false: an empty check box of a spreadsheet


def read_drops(path: Path, name_of: Callable[[str], str] = csv_table.no_names) -> set[str]:
    """Return the paths whose `drop` is filled: anything but nothing, 0, no or false.

    `name_of`: tells which image or class a cell means.

    Raises:
        UserError: the file is missing or is no such table.
    """
    table = csv_table.with_columns(path, str(path), ("path", DROP), "the table that `check` wrote")
    marked = [row.get("path", "") for _, row in table.rows() if is_marked(row.get(DROP, ""))]
    return set(map(name_of, marked))


def is_marked(cell: str) -> bool:
    """Say whether a person filled in a `drop` cell."""
    return cell.strip().casefold() not in NOT_DROPPED


def apply(scanned: Scan, table: Path, note: Callable[[str], None]) -> Scan:
    """Leave out the images that a person marked in a `check.csv`; tell `note` which rows name none."""
    names = {entry.name for entry in (*scanned.images, *scanned.skipped)}
    others = {".", *scanned.class_names}  # of which `check` has rows, too
    marked = read_drops(table, csv_table.Names(names | others))
    unknown = sorted(marked - names)
    if (images := sorted(set(unknown) - others)) and len(unknown) == len(marked):
        raise UserError(
            f"`exclude` {table} marks {len(images):,} image(s), such as {images[0]}, none of which is in "
            f"{scanned.root}: give the check.csv of this folder."
        )
    if unknown:
        note(
            f"`exclude` {table}: {len(unknown):,} of {len(marked):,} marked rows name no image of {scanned.root}, such "
            f"as {unknown[0]}; they leave nothing out"
        )
    out = tuple(Skipped(image.name, "marked to be dropped") for image in scanned.images if image.name in marked)
    kept = tuple(image for image in scanned.images if image.name not in marked)
    return replace(scanned, images=kept, skipped=(*scanned.skipped, *out))
