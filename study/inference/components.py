"""Principal components of features, a block of rows at a time: those of 64,000 images take 0.3 GB."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from data.store.rows import Features

COMPONENTS = 100  # at most
SMALL = 500  # rows and columns of which all principal components are soon found
BLOCK = 1024  # rows at a time: 5 MB

Product = Callable[[np.ndarray], np.ndarray]


def reduce(features: np.ndarray | Features) -> tuple[np.ndarray, tuple[float, float]]:
    """Return principal components of features, (m, 2 to COMPONENTS), and the shares of variance of the first two.

    `features`: (m, features), an array or what cuts rows out of the store as one would out of an array.
    """
    n, width = features.shape
    if n < 3 or not differ(features):
        return np.zeros((n, 2)), (0.0, 0.0)
    count, mean = min(COMPONENTS, n, width), mean_of(features)
    small = max(n, width) <= SMALL or (width <= 2 * SMALL and n >= 10 * width)  # soon done in full
    if small or count >= 0.8 * min(n, width):
        left, singular, right = np.linalg.svd(np.asarray(features) - mean, full_matrices=False)
    elif n >= width:
        left, singular, right = first_directions(*products(features, mean), width, count, mean.dtype)
    else:
        wide = np.asarray(features) - mean
        right, singular, left = first_directions(wide.T.__matmul__, wide.__matmul__, n, count, mean.dtype)
        left, right = left.T, right.T
    largest = np.take_along_axis(right, np.abs(right).argmax(axis=1)[:, None], axis=1)[:, 0]  # of each direction, up
    places = left * singular * np.where(largest < 0, -1, 1).astype(singular.dtype)
    squares = sum(np.square(block - mean).sum(dtype=float) for _, block in blocks(features))
    first, second = (np.square(singular[:2]) / squares).tolist()
    return places[:, :count], (first, second)


def blocks(features: np.ndarray | Features) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield which rows, and these, (BLOCK, features), one block after the other."""
    for first in range(0, len(features), BLOCK):
        part = slice(first, min(first + BLOCK, len(features)))
        yield part, features[part] if isinstance(features, np.ndarray) else features[np.arange(part.start, part.stop)]


def differ(features: np.ndarray | Features) -> bool:
    """Say whether any row differs from the first."""
    first = features[np.arange(1)]
    return any((block != first).any() for _, block in blocks(features))


def mean_of(features: np.ndarray | Features) -> np.ndarray:
    """Return the mean of each feature, (features,)."""
    total = sum(block.sum(axis=0, dtype=float) for _, block in blocks(features))
    return (total / len(features)).astype(np.result_type(features.dtype, np.float32))


def products(features: np.ndarray | Features, mean: np.ndarray) -> tuple[Product, Product]:
    """Return what multiplies the centred features, (n, d), with a matrix (d, k), and what their transpose, (n, k)."""

    def times(matrix: np.ndarray) -> np.ndarray:
        return np.concatenate([(block - mean) @ matrix for _, block in blocks(features)])

    def transposed_times(matrix: np.ndarray) -> np.ndarray:
        return sum((block - mean).T @ matrix[part] for part, block in blocks(features))

    return times, transposed_times


def first_directions(
    times: Product, transposed_times: Product, width: int, count: int, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return about the first `count` singular vectors and values of a matrix, (n, width), n >= width.

    Of the range of the matrix that random vectors span after some rounds through it (Halko, Martinsson, Tropp, "Finding
    structure with randomness", SIAM Review 2011); with the seed and the numbers of scikit-learn's PCA, so that both
    find the same.

    Args:
        times: multiplies the matrix with another.
        transposed_times: multiplies its transpose with another.
        width: its columns.
        count: of singular values.
        dtype: of the matrix.
    """
    span = np.random.RandomState(0).normal(size=(width, count + 10)).astype(dtype)
    for _ in range(7 if count < 0.1 * width else 4):
        span = np.linalg.qr(transposed_times(np.linalg.qr(times(span))[0]))[0]
    span = np.linalg.qr(times(span))[0]
    left, singular, right = np.linalg.svd(transposed_times(span).T, full_matrices=False)
    return (span @ left)[:, :count], singular[:count], right[:count]
