"""A table of boxes, `path,left,top,right,bottom` in pixels: what each image is to be cut to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data import csv_table, cut
from data.crop import Box
from errors import UserError

if TYPE_CHECKING:
    from data.pixels import LoadedImages

SIDES = ("left", "top", "right", "bottom")
COLUMNS = ("path", *SIDES)


@dataclass(frozen=True)
class BoxTable:
    """The boxes of a table: image -> its box, the largest of several, None where the cells are empty.

    `several`: how many images have several.
    """

    boxes: Mapping[str, Box | None]
    several: int


def read(path: Path, name_of: Callable[[str], str] = csv_table.no_names) -> BoxTable:
    """Read a table `path,left,top,right,bottom`; `name_of` tells which image a cell means.

    Raises:
        UserError: it cannot be read, lacks a column, has a row that is no box, or shares of a side instead of pixels.
    """
    shown = f"`boxes` {path}"
    table = csv_table.with_columns(path, shown, COLUMNS, f"a CSV file {','.join(COLUMNS)}, in pixels")
    found: dict[str, list[Box]] = {}
    shares, fractions = True, False  # until a row says otherwise
    for line, row in table.rows():
        name, cells = name_of(row.get("path", "")), [row.get(side, "").strip() for side in SIDES]
        box = _box(cells, f"{shown}, line {line}") if any(cells) else None
        found.setdefault(name, []).extend([box] if box else [])
        shares = shares and (box is None or max(map(float, cells)) <= 1)
        fractions = fractions or any("." in cell for cell in cells)
    if shares and fractions:
        raise UserError(
            f"{shown} has numbers of 0 to 1 alone, shares of the sides: expected pixels, left and right times the "
            "image's width, top and bottom times its height."
        )
    boxes = {name: max(several, key=_area, default=None) for name, several in found.items()}
    return BoxTable(boxes, sum(len(several) > 1 for several in found.values()))


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _box(cells: Sequence[str], where: str) -> Box:
    """Return the whole pixels that a box touches. Raise UserError where it has none."""
    try:
        left, top, right, bottom = map(float, cells)
        box = (math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    except (ValueError, OverflowError) as error:
        raise UserError(
            f"{where} has {','.join(cells)}: expected left,top,right,bottom as numbers of pixels."
        ) from error
    if box[0] >= box[2] or box[1] >= box[3]:
        raise UserError(f"{where} has {','.join(cells)}: right must be greater than left, and bottom greater than top.")
    return box


def from_table(
    path: Path, images: LoadedImages, root: Path, store: object, progress: object, note: Callable[[str], None]
) -> dict[str, Box]:
    """Return the boxes that a table has for a data set's images, as `data.source.Source` asks.

    `note` is told of how many it has none, and which rows name no image.

    Raises:
        UserError: it cannot be read, or names none of the images.
    """
    names = [record.name for record in images.records]
    there = set(names)
    table = read(path, csv_table.Names(there))
    if unknown := [name for name in table.boxes if name not in there]:
        if len(unknown) == len(table.boxes):
            raise UserError(
                f"`boxes` {path} names {len(unknown):,} image(s), such as {unknown[0]}, none of which is in {root}: "
                f"give paths below that folder, such as {names[0]}."
            )
        note(
            f"`boxes` {path}: {len(unknown):,} of {len(table.boxes):,} images, such as {unknown[0]}, are not used here"
        )
    if table.several:
        note(f"`boxes` {path}: {table.several:,} image(s) have several boxes; the largest is taken")
    found = {name: table.boxes[name] for name in names if table.boxes.get(name)}
    note(cut.line_of(names, found, f"a box in `boxes` {path}"))
    return found
