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


def units_of_split(run: Run, entries: Sequence[SplitEntry]) -> np.ndarray | None:
    """Return the unit of each image of the run's own split, int (n,), from 0; None where no two share one.

    Raises:
        UserError: `split.csv` cannot be read.
    """
    unit_of = read_units(run.folder / "split.csv")
    return unit_numbers([unit_of.get(entry.sha256, entry.sha256) for entry in entries])


def seen_in_split(run: Run, entries: Sequence[SplitEntry]) -> np.ndarray | None:
    """Say which images of the run's test split are in training or validation too, bool (n,), where splits were given.

    Raises:
        UserError: `split.csv` cannot be read.
    """
    if not run.info["data"].get("ready_made"):
        return None
    seen = seen_by_content(run, [entry.sha256 for entry in entries])
    return seen & np.array([entry.split == "test" for entry in entries], bool)


def seen_by_content(run: Run, hashes: Sequence[str]) -> np.ndarray:
    """Say which contents belong together with an image of training or validation of the run: bool (n,).

    Raises:
        UserError: `split.csv` cannot be read.
    """
    table = run.folder / "split.csv"
    rows, unit_of = read_split(table), read_units(table)
    learned = {unit_of.get(row.sha256, row.sha256) for row in rows if row.split != "test"}
    return np.array([unit_of.get(sha256, sha256) in learned for sha256 in hashes], bool)


def units_of_labelled(
    run: Run, predictions: Sequence[Prediction], group_of: Mapping[str, Hashable]
) -> np.ndarray | None:
    """Return the unit of each image that was given, int (n,), from 0; None where no two share one.

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
    return unit_numbers(components(pairs, len(predictions)).tolist())
