"""Parquet files of images, as the Hugging Face hub keeps them: a column of images, one of labels, a file a shard."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from data import hub_rows, unpacked
from data.folder import Scan, Skipped
from data.hub_rows import Row
from data.names import natural_key, printable
from data.unpacked import Unpacked
from data.walk import FOLDER, IMAGE, files_first, walk
from errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

SUFFIX = ".parquet"
IMAGES, LABELS = ("image", "img"), ("label", "labels")  # columns, where the features of the file name none
BATCH = 64  # rows that are in memory at a time
LONGEST = 4096  # characters of a path; a longer text is none
KIND_OF = {list: "a list", int: "a number", float: "a number", dict: "several columns"}  # that an image's cell may hold
INSTALL = "python -m pip install -r requirements-parquet.txt"


@dataclass(frozen=True)
class Columns:
    """Which columns of a shard hold images and labels, and the names of the classes that a number stands for.

    `numbers`: whether labels are numbers that stand for themselves; None where the column is neither of numbers nor of
    texts.
    """

    image: str
    label: str
    names: tuple[str, ...]
    numbers: bool | None


def shards(root: Path) -> list[Path]:
    """Return the Parquet files of a folder; none where image files lie in two of its folders, which are its classes.

    Fewer images, such as a logo, may belong to the page of a data set: where the files hold images with labels.
    """
    if not root.is_dir():
        return []
    found, folders, near = [], set(), None
    for path, kind in walk(root, files_first):
        if kind == IMAGE:
            folders.add(path.parent)
            near = _near(root) if near is None else near
            if len(folders - {root}) > 1 or not (found or near):
                return []
        elif kind != FOLDER and path.suffix.casefold() == SUFFIX:
            found.append(path)
    if folders and found and not _holds_images(found[0]):
        return []
    return sorted(found, key=lambda path: natural_key(path.relative_to(root).as_posix()))


def _near(root: Path) -> bool:
    """Say whether a Parquet file lies where they usually do; else the first image tells, before all are walked over."""
    return any(any(root.glob(f"{below}*{SUFFIX}")) for below in ("", "*/"))


def _holds_images(path: Path) -> bool:
    """Say whether a Parquet file has columns of images and labels, as far as that can be told here."""
    if find_spec("pyarrow") is None:
        return False
    from pyarrow import ArrowException, parquet

    try:
        columns_of(parquet.read_schema(path), "")
    except (ArrowException, OSError, UserError):
        return False
    return True


def scan(root: Path, files: Sequence[Path], min_classes: int, several: bool) -> Scan:
    """List the images of shards, which are unpacked into the cache at first; the names of the files tell the splits.

    Raises:
        UserError: pyarrow is missing, a file cannot be read or has no such columns, the cache cannot be written, or
            what `hub_rows.scan_of` raises.
    """
    rows, skipped, inside = [], [], _unpacked(root, files)
    for one in inside:
        if one.reason:
            skipped.append(Skipped(one.name, one.reason))
        else:
            rows.append(Row(one.file, one.name, one.labels, hub_rows.split_in(one.shard)))
    names = [path.relative_to(root).as_posix() for path in files]
    rows_of = f"{len(inside):,} rows of {len(files):,} Parquet file(s)"
    told = f"{printable(str(root))}: {rows_of}, unpacked in {unpacked.place()}"
    return hub_rows.scan_of(root, rows, skipped, names, min_classes, several, (told,))


def paths(root: Path, files: Sequence[Path]) -> dict[str, Path]:
    """Return name -> unpacked file of all images of shards."""
    return {one.name: one.file for one in _unpacked(root, files) if not one.reason}


def _unpacked(root: Path, files: Sequence[Path]) -> list[Unpacked]:
    if find_spec("pyarrow") is None:
        raise UserError(
            f"{printable(str(root))} holds Parquet files, such as {files[0].relative_to(root).as_posix()}, which need "
            f"pyarrow: {INSTALL}, or give a folder of image files."
        )
    return unpacked.images(root, files, lambda: _rows(root, files))


def _rows(root: Path, files: Sequence[Path]) -> Iterator[tuple[Unpacked, bytes]]:
    """Yield all rows of shards, each with the bytes of its image; of one without any, with its reason."""
    from pyarrow import parquet

    for path, columns in _columns(files).items():
        shard = path.relative_to(root).as_posix()
        taken: set[str] = set()
        with _readable(path), parquet.ParquetFile(path) as file:
            for number, cells in enumerate(_cells(file, columns)):
                yield _row(path, shard, number, cells, columns, taken)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise UserError, which names the file, where it cannot be read."""
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, OSError) as error:
        told = " ".join(str(error).split())
        raise UserError(f"{printable(str(path))} cannot be read as Parquet: {told}. Copy it again.") from error


