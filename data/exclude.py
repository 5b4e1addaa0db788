"""Images that a person marked in a `check.csv`, to be left out of training."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from data.folder import Scan, Skipped
from errors import UserError

DROP = "drop"  # the column that a person fills in
NOT_DROPPED = ("", "0", "no")


def read_drops(path: Path) -> set[str]:
    """Return the paths whose `drop` is filled: anything but nothing, 0 or no.

    Raises:
        UserError: the file is missing or is no such table.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = {"path", DROP} - set(table.fieldnames or ())
            rows = [] if missing else [(line["path"], line[DROP] or "") for line in table]
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}. Give the table that `check` wrote.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is no table of findings ({error}). Save it as CSV in UTF-8.") from error
    if missing:
        raise UserError(f"{path} has no column {', '.join(sorted(missing))}: expected those that `check` writes.")
    return {name for name, drop in rows if drop.strip().casefold() not in NOT_DROPPED}


def apply(scanned: Scan, table: Path, note: Callable[[str], None]) -> Scan:
    """Leave out the images that a person marked in a `check.csv`; tell `note` which rows name none."""
    marked = read_drops(table)
    unknown = sorted(marked - {entry.name for entry in (*scanned.images, *scanned.skipped)})
    if (images := sorted(set(unknown) - {".", *scanned.class_names})) and len(unknown) == len(marked):
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
