"""The map of `check`: features of the images, their neighbours, and two directions to draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from data.duplicates import Pair, similarity
from data.folder import ImageRecord
from data.store.store import Store
from errors import UserError

MODEL = "efficientnet_lite"  # whose features place the images on the map: its weights need no network
COMPONENTS = 100  # principal components that are kept
# Near duplicates by features. Of the 20 pairs that pass both limits among 8,093 photos, 19 show one animal in one place
# (looked at, one by one); images alone, whose limit has to be 0.74, tell of 2. Of 300 copies that were turned by 5
# degrees and cut 94 % pass, of those cut to 85 % at a random place 73 %, of those with twice the colour 94 %; images
# alone find 6, 5 and 48 %.
MIN_COSINE = 0.75
SAME_SCENE = 0.55
NEIGHBOURS = 5  # candidates an image
MAX_NAMED = 12  # outliers on the map
OUTLIER_RATIO = 2.5  # times the median distance of a class from its middle: an outlier


def embed(
    thumbnails: np.ndarray, sha256: Sequence[str], usable: np.ndarray, store: Store
) -> tuple[np.ndarray | None, str]:
    """Return ImageNet features of the usable thumbnails, float32 (m, features), or None, and what the map is made of.

    Without the package of weights Keras is not even imported.
    """
    from models.parts.lite_weights import PACKAGE, weights_path

    size = thumbnails.shape[1]
    try:
        weights_path()
        from study.runtime import backend

        backend.start()
        from data.batches import Examples
        from models.parts.weights import build_backbone
        from study.inference.engine import FrozenBackbone
        from study.inference.features import FeatureSpec, embed_train

        backbone = build_backbone(MODEL, size, "imagenet")
    except UserError:
        why = f"the package {PACKAGE}, which has ImageNet weights, is not installed or damaged"
        return None, f"colours of the images, shrunk to 24 × 24 pixels: {why}"
    examples = Examples(thumbnails, np.zeros(len(thumbnails), np.int32), {"train": usable}, None, tuple(sha256))
    features = embed_train(FrozenBackbone(backbone, store), examples, FeatureSpec(MODEL, size, "squash"))
    side = size
    return features, f"{features.shape[1]:,} ImageNet features of {MODEL} at {side} × {side} pixels"


def reduce(features: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Return principal components of features, (m, 2 to DIRECTIONS), and the shares of variance of the first two."""
    if len(features) < 3 or not np.ptp(features, axis=0).any():  # nothing differs
        return np.zeros((len(features), 2)), (0.0, 0.0)
    pca = PCA(min(COMPONENTS, *features.shape), random_state=0)
    reduced = pca.fit_transform(features)
    first, second = pca.explained_variance_ratio_[:2].tolist()
    return reduced, (first, second)


def near_duplicates_by_embedding(
    images: Sequence[ImageRecord], features: np.ndarray, reduced: np.ndarray, prints: np.ndarray
) -> list[Pair]:
    """Find the images of one class that show the same scene, as neither features nor images alone would tell.

    The nearest neighbours by principal components are kept where both the cosine of their features and the similarity
    of their images are high enough.

    Args:
        images: n of them.
        features: float32 (n, features).
        reduced: principal components, (n, DIRECTIONS).
        prints: fingerprints of the images, uint8 (n, 1728).

    Returns:
        Pairs of indices into `images`.
    """
    if len(images) < 2 or not reduced.any():
        return []
    neighbours = NearestNeighbors(n_neighbors=min(NEIGHBOURS + 1, len(images)), metric="cosine").fit(reduced)
    found = neighbours.kneighbors(return_distance=False, n_neighbors=min(NEIGHBOURS, len(images) - 1))
    neighbour_pairs = {(min(i, j), max(i, j)) for i, row in enumerate(found.tolist()) for j in row}
    pairs = np.array(sorted((i, j) for i, j in neighbour_pairs if images[i].label == images[j].label), int).reshape(
        -1, 2
    )
    a, b = features[pairs[:, 0]], features[pairs[:, 1]]
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    near = pairs[np.einsum("nf,nf->n", a, b) > MIN_COSINE * lengths]
    scores = similarity(prints[near[:, 0]], prints[near[:, 1]])
    return [
        Pair(i, j, score) for (i, j), score in zip(near.tolist(), scores.tolist(), strict=True) if score > SAME_SCENE
    ]


def outliers(coordinates: np.ndarray, names: list[str]) -> list[int]:
    """Return the images that lie far from the middle of their class on the map, the farthest first."""
    labels, ratio = np.array(names), np.zeros(len(names))
    for label in set(names):
        own = labels == label
        distance = np.linalg.norm(coordinates[own] - np.median(coordinates[own], axis=0), axis=1)
        ratio[own] = distance / (np.median(distance) or 1.0)
    farthest = np.argsort(-ratio, kind="stable")[:MAX_NAMED].tolist()
    return [i for i in farthest if ratio[i] > OUTLIER_RATIO]