def _columns(files: Sequence[Path]) -> dict[Path, Columns]:
    """Return the columns of all shards.

    Raises:
        UserError: one has none, or the labels are numbers without names in one and names in another: nothing tells
            which number is which name.
    """
    from pyarrow import parquet

    found = {}
    for path in files:
        with _readable(path):
            found[path] = columns_of(parquet.read_schema(path), printable(str(path)))
    of_kind = {columns.numbers: path for path, columns in reversed(found.items())}
    if True in of_kind and False in of_kind:
        numbered, named = (printable(str(of_kind[kind])) for kind in (True, False))
        raise UserError(
            f"{numbered} numbers its classes and names none of them, and {named} names its classes: give all files "
            "the names in the features of their label (ClassLabel), or texts as labels."
        )
    return found


def _cells(file: parquet.ParquetFile, columns: Columns) -> Iterator[Mapping[str, Any]]:
    for batch in file.iter_batches(BATCH, columns=[columns.image, columns.label]):
        yield from batch.to_pylist()


def _row(
    path: Path, shard: str, number: int, cells: Mapping[str, Any], columns: Columns, taken: set[str]
) -> tuple[Unpacked, bytes]:
    inside, named, reason = _image_in(cells[columns.image], path.parent)
    place = PurePosixPath(shard).with_suffix("").as_posix()
    last = printable(PurePosixPath(named).name)
    others = (f"{number:06d}-{again}" for again in itertools.count(2))
    names = itertools.chain([last] if last else [], [f"{number:06d}"], others)
    name = next(one for one in names if one not in taken)
    taken.add(name)
    labels = ()
    try:
        labels = hub_rows.labels_of(cells[columns.label], columns.names)
    except ValueError as error:
        reason = reason or str(error)
    return Unpacked(Path(), f"{place}/{name}", shard, labels, reason), inside


def _image_in(cell: Any, folder: Path) -> tuple[bytes, str, str]:  # noqa: ANN401 - whatever the column holds
    """Return the bytes of an image, the path that is given with it, and why it cannot be used: each may be empty."""
    inside, named = (cell.get("bytes"), cell.get("path")) if isinstance(cell, dict) else (cell, None)
    if told := isinstance(inside, str):
        inside, named = None, inside
    named = named if isinstance(named, str) and len(named) < LONGEST else ""
    if inside is not None and not isinstance(inside, bytes):
        return b"", named, f"it holds no bytes of an image file, but {KIND_OF.get(type(inside), 'something else')}"
    if inside:
        return inside, named, ""
    if not named:
        return b"", "", "it holds a text that is no path" if told else "it holds no image"
    beside = folder / named
    if not os.path.isfile(beside):  # noqa: PTH113 - Path.is_file raises for a name that is too long
        return b"", named, f"it holds no image, but a path that is not there: {printable(named)}"
    if not hub_rows.lies_in(folder, beside):
        return b"", named, f"it holds no image, but a path outside of {printable(str(folder))}: {printable(named)}"
    try:
        return beside.read_bytes(), named, ""
    except OSError as error:
        return b"", named, f"it holds no image, but a path that cannot be read ({error.strerror}): {printable(named)}"


def columns_of(schema: pa.Schema, shown: str) -> Columns:
    """Tell the columns of a shard by the features that the hub keeps in it, else by their names.

    Raises:
        UserError: there is no column of images, or none of labels, or there are several.
    """
    features = _features(schema)
    images = [name for name, one in features.items() if _type(one) == "Image"] or [
        name for name in IMAGES if name in schema.names
    ]
    classes = [name for name, one in features.items() if _class_names(one)]
    labels = [name for name in LABELS if name in schema.names] or classes
    there = f"It has: {', '.join(schema.names)}."
    for what, found, example in (("images", images, "image"), ("labels", labels, "label")):
        if not found:
            raise UserError(f"{shown} has no column of {what}: name it {example}. {there}")
    if len(labels) > 1:
        raise UserError(
            f"{shown} has several columns of labels, {', '.join(labels)}: name the one to learn label. {there}"
        )
    names = _class_names(features.get(labels[0], {}))
    return Columns(images[0], labels[0], names, False if names else _are_numbers(schema.field(labels[0]).type))


def _are_numbers(kind: pa.DataType) -> bool | None:
    """Say whether a column, or the lists or categories in it, has whole numbers; None where it has no texts either."""
    from pyarrow import types

    while types.is_dictionary(kind) or hasattr(kind, "value_field"):
        kind = kind.value_type
    if types.is_integer(kind):
        return True
    return False if types.is_string(kind) or types.is_large_string(kind) else None


def _features(schema: pa.Schema) -> dict[str, Any]:
    try:
        found = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return {name: found[name] for name in schema.names if name in found} if isinstance(found, dict) else {}


def _type(feature: Any) -> str:  # noqa: ANN401 - whatever the file says
    return str(feature.get("_type", "")) if isinstance(feature, dict) else ""


def _class_names(feature: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return the names of a ClassLabel, or of those in a list."""
    if isinstance(feature, list):
        return _class_names(feature[0]) if feature else ()
    if _type(feature) in ("Sequence", "List"):
        return _class_names(feature.get("feature"))
    names = feature.get("names") if _type(feature) == "ClassLabel" else None
    return tuple(map(str, names)) if isinstance(names, list) else ()
