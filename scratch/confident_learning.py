"""Confident learning: which labels are wrong, from what a classifier thinks of images that it did not learn from.

    t_j      mean of p(j) over the images labelled j             threshold: what "sure" means for this class
    C[i, j]  images labelled i of whose true class j one is sure confident joint: p(j) >= t_j; where several
                                                                 classes are, the most probable class counts
    R[i, j]  n_i C[i, j] / sum_j C[i, j]                         calibrated: row i sums to the n_i images of label i
    Q        R / sum R                                           joint distribution of given and true label

Row i of n Q says how many of the images labelled i truly are j. "Prune by noise rate" takes as many of them, for each i
and j: those of the largest margin p(j) - p(i). A label that is also the classifier's own answer stays.

A threshold of its own for each class is the point: of a rare or difficult class a classifier is never very sure, and
one threshold for all would call half of its labels wrong.

Source: Northcutt, Jiang, Chuang, Confident learning: estimating uncertainty in dataset labels (2021), section 3.
Of several sure classes the paper takes the most probable; its authors' library, cleanlab, the most probable of all
classes, which seldom differs. This file does as cleanlab does, so that the two can be compared.
Below, n images, K classes; labels are class numbers from 0, (n,); probabilities are out of fold, (n, K).
"""

import numpy as np

TOLERANCE = 1e-6  # a probability that is its own class's mean is as sure as the mean, whatever the rounding


def thresholds(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Mean self-confidence of each class: (n,), (n, K) -> (K,). Of a class without an image one is never sure: inf."""
    means = []
    for k in range(probabilities.shape[1]):
        of_class = probabilities[labels == k, k]  # (n_k,)
        means.append(of_class.mean() if len(of_class) else np.inf)
    return np.array(means)


def confident_joint(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Count pairs of given label and sure true class: (n,), (n, K) -> int (K, K).

    An image of which one is sure of no class is not counted. At least one label of each class is taken to be right.
    """
    classes = probabilities.shape[1]
    least = thresholds(labels, probabilities)
    counts = np.zeros((classes, classes), int)
    for given, p in zip(labels, probabilities, strict=True):  # p: (K,)
        sure = np.flatnonzero(p >= least - TOLERANCE)
        if len(sure):
            true = sure[0] if len(sure) == 1 else p.argmax()
            counts[given, true] += 1
    np.fill_diagonal(counts, counts.diagonal().clip(min=1))
    return counts


def calibrate(joint: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Scale each row to the number of images of that label, n Q: (K, K) -> int (K, K), whose rows sum to n_i."""
    given = np.bincount(labels, minlength=len(joint))  # (K,)
    exact = joint / joint.sum(axis=1, keepdims=True) * given[:, None]  # R
    distribution = exact / exact.sum()  # Q
    return np.stack([round_to_sum(row) for row in distribution * len(labels)])


def round_to_sum(row: np.ndarray) -> np.ndarray:
    """Round numbers so that their sum stays: (K,) -> int (K,); those that rounding changed most give way."""
    rounded = np.rint(row)
    missing = round(row.sum() - rounded.sum())  # a whole number, for the row sums to one
    by_change = np.argsort(row - rounded)  # first what was rounded up most, last what was rounded down most
    if missing > 0:
        rounded[by_change[-missing:]] += 1
    elif missing < 0:
        rounded[by_change[:-missing]] -= 1
    return rounded.astype(int)


def prune_by_noise_rate(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Say which labels are probably wrong: (n,), (n, K) -> bool (n,)."""
    counts = calibrate(confident_joint(labels, probabilities), labels)
    wrong = np.zeros(len(labels), bool)
    for i in range(len(counts)):
        rows = np.flatnonzero(labels == i)  # (n_i,)
        for j in range(len(counts)):
            if i != j:
                margin = probabilities[rows, j] - probabilities[rows, i]  # (n_i,)
                largest = np.argsort(-margin)[: counts[i, j]]
                wrong[rows[largest]] = True
    return wrong & ~is_own_answer(labels, probabilities)


def is_own_answer(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Say whose label no class exceeds in probability: (n,), (n, K) -> bool (n,)."""
    own = probabilities[np.arange(len(labels)), labels]  # (n,)
    return own + TOLERANCE >= probabilities.max(axis=1)


def ranked(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Numbers of the images whose labels are probably wrong, (m,): least self-confidence, p(given label), first."""
    wrong = np.flatnonzero(prune_by_noise_rate(labels, probabilities))
    own = probabilities[wrong, labels[wrong]]
    return wrong[np.argsort(own, kind="stable")]


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    true = np.repeat(np.arange(3), 100)
    given = true.copy()
    spoiled = rng.choice(300, 15, replace=False)
    given[spoiled] = (true[spoiled] + 1) % 3  # 15 of 300 labels are wrong
    scores = 2.0 * np.eye(3)[true] + rng.normal(0, 0.7, (300, 3))
    probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    print("a class is given with confidence from these probabilities on:", thresholds(given, probabilities).round(2))
    print("rows: the label, columns: the class one is sure of\n", confident_joint(given, probabilities))
    found = ranked(given, probabilities)
    print(f"{len(found)} labels are suspected; {np.isin(found, spoiled).sum()} of the 15 wrong ones are among them")
