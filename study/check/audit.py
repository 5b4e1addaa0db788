"""What `check` found in a folder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.folder import Scan
from study.check.image_issues import Finding
from study.check.image_statistics import Facts


@dataclass(frozen=True)
class Look:
    """All that the page shows; `known[i]` and `thumbs[i]` belong to `scan.images[i]`.

    Args:
        command: as it was typed.
        scan: the folder, under the classes that `--labels` gives.
        known: facts, or the reason why there are none.
        thumbs: uint8 (n, side, side, 3), squashed to squares.
        findings: severe ones first.
        usable: the indices that can be decoded, (m,); the map has their rows.
        places: the map, (m, 2).
        shares: part of the variance that each of its two directions shows.
        outliers: indices of the pictures far from the middle of their class, the farthest first.
        source: what the map was made of.
    """

    command: str
    scan: Scan
    known: list[Facts | str]
    thumbs: np.ndarray
    findings: list[Finding]
    usable: np.ndarray
    places: np.ndarray
    shares: tuple[float, float]
    outliers: list[int]
    source: str
