"""Principal components of features, a block of rows at a time: those of 64,000 images take 0.3 GB."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from data.store.rows import Features

COMPONENTS = 100  # at most
SMALL = 500  # rows and columns of which all principal components are soon found
BLOCK = 2048  # rows at a time: 10 MB

# Of a matrix of centred rows: where each row lies along each direction, (n, k), the singular values, (k,), and the
# directions, (k, d), of any length.
Directions = tuple[np.ndarray, np.ndarray, np.ndarray]


def reduce(features: np.ndarray | Features) -> tuple[np.ndarray, tuple[float, float]]:
    """Return principal components of features, (m, 2 to COMPONENTS), and the shares of variance of the first two.

    `features`: (m, features), an array or what cuts rows out of the store as one would out of an array.
    """
    n, width = features.shape
    mean, squares = moments(features)
    if n < 3 or not squares:
        return np.zeros((n, 2)), (0.0, 0.0)
    count = min(COMPONENTS, n, width)
    if width <= 2 * SMALL and n >= 10 * width:
        places, singular, directions = by_covariance(features, mean)
    elif n >= width and n > SMALL and count < 0.8 * width:
        places, singular, directions = first_directions(features, mean, count)
    else:
        places, singular, directions = of_few(np.asarray(features) - mean, count)
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)[:count, 0]
    places = places[:, :count] * np.where(largest < 0, -1, 1).astype(places.dtype)  # of each direction, up
    first, second = (np.square(singular[:2]) / squares).tolist()
    return places, (first, second)


def blocks(features: np.ndarray | Features) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield which rows, and these, (BLOCK, features), one block after the other."""
    for first in range(0, len(features), BLOCK):
        part = slice(first, min(first + BLOCK, len(features)))
        yield part, features[part] if isinstance(features, np.ndarray) else features[np.arange(part.start, part.stop)]


def moments(features: np.ndarray | Features) -> tuple[np.ndarray, float]:
    """Return the mean of each feature, (features,), and the sum of all squares of what differs from it.

    The sum is 0 where all rows are equal. Of rounding alone it would not be: each row is compared with the first.
    """
    total = squares = np.zeros(features.shape[1])
    if not len(features):
        return total.astype(np.float32), 0.0
    first = np.asarray(features[np.arange(1)], float)
    for _, block in blocks(features):
        apart = block - first
        total, squares = total + apart.sum(axis=0), squares + np.square(apart).sum(axis=0)
    mean = total / len(features)
    centred = float(np.sum(squares - len(features) * np.square(mean)))
    return (first[0] + mean).astype(np.result_type(features.dtype, np.float32)), centred if squares.any() else 0.0


def by_covariance(features: np.ndarray | Features, mean: np.ndarray) -> Directions:
    """Return all directions of rows that are many more than their columns."""
    width = features.shape[1]
    products = np.zeros((width, width))
    for _, block in blocks(features):
        centred = (block - mean).astype(float)
        products += centred.T @ centred
    squares, vectors = np.linalg.eigh(products)
    squares, vectors = squares[::-1], vectors[:, ::-1].astype(mean.dtype)
    places = np.concatenate([(block - mean) @ vectors[:, :COMPONENTS] for _, block in blocks(features)])
    return places, np.sqrt(squares.clip(0)), vectors.T


def of_few(centred: np.ndarray, count: int) -> Directions:
    """Return directions of rows, (n, d), that are few, or fewer than their columns."""
    if max(centred.shape) > SMALL and count < 0.8 * min(centred.shape):
        directions, singular, left = first_directions(centred.T, np.zeros(len(centred), centred.dtype), count)
        return left.T * singular, singular, directions.T
    left, singular, right = np.linalg.svd(centred, full_matrices=False)
    return left * singular, singular, right


def first_directions(features: np.ndarray | Features, mean: np.ndarray, count: int) -> Directions:
    """Return about the first `count` directions of rows, (n, d), n >= d.

    Of the range of the matrix that random vectors span after some rounds through it (Halko, Martinsson, Tropp, "Finding
    structure with randomness", SIAM Review 2011); with the seed and the numbers of scikit-learn's PCA, so that both
    find the same. A round goes through the rows once.
    """
    width = features.shape[1]
    span = np.random.RandomState(0).normal(size=(width, count + 10)).astype(mean.dtype)
    for _ in range(7 if count < 0.1 * width else 4):
        through = sum(centred.T @ (centred @ span) for centred in (block - mean for _, block in blocks(features)))
        span = np.linalg.qr(through)[0]
    span = np.linalg.qr(np.concatenate([(block - mean) @ span for _, block in blocks(features)]))[0]
    onto = sum((block - mean).T @ span[part] for part, block in blocks(features))
    left, singular, right = np.linalg.svd(onto.T, full_matrices=False)
    return (span @ left[:, :count]) * singular[:count], singular[:count], right[:count]
