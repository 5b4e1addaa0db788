"""The map of `check`: features of the pictures, their neighbours, and two directions to draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors

from data.duplicates import Pair, similarity
from data.folder import Image
from data.oddities import Finding
from data.store import Store
from errors import UserError
from study.config import TrainSettings

STRANGER = "looks like another class"  # the kind of finding
MODEL = "efficientnet_lite"  # whose features place the pictures on the map: its weights need no network
DIRECTIONS = 100  # principal components that are kept
FOLDS = 5
# Probability of a picture's own class, below which it is named. With the labels of 2 % of eight thousand photos changed
# on purpose, 0.01 names 44 % of those and one sound photo in a thousand, 0.02 names 57 % and one in 500. Ten unanimous
# neighbours of another class name 40 % and one in 270: in these features a brown dog on grass lies among horses.
LEAST_LIKELY = 0.01
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
    from models._lite_weights import PACKAGE, weights_path

    settings = TrainSettings(model=MODEL, image_size=thumbs.shape[1], resize="squash")
    try:
        weights_path()
        from study import backend

        backend.start()
        from data.batches import Examples
        from models._weights import build_backbone
        from study.embed import embed_rows
        from study.engine import Frozen

        backbone = build_backbone(MODEL, settings.image_size, "imagenet")
    except UserError:
        why = f"the package {PACKAGE}, which has ImageNet weights, is not installed or damaged"
        return None, f"colours of the pictures, shrunk to 24 × 24 pixels: {why}"
    examples = Examples(thumbs, np.zeros(len(thumbs), np.int32), {"train": usable}, None, tuple(sha256))
    features = embed_rows(Frozen(backbone, store), examples, settings)
    side = settings.image_size
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


def strangers(images: Sequence[Image], reduced: np.ndarray) -> list[Finding]:
    """Find the pictures whose own class is the least likely to a classifier that learned from the others.

    That is the first step of Northcutt et al., "Confident learning" (2021): wrong labels cost a classifier little as
    long as it is not asked about the pictures that it learned them from.
    """
    labels = np.array([image.label for image in images])
    counts = Counter(labels.tolist())
    rows = np.flatnonzero([counts[label] >= FOLDS for label in labels])
    class_names = np.unique(labels[rows])
    if len(class_names) < 2 or not reduced[rows].any():
        return []
    classifier = LogisticRegression(C=0.3, max_iter=1000)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    scaled = reduced[rows] / reduced[rows].std()
    likely = cross_val_predict(classifier, scaled, labels[rows], cv=folds, method="predict_proba")
    own = likely[np.arange(len(rows)), np.searchsorted(class_names, labels[rows])]
    suspects = [at for at in np.argsort(own, kind="stable") if own[at] < LEAST_LIKELY]
    found = []
    for at in suspects:
        image, other = images[rows[at]], str(class_names[likely[at].argmax()])
        twin = images[nearest(reduced, rows[at], np.flatnonzero(labels == other))]
        detail = f"{other} {likely[at].max():.0%}, {image.label} {own[at]:.1%} to a classifier that learned from others"
        found.append(Finding(image.name, STRANGER, f"{detail}; most like it is {twin.name}", twin.name, "warning"))
    return found


def nearest(reduced: np.ndarray, row: int, among: np.ndarray) -> int:
    """Return the row among some that is most like a row, by the cosine of the angle between them."""
    neighbours = NearestNeighbors(n_neighbors=1, metric="cosine").fit(reduced[among])
    return int(among[neighbours.kneighbors(reduced[row : row + 1], return_distance=False)[0, 0]])


def outliers(places: np.ndarray, names: list[str]) -> list[int]:
    """Return the pictures that lie far from the middle of their class on the map, the farthest first."""
    labels, ratio = np.array(names), np.zeros(len(names))
    for label in set(names):
        own = labels == label
        distance = np.linalg.norm(places[own] - np.median(places[own], axis=0), axis=1)
        ratio[own] = distance / (np.median(distance) or 1.0)
    farthest = np.argsort(-ratio, kind="stable")[:MOST_NAMED].tolist()
    return [i for i in farthest if ratio[i] > FAR]
