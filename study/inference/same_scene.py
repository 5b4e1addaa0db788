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
# Of the 25 pairs that pass both limits among 8,093 photos, 22 show one animal or one series of photos (looked at, one
# by one); images alone tell of 7.
MIN_COSINE = 0.75
MIN_SIMILARITY = 0.6
KEPT = "same scene (1)"  # in the store: raise the number whenever other pairs are found


def reduce(features: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Return principal components of features, (m, 2 to COMPONENTS), and the shares of variance of the first two."""
    from sklearn.decomposition import PCA

    if len(features) < 3 or not np.ptp(features, axis=0).any():  # nothing differs
        return np.zeros((len(features), 2)), (0.0, 0.0)
    pca = PCA(min(COMPONENTS, *features.shape), random_state=0)
    reduced = pca.fit_transform(features)
    first, second = pca.explained_variance_ratio_[:2].tolist()
    return reduced, (first, second)


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
    from sklearn.neighbors import NearestNeighbors

    if len(labels) < 2 or not reduced.any():
        return []
    # Of vectors of length one, the nearest are those of the largest cosine, and found in a tenth of the time.
    directions = (reduced / np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    neighbours = NearestNeighbors(algorithm="brute").fit(directions)
    found = neighbours.kneighbors(return_distance=False, n_neighbors=min(NEIGHBOURS, len(labels) - 1))
    either_way = {(min(i, j), max(i, j)) for i, row in enumerate(found.tolist()) for j in row}
    pairs = np.array(sorted((i, j) for i, j in either_way if labels[i] == labels[j]), int).reshape(-1, 2)
    a, b = features[pairs[:, 0]], features[pairs[:, 1]]
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    near = pairs[np.einsum("nf,nf->n", a, b) > MIN_COSINE * lengths]
    scores = similarity(prints_of(near[:, 0]), prints_of(near[:, 1]))
    alike = zip(near.tolist(), scores.tolist(), strict=True)
    return [Pair(i, j, score) for (i, j), score in alike if score > MIN_SIMILARITY]


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
