"""What the layouts of the Hugging Face hub share: rows of images with their labels, and splits by words in names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from data import table
from data.folder import ImageRecord, Scan, Skipped, without_lone_train
from data.names import composed, join_labels, natural_key, printable
from errors import UserError

SPLIT_OF = {  # the words by which the hub finds splits in the names of folders and shards
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "dev", "val"), "val"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
NO_LABEL = "it has no label"


@dataclass(frozen=True)
class Row:
    """One image: its file, the name by which it is known, its labels, and its split, if any."""

    path: Path
    name: str
    labels: tuple[str, ...]
    split: str | None


def split_in(name: str) -> str | None:
    """Return the split that a posix path tells, by the first word that is one: `data/train-00000-of-00002.parquet`."""
    words = re.findall(r"[^\W\d_]+", PurePosixPath(name).as_posix())
    return next((SPLIT_OF[word.casefold()] for word in words if word.casefold() in SPLIT_OF), None)


def lies_in(root: Path, path: Path) -> bool:
    """Say whether a path that a file of a data set names is below its folder; a link there may lead anywhere."""
    return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(root))


def labels_of(value: Any, names: Sequence[str] = ()) -> tuple[str, ...]:  # noqa: ANN401 - whatever a cell holds
    """Return the labels in a cell: text, a number, a list of them; a number is one of `names` where there are any.

    Raises:
        ValueError: a number has no name, or it is something else.
    """
    if isinstance(value, list | tuple):
        return tuple(dict.fromkeys(label for item in value for label in labels_of(item, names)))
    if value is None or value == "" or (names and value == -1):  # -1: how the hub writes that there is none
        return ()
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"its label must be text or a whole number. Received: {value!r}"[:200])
    if names and isinstance(value, int):
        if not 0 <= value < len(names):
            raise ValueError(f"its label is {value}, and the {len(names)} classes are numbered from 0")
        return (composed(printable(names[value])),)
    return (composed(printable(str(value))),) if str(value).strip() else ()


def scan_of(
    root: Path,
    rows: Iterable[Row],
    skipped: Sequence[Skipped],
    files: Sequence[str],
    min_classes: int,
    several: bool,
    notes: Sequence[str],
) -> Scan:
    """Return rows as a scan.

    Args:
        root: the folder.
        rows: of its images.
        skipped: what was left out before.
        files: that name or hold the images, by their names below the folder.
        min_classes: so many at least.
        several: whether an image may have several labels, or none.
        notes: for the user.

    Raises:
        UserError: no image, too few classes, or an image with two labels where it may have one.
    """
    rows, unused = usable(list(rows), several)
    left_out, splits = [*skipped, *unused], {row.split for row in rows}
    if None in splits and len(splits) > 1:  # without one to learn from, it is a word in a name, as of a test tube
        words = ", ".join(sorted(splits - {None}))
        notes = [*notes, f"{printable(str(root))}: no name has train, so the words in names are no splits ({words})"]
        rows = [replace(row, split=None) for row in rows]
    cells = [{"path": row.name, "label": label} for row in rows for label in row.labels or ("",)]
    labels = table.collect_labels(root, cells, several)
    by_name = {row.name: row for row in sorted(rows, key=lambda row: natural_key(row.name))}
    images = tuple(ImageRecord(row.path, name, join_labels(labels[name]), row.split) for name, row in by_name.items())
    classes = tuple(sorted({label for own in labels.values() for label in own}, key=natural_key))
    found = Scan(root, images, tuple(left_out), classes, tuple(notes), tuple(files))
    check_enough(found, min_classes)
    left_out.sort(key=lambda item: natural_key(item.name))
    return without_lone_train(replace(found, skipped=tuple(left_out)))


def usable(rows: list[Row], several: bool) -> tuple[list[Row], list[Skipped]]:
    """Return the rows that have a label, or may have none, and a split where there is one to learn from; and the rest.

    `several`: whether an image may have several labels, or none.
    """
    left_out = []
    if not several:
        left_out += [Skipped(row.name, NO_LABEL) for row in rows if not row.labels]
        rows = [row for row in rows if row.labels]
    if any(row.split == "train" for row in rows):
        left_out += [Skipped(row.name, "in none of the splits") for row in rows if not row.split]
        rows = [row for row in rows if row.split]
    return rows, left_out


def check_enough(found: Scan, min_classes: int) -> None:
    """Raise UserError where there is no image, or where there are too few classes."""
    shown, left_out = printable(str(found.root)), found.skipped
    if not found.images:
        why = f", such as {left_out[0].name}: {left_out[0].reason}" if left_out else ""
        raise UserError(
            f"{shown}: none of the images that {found.files[0]} names can be used ({len(left_out):,} left out{why})."
        )
    if len(found.class_names) < min_classes:
        why = f" {len(left_out):,} left out, such as {left_out[0].name}: {left_out[0].reason}." if left_out else ""
        names = ", ".join(found.class_names)
        raise UserError(
            f"{shown} has {len(found.class_names)} class(es), {names}: at least {min_classes} are needed.{why}"
        )
