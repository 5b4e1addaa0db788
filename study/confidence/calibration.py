"""Whether a probability is the share of answers that are right: one temperature, and the error that is left.

Guo et al., "On Calibration of Modern Neural Networks" (https://arxiv.org/abs/1706.04599).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 15
DRAWS = 200  # of labels, for the noise floor
FOLDS = 5
SMALLEST = 1e-30  # probability: the logarithm of 0 is no number
LARGEST = 20.0  # temperature, and its inverse the smallest: a few images would fit any, if it were not bounded
VALIDATION, OUT_OF_FOLD = "validation images", "images out of fold"  # by which a temperature may be chosen


@dataclass(frozen=True)
class Temperature:
    """By what the scores before softmax are divided, and why; mean cross-entropy of the images it was chosen by.

    `before` is with 1, `after` out of fold: of each image by a temperature that was fitted without it. Both are None
    where none is fitted. `images` of a kind, `what`, there were to choose by.
    """

    value: float
    reason: str
    before: float | None = None
    after: float | None = None
    images: int = 0
    what: str = VALIDATION


def choose_temperature(
    probabilities: np.ndarray, labels: np.ndarray, names: Sequence[str], what: str = VALIDATION
) -> Temperature:
    """Return the temperature to use: 1 where nothing can be fitted, or what is fitted helps no image left out of it.

    Args:
        probabilities: by those who did not learn from the images, (n, classes).
        labels: class indices, int (n,).
        names: of the classes.
        what: the images are.
    """
    chosen_by = {"images": len(labels), "what": what}
    counts = np.bincount(labels, minlength=len(names))
    if few := [name for name, count in zip(names, counts, strict=True) if count < 2]:
        return Temperature(1.0, f"fewer than 2 {what} of {', '.join(few)}: not fitted", **chosen_by)
    if (probabilities.argmax(axis=1) == labels).all():
        why = f"no mistake on the {len(labels):,} {what}: there is nothing to fit it by"
        return Temperature(1.0, why, **chosen_by)
    scores = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST))
    out_of_fold, fold_of = np.empty(len(labels)), stratified_folds(labels, min(FOLDS, int(counts.min())))
    for fold in range(fold_of.max() + 1):
        left_out = fold_of == fold
        temperature = fit_temperature(scores[~left_out], labels[~left_out])
        out_of_fold[left_out] = cross_entropies(scores[left_out], labels[left_out], temperature)
    before, after = float(cross_entropies(scores, labels, 1.0).mean()), float(out_of_fold.mean())
    if after >= before:
        why = "a temperature brings nothing: the probabilities are left as they are"
        return Temperature(1.0, why, before, after, **chosen_by)
    temperature = fit_temperature(scores, labels)
    if temperature > 0.99 * LARGEST:
        why = f"the {what} fit no temperature below {LARGEST:g}: their probabilities say next to nothing of the answers"
        return Temperature(1.0, why, before, after, **chosen_by)
    return Temperature(temperature, f"fitted on {len(labels):,} {what}", before, after, **chosen_by)


def stratified_folds(labels: np.ndarray, folds: int) -> np.ndarray:
    """Return the fold of each image, int (n,): at random, of each class as many in each as can be.

    scikit-learn's StratifiedKFold does as much, but every training would import it for that, with SciPy's statistics.
    """
    order, fold_of = np.random.default_rng(0).permutation(len(labels)), np.empty(len(labels), int)
    by_class = order[np.argsort(labels[order], kind="stable")]
    fold_of[by_class] = np.arange(len(labels)) % folds
    return fold_of


def fit_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature of the least cross-entropy, from 1 / `LARGEST` to `LARGEST`.

    `scores`: log-probabilities, (n, classes). `labels`: int (n,).
    """
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        return float(cross_entropies(scores, labels, math.exp(logarithm)).mean())

    bounds = (-math.log(LARGEST), math.log(LARGEST))
    return math.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-8}).x)


def with_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return the probabilities that a network gives whose scores are divided by a temperature, (n, classes)."""
    scores = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST))
    return softmax(scores / temperature).astype(np.float32)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return exp(scores) / their sum, (n, classes)."""
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def cross_entropies(scores: np.ndarray, labels: np.ndarray, temperature: float) -> np.ndarray:
    """Return the cross-entropy of each image, (n,)."""
    scaled = scores / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    return np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(labels)), labels]


def bins_of(probability: np.ndarray) -> list[np.ndarray]:
    """Return the indices of the images of each bin, the least probable first; as many in each as can be."""
    order = np.argsort(probability, kind="stable")
    return [rows for rows in np.array_split(order, BINS) if len(rows)]


def calibration_error(probability: np.ndarray, right: np.ndarray) -> float:
    """Return the expected calibration error: how far probability and share of right answers are apart in a bin."""
    apart = [len(rows) * abs(probability[rows].mean() - right[rows].mean()) for rows in bins_of(probability)]
    return float(sum(apart) / len(probability))


def noise_floor(probability: np.ndarray) -> float:
    """Return the mean error of a perfectly calibrated network with these probabilities and so few images."""
    rng = np.random.default_rng(0)
    errors = [calibration_error(probability, rng.random(len(probability)) < probability) for _ in range(DRAWS)]
    return float(np.mean(errors))


def reliability(probability: np.ndarray, right: np.ndarray) -> list[dict[str, float]]:
    """Return of each bin `probability` (mean), `right` (share), `low` and `high`, the exact interval of 95 %, `images`.

    The interval is that of Clopper and Pearson (Biometrika 26, 1934).
    """
    from scipy.special import betaincinv  # scipy.stats has the interval by name, and takes half a second to import

    points = []
    for rows in bins_of(probability):
        count = int(right[rows].sum())
        low = betaincinv(count, len(rows) - count + 1, 0.025) if count else 0.0
        high = betaincinv(count + 1, len(rows) - count, 0.975) if count < len(rows) else 1.0
        ends = {"low": float(low), "high": float(high), "images": len(rows)}
        points.append({"probability": float(probability[rows].mean()), "right": count / len(rows), **ends})
    return points
