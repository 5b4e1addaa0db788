"""What `check` found in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.fixes import Fix
from data.folder import Scan
from data.pixel_range import Ranges
from study.check.image_issues import Issue
from study.check.image_statistics import ImageStatistics
from study.inference.label_errors import Suspect


@dataclass(frozen=True)
class AuditResult:
    """All that the page shows; `statistics[i]` and `thumbnails[i]` belong to `scan.images[i]`.

    Args:
        command: as it was typed.
        scan: the folder, under the classes that `--labels` gives.
        statistics: facts, or the reason why there are none.
        thumbnails: uint8 (n, side, side, 3), squashed to squares.
        issues: severe ones first.
        usable: the indices that can be decoded, (m,); the map has their rows.
        coordinates: the map, (m, 2).
        explained_variance: part of the variance that each of its two directions shows.
        outliers: indices of the images far from the middle of their class, the farthest first.
        source: what the map was made of.
        ranges: what is black and white in files that do not state it.
        looked_at_labels: whether wrong labels were looked for.
        suspects: images whose label is probably wrong, the least probable label first.
        fixes: rows of the table that was obeyed.
    """

    command: str
    scan: Scan
    statistics: list[ImageStatistics | str]
    thumbnails: np.ndarray
    issues: list[Issue]
    usable: np.ndarray
    coordinates: np.ndarray
    explained_variance: tuple[float, float]
    outliers: list[int]
    source: str
    ranges: Ranges
    looked_at_labels: bool
    suspects: list[Suspect]
    fixes: Sequence[Fix] = ()
