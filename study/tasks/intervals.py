"""Between which bounds a true accuracy may lie, where images that belong together say less than as many others.

Near duplicates and the images of a group are one unit. What was right or wrong once has Wilson's interval, by units;
means over several predictions of each image have that of a bootstrap.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

DRAWS = 2000  # of the bootstrap
LEVEL = 95  # per cent


def wilson(right: float, count: float) -> list[float]:
    """Return both ends of Wilson's 95 % interval of a share, `right` of `count` (Wilson, JASA 22, 1927)."""
    z, share = NormalDist().inv_cdf(0.5 + LEVEL / 200), right / count
    middle = (2 * count * share + z**2) / (2 * (count + z**2))
    half = z / (2 * (count + z**2)) * math.sqrt(4 * count * share * (1 - share) + z**2)
    return [middle - half if right else 0.0, middle + half if right < count else 1.0]


def measure(right: np.ndarray, units: np.ndarray | None = None, seen: np.ndarray | None = None) -> dict[str, Any]:
    """Return `accuracy` and `accuracy_interval` of answers, bool (n,), and in how many `units`, where those are fewer.

    Args:
        right: the answers.
        units: any number for each unit, int (n,); None: every image is one of its own.
        seen: images that are in training or validation too, bool (n,). Where there are some, `seen` is how many, and
            what the others come to: `others`, how many of them are `right`, and their `accuracy`, None without any.
    """
    accuracy, numbers = int(right.sum()) / len(right), np.arange(len(right))
    if units is not None:
        _, numbers = np.unique(units, return_inverse=True)
    count = int(numbers.max()) + 1
    fewer = {"units": count} if count < len(right) else {}
    found = {"accuracy": accuracy, "accuracy_interval": interval_by_units(right, numbers), **fewer}
    if seen is not None and seen.any():
        others, others_right = int((~seen).sum()), int(right[~seen].sum())
        of_others = {"others": others, "right": others_right, "accuracy": others_right / others if others else None}
        found["seen"] = {"images": int(seen.sum()), **of_others}
    return found


def interval_by_units(right: np.ndarray, units: np.ndarray) -> list[float]:
    """Return the 95 % interval of the share of images that are right, by the units that they fall into.

    Wilson's, with as many answers as these are worth: all images, divided by the design effect, which says how many
    times larger the variance of the share is by sums over units (Kish, Survey Sampling, 1965; with Wilson's interval
    Dean and Pagano, Journal of Survey Statistics and Methodology 3, 2015). More than Kish's effective number of units,
    (sum of sizes)^2 / sum of their squares, is never taken: few units, or one much larger than the others, say little
    of how alike the answers within one are. Images of which each is a unit have Wilson's to the last digit, and so have
    units of equal copies, as if each were there once.

    Args:
        right: bool (n,).
        units: number of each image's unit, from 0, int (n,).
    """
    images, count, found = len(right), int(units.max()) + 1, int(right.sum())
    if count == images:
        return wilson(found, images)
    most = images**2 / float((np.bincount(units).astype(float) ** 2).sum())
    if found in (0, images):  # no variance: nothing tells how alike the answers within a unit are
        return wilson(most if found else 0, most)
    share = found / images
    of_units = np.bincount(units, right - share)
    variance = float((of_units**2).sum()) / images**2
    worth = min(most, share * (1 - share) / variance) if variance else most
    return wilson(share * worth, worth)


def accuracy_interval(right: np.ndarray, units: np.ndarray, seed: int) -> tuple[list[float], str]:
    """Return a 95 % interval of the mean of `right`, float (n,), that allows for units, and how it was found.

    Percentiles of a bootstrap over whole units. Where all images are right, or none is, every draw is alike and says
    nothing; there it is Wilson's, with as many answers as there are units.
    """
    accuracy, count = float(right.mean()), int(units.max()) + 1
    if accuracy in (0.0, 1.0):
        return wilson(round(accuracy * count), count), f"Wilson, {count:,} units"
    drawn = bootstrap(right, units, DRAWS, seed)
    bounds = np.percentile(drawn, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return bounds.tolist(), f"percentiles of {DRAWS:,} bootstrap draws of {count:,} units"


def bootstrap(right: np.ndarray, units: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Return the mean of `right` in each of `draws` draws of as many units, with replacement: float (draws,).

    A draw is told by how many units it has of each kind, a kind being units of equal size with as many right: those
    counts are multinomial, which is thousands of times less to draw than the units one by one.
    """
    of_units = np.stack([np.bincount(units, right), np.bincount(units)], axis=1)
    kinds, counts = np.unique(of_units.round(9), axis=0, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(counts.sum(), counts / counts.sum(), size=draws)
    rights, sizes = (drawn @ kinds).T
    return rights / sizes
