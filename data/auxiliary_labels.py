"""A second label of some images, learned beside the class: where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import csv_table
from data.names import natural_key
from errors import UserError


@dataclass(frozen=True)
class AuxiliaryLabels:
    """A second label of each image.

    Args:
        names: of the labels, in their order.
        labels: index into them, -1 where an image has none; int32 (n,).
    """

    names: tuple[str, ...]
    labels: np.ndarray


def from_names(names: Sequence[str], label_of: Mapping[str, str]) -> AuxiliaryLabels:
    """Return the second label of each image by its name; images that are not named have none.

    Raises:
        UserError: fewer than two different labels.
    """
    labels = tuple(sorted({label_of[name] for name in names if name in label_of}, key=natural_key))
    if len(labels) < 2:
        received = f"only '{labels[0]}'" if labels else "none"
        raise UserError(f"`auxiliary`: at least two different labels are needed to learn from. There is {received}.")
    index_of = {label: index for index, label in enumerate(labels)}
    return AuxiliaryLabels(labels, np.array([index_of.get(label_of.get(name), -1) for name in names], np.int32))


def read(path: Path, name_of: Callable[[str], str] = csv_table.no_names) -> dict[str, str]:
    """Read `path,label` with the paths of `split.csv`; an empty label counts as none.

    `name_of`: tells which image a cell means.

    Raises:
        UserError: the file cannot be read, has other columns, or gives an image two labels.
    """
    label_of: dict[str, str] = {}
    expected = "none, coat, mask or a CSV file path,label"
    table = csv_table.with_columns(path, f"`auxiliary` {path}", ("path", "label"), expected)
    for _, row in table.rows():
        name = name_of(row.get("path", ""))
        label = csv_table.unguard(row.get("label", "").strip())
        if label and label_of.setdefault(name, label) != label:
            raise UserError(f"`auxiliary` {path} gives {name} two labels: {label_of[name]} and {label}.")
    return label_of
