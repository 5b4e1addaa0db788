"""Any form of data set as a list of images: a table, Parquet or metadata files of the hub, or a folder of classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from data import folder, image_folder, parquet_set, table
from data.folder import Scan


def scan(path: Path, min_classes: int = 2, several_labels: bool = False, explained: bool = False) -> Scan:
    """List the images of a data set, each with its labels and its split, if that is given.

    Args:
        path: a CSV file, or a folder.
        min_classes: so many are needed.
        several_labels: whether an image may have several, or none.
        explained: whether it is known what the folders below the classes are.

    Raises:
        UserError: it cannot be read, or is no data set.
    """
    return replace(_scan(path, min_classes, several_labels, explained), several_labels=several_labels)


def _scan(path: Path, min_classes: int, several_labels: bool, explained: bool) -> Scan:
    if path.is_file() and path.suffix.casefold() == ".csv":
        return table.scan(path, min_classes, several_labels)
    if path.is_dir():
        if files := image_folder.tables(path):
            return image_folder.scan(path, files, min_classes, several_labels)
        if shards := parquet_set.shards(path):
            return parquet_set.scan(path, shards, min_classes, several_labels)
    return folder.scan(path, min_classes, explained)


def paths_below(root: Path) -> dict[str, Path]:
    """Return name, as `scan` gives it -> file, of all images of a folder, whatever their labels are."""
    shards = [] if root.is_dir() and image_folder.tables(root) else parquet_set.shards(root)
    return parquet_set.paths(root, shards) if shards else folder.paths_below(root)
