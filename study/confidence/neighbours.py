"""How unlike an image is to all that was learned: the mean cosine distance to its nearest training images, by features.

The features are what the head takes (Sun et al., https://arxiv.org/abs/2204.06507), or of a network from random weights
the statistics of its channels, which say more (`study/inference/channel_statistics.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

NEIGHBOURS = 10
MOST = 2000  # training images that are kept; `benchmarks/unknown.py` measures what fewer and more would tell
FALSE_ALARMS = 0.01  # share of images like those of training that are called unlike them
ROWS = 500  # compared at a time with all that is known


def sample(labels: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return sorted indices of at most so many of the labels, (n,), drawn by chance, every class by its share."""
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.random.default_rng(seed).permutation(len(labels))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        of_class = order[labels[order] == label]
        place[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    return np.sort(order[np.argsort(place[order], kind="stable")[:most]])


def directions(features: np.ndarray) -> np.ndarray:
    """Return features, (n, features), with length one each, float32: of two of them, the product is the cosine."""
    features = np.asarray(features, np.float32)
    largest = np.abs(features).max(axis=1, keepdims=True, initial=0)
    features = features / np.maximum(largest, np.finfo(np.float32).tiny)  # else a large one's square is no number
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)


def distances(features: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the mean cosine distance of each image to its nearest `NEIGHBOURS` known ones.

    Args:
        features: (m, features).
        known: `directions` of training images, (n, features); n >= 1.

    Returns:
        float32 (m,), 0 to 2.
    """
    rows = directions(features)
    parts = [nearest(rows[first : first + ROWS] @ known.T) for first in range(0, len(rows), ROWS)]
    return np.concatenate([np.empty(0, np.float32), *parts])


def nearest_rows(
    features: np.ndarray, known: Iterable[tuple[np.ndarray, np.ndarray]], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return of each image the known ones at the smallest cosine distance, the nearest first.

    Args:
        features: of the images, (m, features).
        known: block by block, so that not all are held at a time: rows, int (n,), and their features, (n, features).
        count: how many are asked for; of fewer known ones, all are returned.

    Returns:
        Rows, int (m, count), and cosine distances, float32 (m, count).
    """
    asked = directions(features)
    rows, cosines = np.empty((len(asked), 0), int), np.empty((len(asked), 0), np.float32)
    for of_block, block in known:
        cosines = np.concatenate([cosines, asked @ directions(block).T], axis=1)
        rows = np.concatenate([rows, np.broadcast_to(of_block, (len(asked), len(of_block)))], axis=1)
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
        rows, cosines = (np.take_along_axis(values, best, axis=1) for values in (rows, cosines))
    return rows, 1 - cosines


def leave_one_out(known: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return the mean cosine distance of each known image to its nearest `NEIGHBOURS` others of other units.

    A new image has no near duplicate and no image of its own group among the known ones. Counted as neighbours, the
    frames of a clip would be so near to each other that all that is new looked far away.

    Args:
        known: `directions` of training images, (n, features).
        units: which of them belong together, int (n,).

    Returns:
        float32 (n,), less where images of one unit are all there are: then none.
    """
    parts = [np.empty(0, np.float32)]
    for first in range(0, len(known), ROWS):
        rows = slice(first, first + ROWS)
        cosines = known[rows] @ known.T
        cosines[units[rows, None] == units] = -np.inf
        parts.append(nearest(cosines[np.isfinite(cosines).any(axis=1)]))
    return np.concatenate(parts)


def nearest(cosines: np.ndarray) -> np.ndarray:
    """Return 1 - the mean of the largest cosines of each row, float32 (m,); what is -inf does not count."""
    count = min(NEIGHBOURS, cosines.shape[1])
    largest = np.partition(cosines, cosines.shape[1] - count, axis=1)[:, -count:]
    return (1 - largest.mean(axis=1, where=np.isfinite(largest))).astype(np.float32)


def limit(of_known: np.ndarray, rate: float) -> float:
    """Return the distance above which at most this share of images like the known ones lies.

    Of n + 1 images drawn alike, the last is as likely to have any rank: the ceil((n + 1) (1 - rate))-th of n is it.
    Where n is too small for that, it is the largest one.
    """
    rank = math.ceil((len(of_known) + 1) * (1 - rate))
    return float(np.sort(of_known)[min(rank, len(of_known)) - 1])
