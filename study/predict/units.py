"""Which of the images that are predicted for belong together: near duplicates, groups, and what `split.csv` says."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from data.connected import components
from data.duplicates import near_pairs
from data.split import SplitEntry, read_split, read_units, unit_numbers
from study.predict.stream import Prediction
from study.runs.folder import Run
from study.runtime import console

Together = tuple[np.ndarray | None, np.ndarray]  # of each image: its unit, and whether training has seen it


def together_in_split(run: Run, entries: Sequence[SplitEntry]) -> Together:
    """Return the unit of each image of the run's own split, int (n,), from 0, and whether training has seen it too.

    The first is None where no two share a unit.

    Raises:
        UserError: `split.csv` cannot be read.
    """
    unit_of, hashes = read_units(run.folder / "split.csv"), [entry.sha256 for entry in entries]
    units = unit_numbers([unit_of.get(sha256, sha256) for sha256 in hashes])
    return units, seen(run, unit_of, hashes) & np.array([entry.split == "test" for entry in entries], bool)


def seen(run: Run, unit_of: Mapping[str, str], hashes: Sequence[str]) -> np.ndarray:
    """Say which contents belong together with an image of training or validation of the run: bool (n,)."""
    rows = read_split(run.folder / "split.csv")
    learned = {unit_of.get(row.sha256, row.sha256) for row in rows if row.split != "test"}
    return np.array([unit_of.get(sha256, sha256) in learned for sha256 in hashes], bool)


def together_of_labelled(run: Run, predictions: Sequence[Prediction], group_of: Mapping[str, Hashable]) -> Together:
    """Return the unit of each image that was given, int (n,), from 0, and whether training has seen it, bool (n,).

    The first is None where no two share a unit.

    Args:
        run: whose `split.csv` knows the units of its own images.
        predictions: n of them, with fingerprints.
        group_of: printable path -> group, of images that have one.

    Raises:
        UserError: `split.csv` cannot be read.
    """
    unit_of, first_of, pairs = read_units(run.folder / "split.csv"), {}, []
    for index, one in enumerate(predictions):
        content = ("content", one.sha256), ("unit", unit_of.get(one.sha256)), ("group", group_of.get(one.path))
        pairs += [(first_of.setdefault(named, index), index) for named in content if named[1]]
    turned = (run.folder / "labels.csv").is_file() or run.info.get("settings", {}).get("label") == "facing"
    with console.bar("look for near duplicates", 1):
        near = near_pairs(np.stack([one.fingerprint for one in predictions]), mirrored=not turned)  # as in training
    pairs += [(pair.first, pair.second) for pair in near]
    units = unit_numbers(components(pairs, len(predictions)).tolist())
    return units, seen(run, unit_of, [one.sha256 for one in predictions])
