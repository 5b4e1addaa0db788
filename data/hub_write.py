"""Write a data set with its split as the Hugging Face hub keeps it: an ImageFolder, or Parquet files."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from data.dataset import Dataset
from data.file_names import as_folder, image_name, numbered
from data.folder import SPLITS, ImageRecord
from data.names import split_labels
from errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

NAME_OF = {"train": "train", "val": "validation", "test": "test"}  # as the hub calls the splits
SHARD = 500_000_000  # bytes of images in a Parquet file
GROUP = 100  # rows of it that are read together

Advance = Callable[[], None]


def image_folder(dataset: Dataset, out: Path, advance: Advance) -> None:
    """Copy the images into `<split>/<class>/`, and write a metadata.jsonl in each split.

    Raises:
        UserError: a file was changed or removed since it was read.
    """
    for split in SPLITS:
        place, taken, lines = out / NAME_OF[split], set(), []
        place.mkdir()
        for index, label in _of_split(dataset, split):
            record = dataset.images.records[index]
            names = (f"{as_folder(label)}/{numbered(_file_name(record), number)}" for number in itertools.count(1))
            name = next(name for name in names if name.casefold() not in taken)
            taken.add(name.casefold())
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_bytes(_content(dataset, index))
            written = list(split_labels(label)) if dataset.several_labels else label
            lines.append(json.dumps({"file_name": name, "label": written}, ensure_ascii=False))
            advance()
        (place / "metadata.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def parquet(dataset: Dataset, out: Path, advance: Advance, shard_bytes: int = SHARD) -> None:
    """Write `data/<split>-00000-of-00002.parquet` and so on, whose features name the classes.

    Raises:
        UserError: a file was changed or removed since it was read.
    """
    from pyarrow import parquet as pq

    schema = _schema(dataset)
    (out / "data").mkdir()
    for split in SPLITS:
        shards = _shards(dataset, split, shard_bytes)
        for number, rows in enumerate(shards):
            name = f"{NAME_OF[split]}-{number:05d}-of-{len(shards):05d}.parquet"
            with pq.ParquetWriter(out / "data" / name, schema) as writer:
                for start in range(0, len(rows), GROUP):
                    writer.write_table(_table(dataset, rows[start : start + GROUP], schema, advance))


def _of_split(dataset: Dataset, split: str) -> Iterator[tuple[int, str]]:
    """Yield index and label of each image of a split."""
    return ((index, entry.label) for index, entry in enumerate(dataset.entries) if entry.split == split)


def _content(dataset: Dataset, index: int) -> bytes:
    path = dataset.images.records[index].path
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != dataset.images.sha256[index]:
        raise UserError(f"{path} was changed or removed during the run. Start again.")
    return content


def _file_name(record: ImageRecord) -> str:
    """Return the name of an image's file, with a suffix by which it is known as an image."""
    return image_name(PurePosixPath(record.name).name, record.path.suffix)


def _shards(dataset: Dataset, split: str, most: int) -> list[list[tuple[int, str]]]:
    """Divide the images of a split, in their order, into files of `most` bytes or little more; one image at least."""
    shards: list[list[tuple[int, str]]] = []
    size = most
    for index, label in _of_split(dataset, split):
        if size >= most:
            shards.append([])
            size = 0
        shards[-1].append((index, label))
        size += dataset.images.records[index].path.stat().st_size
    return shards


def _schema(dataset: Dataset) -> pa.Schema:
    import pyarrow as pa

    classes: dict[str, Any] = {"names": list(dataset.class_names), "_type": "ClassLabel"}
    label = {"feature": classes, "_type": "Sequence"} if dataset.several_labels else classes
    features = {"image": {"_type": "Image"}, "label": label}
    return pa.schema(
        [
            ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            ("label", pa.list_(pa.int64()) if dataset.several_labels else pa.int64()),
        ],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )


def _table(dataset: Dataset, rows: Sequence[tuple[int, str]], schema: pa.Schema, advance: Advance) -> pa.Table:
    import pyarrow as pa

    images, labels = [], []
    for index, label in rows:
        images.append({"bytes": _content(dataset, index), "path": _file_name(dataset.images.records[index])})
        numbers = [dataset.class_names.index(name) for name in split_labels(label)] if dataset.several_labels else []
        labels.append(numbers if dataset.several_labels else dataset.class_names.index(label))
        advance()
    return pa.Table.from_arrays(
        [pa.array(images, schema.field("image").type), pa.array(labels, schema.field("label").type)], schema=schema
    )
