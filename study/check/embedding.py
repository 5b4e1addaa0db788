"""The map of `check`: features of the images, their neighbours, and two directions to draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from data.duplicates import Pair, similarity
from data.folder import Image
from data.store.store import Store
from errors import UserError

MODEL = "efficientnet_lite"  # whose features place the pictures on the map: its weights need no network
DIRECTIONS = 100  # principal components that are kept
# Near duplicates by features. Of the 20 pairs that pass both limits among 8,093 photos, 19 show one animal in one place
# (looked at, one by one); pictures alone, whose limit has to be 0.74, tell of 2. Of 300 copies that were turned by 5
# degrees and cut 94 % pass, of those cut to 85 % at a random place 73 %, of those with twice the colour 94 %; pictures
# alone find 6, 5 and 48 %.
LEAST_COSINE = 0.75
SAME_SCENE = 0.55
NEIGHBOURS = 5  # candidates a picture
MOST_NAMED = 12  # outliers on the map
FAR = 2.5  # times the median distance of a class from its middle: an outlier


def embed(thumbs: np.ndarray, sha256: Sequence[str], usable: np.ndarray, store: Store) -> tuple[np.ndarray | None, str]:
    """Return ImageNet features of the usable thumbnails, float32 (m, features), or None, and what the map is made of.

    Without the package of weights Keras is not even imported.
    """
    from models.parts.lite_weights import PACKAGE, weights_path

    size = thumbs.shape[1]
    try:
        weights_path()
        from study.runtime import backend

        backend.start()
        from data.batches import Examples
        from models.parts.weights import build_backbone
        from study.inference.engine import Frozen
        from study.inference.features import FeatureSpec, embed_rows

        backbone = build_backbone(MODEL, size, "imagenet")
    except UserError:
        why = f"the package {PACKAGE}, which has ImageNet weights, is not installed or damaged"
        return None, f"colours of the images, shrunk to 24 × 24 pixels: {why}"
    examples = Examples(thumbs, np.zeros(len(thumbs), np.int32), {"train": usable}, None, tuple(sha256))
    features = embed_rows(Frozen(backbone, store), examples, FeatureSpec(MODEL, size, "squash"))
    side = size
    return features, f"{features.shape[1]:,} ImageNet features of {MODEL} at {side} × {side} pixels"


def reduce(features: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Return principal components of features, (m, 2 to DIRECTIONS), and the shares of variance of the first two."""
    if len(features) < 3 or not np.ptp(features, axis=0).any():  # nothing differs
        return np.zeros((len(features), 2)), (0.0, 0.0)
    pca = PCA(min(DIRECTIONS, *features.shape), random_state=0)
    reduced = pca.fit_transform(features)
    first, second = pca.explained_variance_ratio_[:2].tolist()
    return reduced, (first, second)


def alike(images: Sequence[Image], features: np.ndarray, reduced: np.ndarray, prints: np.ndarray) -> list[Pair]:
    """Find the pictures of one class that show the same scene, as neither features nor pictures alone would tell.

    The nearest neighbours by principal components are kept where both the cosine of their features and the similarity
    of their pictures are high enough.

    Args:
        images: n of them.
        features: float32 (n, features).
        reduced: principal components, (n, DIRECTIONS).
        prints: fingerprints of the pictures, uint8 (n, 1728).

    Returns:
        Pairs of indices into `images`.
    """
    if len(images) < 2 or not reduced.any():
        return []
    neighbours = NearestNeighbors(n_neighbors=min(NEIGHBOURS + 1, len(images)), metric="cosine").fit(reduced)
    found = neighbours.kneighbors(return_distance=False, n_neighbors=min(NEIGHBOURS, len(images) - 1))
    ends = {(min(i, j), max(i, j)) for i, row in enumerate(found.tolist()) for j in row}
    pairs = np.array(sorted((i, j) for i, j in ends if images[i].label == images[j].label), int).reshape(-1, 2)
    one, other = features[pairs[:, 0]], features[pairs[:, 1]]
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    near = pairs[np.einsum("nf,nf->n", one, other) > LEAST_COSINE * lengths]
    scores = similarity(prints[near[:, 0]], prints[near[:, 1]])
    return [
        Pair(i, j, score) for (i, j), score in zip(near.tolist(), scores.tolist(), strict=True) if score > SAME_SCENE
    ]


def outliers(places: np.ndarray, names: list[str]) -> list[int]:
    """Return the images that lie far from the middle of their class on the map, the farthest first."""
    labels, ratio = np.array(names), np.zeros(len(names))
    for label in set(names):
        own = labels == label
        distance = np.linalg.norm(places[own] - np.median(places[own], axis=0), axis=1)
        ratio[own] = distance / (np.median(distance) or 1.0)
    farthest = np.argsort(-ratio, kind="stable")[:MOST_NAMED].tolist()
    return [i for i in farthest if ratio[i] > FAR]
