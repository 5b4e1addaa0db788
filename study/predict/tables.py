"""Tables of predictions: CSV, or Parquet where the name ends so; row after row, so that no length takes memory."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from data.csv_table import guarded
from errors import UserError
from study.runtime import hardware, output

if TYPE_CHECKING:
    import pyarrow

PARQUET = ".parquet"
GROUP = 50_000  # rows of Parquet that are compressed together
TEXTS = ("path", "label", "predicted", "error", "verdict")  # columns; every other one holds numbers
NUMBERS = ("probability", "distance")  # columns beside those of each class
OF_CLASSES = ("p_", "share_")  # what the column of a class begins with


def writable_table(name: str) -> Path:
    """Return the path of a table to write.

    Raises:
        UserError: it cannot be written, or it is a file that is no table of predictions: told now, not after the work.
    """
    path = output.writable_file(name, "--csv")
    if is_parquet(path) and not hardware.is_installed("pyarrow"):
        raise UserError(
            f"--csv {path} needs pyarrow: python -m pip install -r requirements-parquet.txt, or give a file that ends "
            "in .csv."
        )
    if path.exists() and path.stat().st_size and not is_predictions(path):
        raise UserError(f"--csv {path} is a file already, and no table of predictions: give a new file.")
    return path


def is_predictions(path: Path) -> bool:
    """Say whether a file is a table of predictions: path, answer and error, and no column but those of `predict`.

    What `predict --sort` writes is none: it says where each file is, which is found nowhere else.
    """
    try:
        if is_parquet(path):
            from pyarrow import parquet

            columns = parquet.read_schema(path).names
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:
                columns = next(csv.reader(file), [])
    except (OSError, ValueError, csv.Error):  # pyarrow's errors are of the second kind
        return False
    answers = [name for name in columns if name == "predicted" or name.startswith(OF_CLASSES)]
    others = {*columns} - {*answers, *TEXTS, *NUMBERS}
    return columns[:1] == ["path"] and "error" in columns and bool(answers) and not others


def is_parquet(path: Path) -> bool:
    """Say whether a table is written as Parquet."""
    return path.suffix.casefold() == PARQUET


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table, whole or not at all."""
    if is_parquet(path):
        _write_parquet(path, columns, rows)
    else:
        output.write_csv(path, columns, guarded(rows))


def _write_parquet(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write numbers as float64 and an empty cell as null; nothing is guarded, as no spreadsheet reads it as text."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name, pa.string() if name in TEXTS else pa.float64()) for name in columns])
    with output.replacing(path) as aside, parquet.ParquetWriter(aside, schema) as writer:
        for group in _groups(iter(rows)):
            writer.write_table(_as_arrow(group, schema), row_group_size=GROUP)


def _groups(rows: Iterator[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    while group := list(islice(rows, GROUP)):
        yield group


def _as_arrow(rows: Sequence[Sequence[str]], schema: pyarrow.Schema) -> pyarrow.Table:
    import pyarrow as pa

    def column(field: pyarrow.Field, cells: Sequence[str]) -> pyarrow.Array:
        kind = str if field.type == pa.string() else float
        return pa.array([kind(cell) if cell else None for cell in cells], field.type)

    columns = [column(field, cells) for field, cells in zip(schema, zip(*rows, strict=True), strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)
