"""What a run keeps to judge its answers by: features of training images, and answers to others whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from errors import UserError
from study.confidence import selective
from study.confidence.calibration import OUT_OF_FOLD, VALIDATION
from study.runtime import npz

FILE = "known.npz"
CLASS, UNSURE, UNLIKE = "class", "unsure", "unlike"  # kinds of verdicts
ARRAYS = ("directions", "probability", "right", "distance")


@dataclass(frozen=True)
class Known:
    """What is known of images that were seen.

    Args:
        directions: features of training images, of length one, float32 (n, features).
        limit: distance to them from which on an image is unlike them.
        probability: the largest of each image that a threshold is chosen by, float32 (m,).
        right: whether that class was the true one, bool (m,).
        distance: of each of these images, float32 (m,).
        what: these images are.
    """

    directions: np.ndarray
    limit: float
    probability: np.ndarray
    right: np.ndarray
    distance: np.ndarray
    what: str = VALIDATION

    @property
    def alike(self) -> np.ndarray:
        """Which images are not unlike what was learned, bool (m,): by these alone a threshold is chosen."""
        return self.distance <= self.limit

    def kind(self, probability: float, distance: float | None, threshold: float | None) -> str:
        """Return `CLASS`, `UNSURE` of it, or `UNLIKE` what was learned; without a threshold no answer is unsure."""
        if distance is not None and distance > self.limit:
            return UNLIKE
        return UNSURE if threshold is not None and probability < threshold else CLASS

    def threshold(self, asked: float) -> float | None:
        """Return from which probability on answers are right at the asked rate, by the images that are not unlike."""
        return selective.choose_threshold(self.probability[self.alike], self.right[self.alike], asked)

    def reachable(self, asked: float) -> tuple[float, int] | None:
        """Return the largest rate below the asked one that has a threshold, and how many images it answers."""
        return selective.reachable(self.probability[self.alike], self.right[self.alike], asked)


def write(folder: Path, known: Known) -> None:
    """Write `known.npz`: features as float16, which changes a distance in its fourth digit."""
    arrays = {name: getattr(known, name) for name in ARRAYS}
    np.savez(folder / FILE, **arrays | {"directions": known.directions.astype(np.float16)})


def read(folder: Path, info: Mapping[str, Any]) -> Known | None:
    """Return what a run keeps; None where it keeps nothing, as runs of earlier versions and of other tasks.

    Raises:
        UserError: the file is damaged.
    """
    if "verdicts" not in info or not (folder / FILE).is_file():
        return None
    try:
        npz.check(folder / FILE)
        with np.load(folder / FILE, allow_pickle=False) as file:
            directions, probability, right, distance = arrays = [file[name] for name in ARRAYS]
        shapes = {probability.shape, right.shape, distance.shape}
        if directions.ndim != 2 or not directions.size or len(shapes) != 1 or right.ndim != 1 or right.dtype != bool:
            raise ValueError
        if not all(array is right or (array.dtype.kind == "f" and np.isfinite(array).all()) for array in arrays):
            raise ValueError
    except npz.UNREADABLE as error:
        raise UserError(
            f"{folder / FILE} is damaged: remove it to predict without verdicts, or train again."
        ) from error
    limit = float(info["verdicts"]["unlike"]["limit"])
    unsure = info["verdicts"].get("unsure")
    what = OUT_OF_FOLD if isinstance(unsure, Mapping) and unsure.get("out_of_fold") else VALIDATION
    return Known(directions.astype(np.float32), limit, probability, right, distance, what)
