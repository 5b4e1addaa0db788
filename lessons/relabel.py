"""The same images under other labels, or divided otherwise: what a label file or a split file would do, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scratch import split

if TYPE_CHECKING:
    from data.dataset import Dataset


def numbers_of(dataset: Dataset) -> np.ndarray:
    """Return the number of each image's class, int (n,)."""
    return np.array([dataset.class_names.index(entry.label) for entry in dataset.entries])


def relabelled(dataset: Dataset, names: Sequence[str | None]) -> Dataset:
    """Return the data set with another class for each image; one of None belongs to no split.

    Raises:
        ValueError: not as many names as images.
    """
    if len(names) != len(dataset.entries):
        raise ValueError(f"received {len(names)} names; right is one an image, {len(dataset.entries)}")
    classes = tuple(sorted({name for name in names if name is not None}))
    entries = tuple(
        replace(entry, label=classes[0], split="") if name is None else replace(entry, label=name)
        for entry, name in zip(dataset.entries, names, strict=True)
    )
    return replace(dataset, class_names=classes, entries=entries)


def divided(dataset: Dataset, seed: int, groups: np.ndarray | None = None) -> Dataset:
    """Return the data set with another split, 8:1:1 class by class, which keeps `groups` together if given."""
    splits = split.stratified(numbers_of(dataset), np.random.default_rng(seed), groups=groups)
    entries = tuple(replace(entry, split=str(name)) for entry, name in zip(dataset.entries, splits, strict=True))
    return replace(dataset, entries=entries)
