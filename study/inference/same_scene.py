"""Images that show the same scene: frames of one video, edited copies, a series of one animal in one place.

Neither features nor images alone tell them from others: the nearest neighbours by features count where both are alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import astuple

import numpy as np

from data.duplicates import Pair, similarity
from data.store.rows import Features
from data.store.store import Store

NEIGHBOURS = 5  # candidates an image
COMPARED = 2**22  # pairs at a time: 16 MB of cosines
PAIRS = 512  # at a time
# Of the 25 pairs that pass both limits among 8,093 photos, 22 show one animal or one series of photos (looked at, one
# by one); images alone tell of 7.
MIN_COSINE = 0.75
MIN_SIMILARITY = 0.6
# Before one is laid over the other. Of 107 pairs of photos that reach 0.5 in the end, none lies below; it spares seven
# tenths of the comparisons' time.
LEAST_UNMOVED = 0.3
KEPT = "same scene (1)"  # in the store: raise the number whenever other pairs are found


def same_scene_pairs(
    labels: Sequence[str],
    features: np.ndarray | Features,
    reduced: np.ndarray,
    prints_of: Callable[[np.ndarray], np.ndarray],
) -> list[Pair]:
    """Find the images of one class that show the same scene.

    Args:
        labels: of n images.
        features: float32 (n, features), or what cuts them out of the store.
        reduced: principal components of them, (n, components).
        prints_of: indices, (m,) -> fingerprints, uint8 (m, 1728).

    Returns:
        Pairs of indices, sorted, with the similarity of the images.
    """
    if len(labels) < 2 or not reduced.any():
        return []
    directions = (reduced / np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    found = nearest(directions, min(NEIGHBOURS, len(labels) - 1))
    pairs = np.stack([np.repeat(np.arange(len(found)), found.shape[1]), found.ravel()], axis=1)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)  # found from either side
    classes = np.unique(labels, return_inverse=True)[1]
    pairs = pairs[classes[pairs[:, 0]] == classes[pairs[:, 1]]]
    near = [pairs[:0]]
    for first in range(0, len(pairs), PAIRS):
        some = pairs[first : first + PAIRS]
        a, b = features[some[:, 0]], features[some[:, 1]]
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        near.append(some[np.einsum("nf,nf->n", a, b) > MIN_COSINE * lengths])
    near, alike = np.concatenate(near), []
    which = np.unique(near)  # of an image that is in several pairs the fingerprint is asked for once
    prints = prints_of(which)
    for first in range(0, len(near), PAIRS):
        some = near[first : first + PAIRS]
        scores = similarity(*(prints[np.searchsorted(which, side)] for side in some.T), LEAST_UNMOVED)
        alike += zip(some.tolist(), scores.tolist(), strict=True)
    return [Pair(i, j, score) for (i, j), score in alike if score > MIN_SIMILARITY]


def nearest(directions: np.ndarray, count: int) -> np.ndarray:
    """Return the rows of the largest cosine to each row but itself, int (n, count); rows of length one, (n, d)."""
    parts, rows = [], max(1, COMPARED // len(directions))
    for first in range(0, len(directions), rows):
        cosines = directions[first : first + rows] @ directions.T
        np.fill_diagonal(cosines[:, first:], -np.inf)
        parts.append(np.argpartition(cosines, -count, axis=1)[:, -count:].copy())  # a view would hold all n of each row
    return np.concatenate(parts)


def stored_same_scene_pairs(
    labels: Sequence[str],
    read_features: Callable[[], tuple[np.ndarray | Features, np.ndarray]],
    prints_of: Callable[[np.ndarray], np.ndarray],
    name: str,
    store: Store,
) -> list[Pair]:
    """Return what `same_scene_pairs` finds; of the same images and labels under the same `name`, from the store.

    `read_features` is asked for the features and their principal components where they are needed.
    """
    key = hashlib.sha256(json.dumps([name, *labels]).encode()).hexdigest()
    if (kept := store.blob(KEPT, key)) is not None:
        return [Pair(*pair) for pair in json.loads(kept)]
    pairs = same_scene_pairs(labels, *read_features(), prints_of)
    store.keep_blob(KEPT, key, json.dumps([astuple(pair) for pair in pairs]).encode())
    return pairs
