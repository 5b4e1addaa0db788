"""Whether a probability is the share of answers that are right: one temperature, and the error that is left.

Guo et al., "On Calibration of Modern Neural Networks" (https://arxiv.org/abs/1706.04599).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 15
DRAWS = 200  # of labels, for the noise floor
FOLDS = 5
SMALLEST = 1e-30  # probability: the logarithm of 0 is no number


@dataclass(frozen=True)
class Temperature:
    """By what the scores before softmax are divided, and why; mean cross-entropy on validation with 1 and with it.

    `after` is out of fold: of each image by a temperature that was fitted without it. Both are None where
    none is fitted.
    """

    value: float
    reason: str
    before: float | None = None
    after: float | None = None


def choose_temperature(probabilities: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> Temperature:
    """Return the temperature to use: 1 where nothing can be fitted, or what is fitted helps no image left out of it.

    Args:
        probabilities: of the validation split, (n, classes).
        labels: class indices, int (n,).
        names: of the classes.
    """
    counts = np.bincount(labels, minlength=len(names))
    if few := [name for name, count in zip(names, counts, strict=True) if count < 2]:
        return Temperature(1.0, f"fewer than 2 validation images of {', '.join(few)}: not fitted")
    if (probabilities.argmax(axis=1) == labels).all():
        return Temperature(1.0, f"no mistake on the {len(labels):,} validation images: there is nothing to fit it by")
    from sklearn.model_selection import StratifiedKFold

    scores = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST))
    folds = StratifiedKFold(min(FOLDS, int(counts.min())), shuffle=True, random_state=0)
    out_of_fold = np.empty(len(labels))
    for fitted, left_out in folds.split(scores, labels):
        temperature = fit_temperature(scores[fitted], labels[fitted])
        out_of_fold[left_out] = cross_entropies(scores[left_out], labels[left_out], temperature)
    before, after = float(cross_entropies(scores, labels, 1.0).mean()), float(out_of_fold.mean())
    if after >= before:
        return Temperature(1.0, "a temperature brings nothing: the probabilities are left as they are", before, after)
    return Temperature(fit_temperature(scores, labels), "fitted on the validation split", before, after)


def fit_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature of the least cross-entropy: log-probabilities, (n, classes), labels, int (n,)."""
    # What `CalibratedClassifierCV(method="temperature")` uses; that itself wants an estimator, and images for it.
    from sklearn.calibration import _TemperatureScaling

    return float(1 / _TemperatureScaling().fit(scores, labels).beta_)


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
    """Return of each bin `probability` (mean), `right` (share) with its exact 95 % interval `low`, `high`; `images`."""
    from scipy.stats import binomtest

    points = []
    for rows in bins_of(probability):
        count = int(right[rows].sum())
        interval = binomtest(count, len(rows)).proportion_ci(0.95, method="exact")
        ends = {"low": float(interval.low), "high": float(interval.high), "images": len(rows)}
        points.append({"probability": float(probability[rows].mean()), "right": count / len(rows), **ends})
    return points
