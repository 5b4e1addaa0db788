"""Rename, merge or leave out classes without touching a file, and name the classes that a mirror swaps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from data import csv_table
from data.folder import EMPTY, SPLITS, Scan, Skipped
from data.names import composed, natural_key
from errors import UserError

FLIP_PAIR = "<->"


@dataclass(frozen=True)
class LabelMap:
    """What a label file says.

    Args:
        classes: folder, as it is written -> class; an empty class leaves the folder out. Folders that are not named
            keep their name.
        pairs: each class with that of the mirrored image, in both directions.
        text: the file, as it was read.
    """

    classes: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[tuple[str, str], ...] = ()
    text: str = ""

    @property
    def flip_pairs(self) -> Mapping[str, str]:
        """Return class -> the class of the mirrored image."""
        return dict(self.pairs)


def read(path: Path) -> LabelMap:
    """Read `folder,class`; a row `left<->right` in the first column names a mirror pair.

    Raises:
        UserError: the file cannot be read, has other columns, or names a folder twice.
    """
    table = csv_table.with_columns(path, f"`labels` {path}", ("folder", "class"), "a CSV file folder,class")
    classes: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    for _, row in table.rows():
        folder = composed(row.get("folder", ""))
        label = composed(csv_table.unguard(row.get("class", "").strip()))
        if FLIP_PAIR in folder:
            left, right = (csv_table.unguard(name.strip()) for name in folder.split(FLIP_PAIR, 1))
            pairs += [(left, right), (right, left)]
        elif folder in classes:
            raise UserError(f"`labels` {path} names the folder '{folder}' twice.")
        elif folder.strip():
            classes[folder] = label
    return LabelMap(classes, tuple(pairs), table.text)


def apply(scanned: Scan, label_map: LabelMap, min_classes: int = 2) -> Scan:
    """Give every image its class by the map; images of folders left out are listed as skipped.

    Raises:
        UserError: the map names folders or flip-paired labels that do not exist, or a folder in two ways, or a class
            in two pairs, or leaves fewer than two classes, or `min_classes`.
    """
    class_of = by_folder(label_map, scanned.class_names)
    empty = {item.name for item in scanned.skipped if item.reason == EMPTY}  # they may be filled another time
    empty |= {name.partition("/")[2] for name in empty if name.partition("/")[0] in SPLITS}
    if unknown := sorted(class_of.keys() - set(scanned.class_names) - empty):
        raise UserError(
            f"`labels` names folders that are not in {scanned.root}: {', '.join(unknown)}. "
            f"It has: {', '.join(scanned.class_names)}."
        )
    scanned = relabelled(scanned, class_of, "its folder is left out by the label file")
    class_names = tuple(sorted({image.label for image in scanned.images}, key=natural_key))
    if len(class_names) < min_classes:
        least = "two are" if min_classes == 2 else "one is"
        raise UserError(f"`labels` leaves {len(class_names)} class(es) of {scanned.root}: at least {least} needed.")
    if unknown := sorted(set(label_map.flip_pairs) - set(class_names)):
        raise UserError(f"`labels` pairs classes that do not exist: {', '.join(unknown)}.")
    for name, other in label_map.pairs:
        if (last := label_map.flip_pairs[name]) != other:
            raise UserError(f"`labels` pairs {name} with {other} and with {last}: a flip turns it into one class.")
    return replace(scanned, class_names=class_names, notes=())


def relabelled(scanned: Scan, class_of: Mapping[str, str], left_out: str) -> Scan:
    """Give every image the class of its folder; those of folders without one are listed as skipped: `left_out`."""
    named = [replace(image, label=class_of.get(image.label, image.label)) for image in scanned.images]
    skipped = (Skipped(image.name, left_out) for image in named if not image.label)
    images = tuple(image for image in named if image.label)
    return replace(scanned, images=images, skipped=(*scanned.skipped, *skipped))


def by_folder(label_map: LabelMap, folders: Collection[str], strict: bool = True) -> dict[str, str]:
    """Return folder -> class by the names of the folders that there are.

    Raises:
        UserError: a folder is named in two ways, unless not `strict`: then the row that has its very name counts.
    """
    class_of: dict[str, str] = {}
    for written, label in label_map.classes.items():
        folder = csv_table.meant(written, folders.__contains__)
        if strict and folder in class_of:
            raise UserError(f"`labels` names the folder '{folder}' twice.")
        if folder not in class_of or written == folder:
            class_of[folder] = label
    return class_of


def by_annotation(scanned: Scan, label_of: Mapping[str, str]) -> Scan:
    """Give every image the class that `label_of` has for its name; used for the drawings' other annotations."""
    images = tuple(replace(image, label=label_of[image.name]) for image in scanned.images)
    return replace(
        scanned, images=images, class_names=tuple(sorted({image.label for image in images}, key=natural_key))
    )
