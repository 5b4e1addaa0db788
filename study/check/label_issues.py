"""Suspected label errors: images that a classifier trained on the others gives another label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors

from data.folder import ImageRecord
from study.check.image_issues import Issue

SUSPECTED_LABEL_ERROR = "looks like another class"  # the kind of finding
FOLDS = 5
# Probability of an image's own class, below which it is named. With the labels of 2 % of eight thousand photos changed
# on purpose, 0.01 names 44 % of those and one sound photo in a thousand, 0.02 names 57 % and one in 500. Ten unanimous
# neighbours of another class name 40 % and one in 270: in these features a brown dog on grass lies among horses.
MIN_LIKELY = 0.01


def suspected_label_errors(images: Sequence[ImageRecord], reduced: np.ndarray) -> list[Issue]:
    """Find the images whose own class is the least likely to a classifier that learned from the others.

    That is the first step of Northcutt et al., "Confident learning" (2021): wrong labels cost a classifier little as
    long as it is not asked about the images that it learned them from.
    """
    labels = np.array([image.label for image in images])
    counts = Counter(labels.tolist())
    indices = np.flatnonzero([counts[label] >= FOLDS for label in labels])
    class_names = np.unique(labels[indices])
    if len(class_names) < 2 or not reduced[indices].any():
        return []
    classifier = LogisticRegression(C=0.3, max_iter=1000)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    scaled = reduced[indices] / reduced[indices].std()
    probabilities = cross_val_predict(classifier, scaled, labels[indices], cv=folds, method="predict_proba")
    own = probabilities[np.arange(len(indices)), np.searchsorted(class_names, labels[indices])]
    suspects = [i for i in np.argsort(own, kind="stable") if own[i] < MIN_LIKELY]
    issues = []
    for i in suspects:
        image, other = images[indices[i]], str(class_names[probabilities[i].argmax()])
        most_similar = images[nearest(reduced, indices[i], np.flatnonzero(labels == other))]
        detail = (
            f"{other} {probabilities[i].max():.0%}, {image.label} {own[i]:.1%} to a classifier that learned from others"
        )
        issues.append(
            Issue(
                image.name,
                SUSPECTED_LABEL_ERROR,
                f"{detail}; the most similar one is {most_similar.name}",
                most_similar.name,
                "warning",
            )
        )
    return issues


def nearest(reduced: np.ndarray, row: int, among: np.ndarray) -> int:
    """Return the row among some that is most like a row, by the cosine of the angle between them."""
    neighbours = NearestNeighbors(n_neighbors=1, metric="cosine").fit(reduced[among])
    return int(among[neighbours.kneighbors(reduced[row : row + 1], return_distance=False)[0, 0]])
