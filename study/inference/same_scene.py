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
from data.store.store import Store

COMPONENTS = 100  # principal components by which neighbours are found
NEIGHBOURS = 5  # candidates an image
SMALL = 500  # rows and columns of which all principal components are soon found
COMPARED = 500  # images at a time with all others
# Of the 25 pairs that pass both limits among 8,093 photos, 22 show one animal or one series of photos (looked at, one
# by one); images alone tell of 7.
MIN_COSINE = 0.75
MIN_SIMILARITY = 0.6
KEPT = "same scene (1)"  # in the store: raise the number whenever other pairs are found


def reduce(features: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Return principal components of features, (m, 2 to COMPONENTS), and the shares of variance of the first two."""
    if len(features) < 3 or not np.ptp(features, axis=0).any():  # nothing differs
        return np.zeros((len(features), 2)), (0.0, 0.0)
    centred = features - features.mean(axis=0)
    count, (n, width) = min(COMPONENTS, *features.shape), features.shape
    small = max(n, width) <= SMALL or (width <= 2 * SMALL and n >= 10 * width)  # soon done in full
    roughly = not small and count < 0.8 * min(n, width)
    left, singular, right = first_directions(centred, count) if roughly else np.linalg.svd(centred, full_matrices=False)
    largest = np.take_along_axis(right, np.abs(right).argmax(axis=1)[:, None], axis=1)[:, 0]  # of each direction, up
    places = left * singular * np.where(largest < 0, -1, 1).astype(singular.dtype)
    first, second = (np.square(singular[:2]) / np.square(centred).sum()).tolist()
    return places[:, :count], (first, second)


def first_directions(centred: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return about the first `count` singular vectors and values of rows, (n, d), in a fraction of the time.

    Of the range of the matrix that random vectors span after some rounds through it (Halko, Martinsson, Tropp, "Finding
    structure with randomness", SIAM Review 2011); with the seed and the numbers of scikit-learn's PCA, so that both
    find the same.
    """
    tall = centred if len(centred) >= centred.shape[1] else centred.T
    span = np.random.RandomState(0).normal(size=(tall.shape[1], count + 10)).astype(centred.dtype)
    for _ in range(7 if count < 0.1 * min(centred.shape) else 4):
        span = np.linalg.qr(tall.T @ np.linalg.qr(tall @ span)[0])[0]
    span = np.linalg.qr(tall @ span)[0]
    left, singular, right = np.linalg.svd(span.T @ tall, full_matrices=False)
    left, singular, right = (span @ left)[:, :count], singular[:count], right[:count]
    return (left, singular, right) if tall is centred else (right.T, singular, left.T)


def same_scene_pairs(
    labels: Sequence[str], features: np.ndarray, reduced: np.ndarray, prints_of: Callable[[np.ndarray], np.ndarray]
) -> list[Pair]:
    """Find the images of one class that show the same scene.

    Args:
        labels: of n images.
        features: float32 (n, features).
        reduced: principal components of them, (n, components).
        prints_of: indices, (m,) -> fingerprints, uint8 (m, 1728).

    Returns:
        Pairs of indices, sorted, with the similarity of the images.
    """
    if len(labels) < 2 or not reduced.any():
        return []
    directions = (reduced / np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    found = nearest(directions, min(NEIGHBOURS, len(labels) - 1))
    either_way = {(min(i, j), max(i, j)) for i, row in enumerate(found.tolist()) for j in row}
    pairs = np.array(sorted((i, j) for i, j in either_way if labels[i] == labels[j]), int).reshape(-1, 2)
    a, b = features[pairs[:, 0]], features[pairs[:, 1]]
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    near = pairs[np.einsum("nf,nf->n", a, b) > MIN_COSINE * lengths]
    scores = similarity(prints_of(near[:, 0]), prints_of(near[:, 1]))
    alike = zip(near.tolist(), scores.tolist(), strict=True)
    return [Pair(i, j, score) for (i, j), score in alike if score > MIN_SIMILARITY]


def nearest(directions: np.ndarray, count: int) -> np.ndarray:
    """Return the rows of the largest cosine to each row but itself, int (n, count); rows of length one, (n, d)."""
    parts = []
    for first in range(0, len(directions), COMPARED):
        cosines = directions[first : first + COMPARED] @ directions.T
        np.fill_diagonal(cosines[:, first:], -np.inf)
        parts.append(np.argpartition(cosines, -count, axis=1)[:, -count:])
    return np.concatenate(parts)


def stored_same_scene_pairs(
    labels: Sequence[str],
    read_features: Callable[[], tuple[np.ndarray, np.ndarray]],
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
