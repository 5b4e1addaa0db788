"""Choosing a model: folds that judge with images which were not learned from, and the settings that are tried.

    k-fold            n images in k folds; each fold is judged by what learned from the other k - 1
    stratified        the same, every class spread evenly over the folds
    repeated          k-fold several times over, shuffled anew; the mean of all
    leave-one-out     k = n: each image is judged by what learned from all the others
    grid search       every combination of a few values of each setting
    random search     values drawn at random; of a rate on a log scale: low (high / low)^u, u from 0 to 1

Of m settings tried, the best on validation looks better there than it is, the more so the more were tried: a maximum
picks up luck. The figure to report is that of images which had no say in the choice.

Sources: Stone, Cross-validatory choice and assessment of statistical predictions (1974); Kohavi, A study of
cross-validation and bootstrap (1995); Bergstra, Bengio, Random search for hyper-parameter optimization (2012);
Cawley, Talbot, On over-fitting in model selection (2010); McNemar, Note on the sampling error of the difference between
correlated proportions (1947).
Below, n images with d features; labels are class numbers from 0, (n,); a fold is an array of row numbers.
"""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np

from scratch.ensemble import Fit, Learner, fit_least_squares


def k_folds(count: int, k: int, random: np.random.Generator) -> list[np.ndarray]:
    """Shuffle the rows and deal them out to k folds; together these hold every row once."""
    order = random.permutation(count)
    return [order[fold::k] for fold in range(k)]


def stratified_folds(labels: np.ndarray, k: int, random: np.random.Generator) -> list[np.ndarray]:
    """Deal out class after class, so that no fold has more than one image of a class more than another."""
    shuffled = random.permutation(len(labels))
    order = shuffled[np.argsort(labels[shuffled], kind="stable")]  # one class after the other, shuffled within
    return [order[fold::k] for fold in range(k)]


def repeated_folds(labels: np.ndarray, k: int, times: int, random: np.random.Generator) -> list[list[np.ndarray]]:
    """Stratified folds several times over, shuffled anew each time."""
    return [stratified_folds(labels, k, random) for _ in range(times)]


def leave_one_out(count: int) -> list[np.ndarray]:
    """As many folds as rows."""
    return list(np.arange(count)[:, None])


def accuracy(learner: Learner, x: np.ndarray, labels: np.ndarray) -> float:
    """How many answers are right."""
    return float(np.mean(learner(x).argmax(axis=1) == labels))


def cross_validate(x: np.ndarray, labels: np.ndarray, folds: Sequence[np.ndarray], fit: Fit) -> list[float]:
    """Accuracy on each fold of a learner that learned from all the other rows."""
    scores = []
    for fold in folds:
        rest = np.setdiff1d(np.arange(len(x)), fold)
        scores.append(accuracy(fit(x[rest], labels[rest]), x[fold], labels[fold]))
    return scores


def log_uniform(low: float, high: float, u: np.ndarray) -> np.ndarray:
    """Values between low and high, every power of ten as likely as another; u is uniform from 0 to 1."""
    return low * (high / low) ** u


def grid(*values: Sequence[float]) -> np.ndarray:
    """Every combination, a row each: (product of the lengths, settings)."""
    return np.array(list(product(*values)))


def best_so_far(scores: np.ndarray) -> np.ndarray:
    """Number of the trial that is best of the first 1, 2, 3, …: (m,) -> (m,); of equals the earlier."""
    best = np.maximum.accumulate(scores)
    is_new = np.concatenate([[True], best[1:] > best[:-1]])
    return np.maximum.accumulate(np.where(is_new, np.arange(len(scores)), 0))


def paired_test(right: np.ndarray, other: np.ndarray) -> tuple[int, int, float]:
    """Compare two models on the same images by those that only one of them has right (McNemar's exact test).

    Were they equally good, each of these images would be a toss of a coin.

    Returns:
        images that only the first has right, images that only the other has right, and p: how often tosses of a coin
        would lie as far apart or farther.
    """
    first, second = int((right & ~other).sum()), int((other & ~right).sum())
    tosses, fewer = first + second, min(first, second)
    tail = sum(math.comb(tosses, heads) for heads in range(fewer + 1)) / 2**tosses
    return first, second, min(1.0, 2 * tail)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 120)
    x = rng.normal(size=(3, 8))[labels] + rng.normal(0, 2, (120, 8))
    for name, folds in {
        "5-fold": k_folds(120, 5, rng),
        "stratified 5-fold": stratified_folds(labels, 5, rng),
        "leave-one-out": leave_one_out(120),
    }.items():
        scores = cross_validate(x, labels, folds, lambda x, labels: fit_least_squares(x, labels, 3))
        print(f"{name:17} {len(folds):3} fits, {100 * np.mean(scores):.1f} % right")
    validation, test = rng.binomial(150, 0.6, (2, 50)) / 150  # fifty models, each of them right in 60 %
    for trials in (1, 5, 20, 50):
        winner = best_so_far(validation)[trials - 1]
        print(f"best of {trials:2}: {100 * validation[winner]:.1f} % on validation, {100 * test[winner]:.1f} % on test")
