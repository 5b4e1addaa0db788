"""Which of the images that are predicted for belong together: near duplicates, groups, and what `split.csv` says."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from data.connected import components
from data.duplicates import near_pairs
from data.split import SplitEntry, numbered, read_units
from study.predict.stream import Prediction
from study.runs.folder import Run


def units_of_split(run: Run, entries: Sequence[SplitEntry]) -> np.ndarray | None:
    """Return the unit of each image of the run's own split, int (n,), from 0; None where no two share one.

    Raises:
        UserError: `split.csv` cannot be read.
    """
    unit_of = read_units(run.folder / "split.csv")
    return numbered([unit_of.get(entry.sha256, entry.sha256) for entry in entries])


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
    near = near_pairs(np.stack([one.fingerprint for one in predictions]), mirrored=not turned)  # as in training
    pairs += [(pair.first, pair.second) for pair in near]
    return numbered(components(pairs, len(predictions)).tolist())
