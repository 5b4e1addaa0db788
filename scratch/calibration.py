"""Calibration: of the answers given with 80 %, are 80 % right?

    temperature    softmax(z / T); T > 1 flattens, T < 1 sharpens, the answer itself stays; T of the least cross-entropy
    ECE            sum over bins b of  n_b / n |mean confidence in b - share of right answers in b|
    noise floor    the ECE that a perfectly calibrated network would have with so few images; it is not 0

Sources: Guo, Pleiss, Sun, Weinberger, On calibration of modern neural networks (2017), for temperature and ECE (here
each bin has as many images); Vaicenavicius et al., Evaluating model calibration in classification (2019): floor.
Below, n images, K classes; labels are class numbers from 0, (n,).
"""

import numpy as np

SMALLEST = 1e-12  # a probability below this is taken for it, so that its logarithm is finite


def with_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """(n, K) -> (n, K): what softmax gives where the scores are divided by the temperature."""
    scores = np.log(np.maximum(probabilities, SMALLEST)) / temperature  # scores but for a constant of each image
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log p of the true class."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], SMALLEST)).mean())


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Temperature of the least cross-entropy, of 401 from 1/20 to 20 on a log scale."""
    tried = np.geomspace(1 / 20, 20, 401)
    return float(tried[np.argmin([cross_entropy(with_temperature(probabilities, one), labels) for one in tried])])


def bins_of(confidence: np.ndarray, bins: int = 10) -> list[np.ndarray]:
    """Row numbers of each bin, the least confident first; as many images in each as can be."""
    return [rows for rows in np.array_split(np.argsort(confidence, kind="stable"), bins) if len(rows)]


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """ECE of confidences from 0 to 1, (n,), and whether each answer is right, (n,)."""
    apart = [len(rows) * abs(confidence[rows].mean() - right[rows].mean()) for rows in bins_of(confidence, bins)]
    return float(sum(apart) / len(confidence))


def noise_floor(confidence: np.ndarray, random: np.random.Generator) -> float:
    """Mean ECE, over 200 draws, of a network that is right exactly as often as it says."""
    drawn = [random.random(len(confidence)) < confidence for _ in range(200)]
    return float(np.mean([expected_calibration_error(confidence, right) for right in drawn]))


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    honest = rng.dirichlet([1, 1, 1], 600)
    labels = np.array([rng.choice(3, p=one) for one in honest])  # right as often as it says
    for name, probabilities in {"honest": honest, "over-confident": with_temperature(honest, 0.4)}.items():
        temperature = fit_temperature(probabilities[:300], labels[:300])
        for told, given in (
            ("as it is", probabilities),
            (f"T = {temperature:.2f}", with_temperature(probabilities, temperature)),
        ):
            confidence, right = given[300:].max(axis=1), given[300:].argmax(axis=1) == labels[300:]
            error, floor = expected_calibration_error(confidence, right), noise_floor(confidence, rng)
            print(f"{name:14} {told:8}: ECE {100 * error:4.1f} %, noise floor {100 * floor:.1f} %")
