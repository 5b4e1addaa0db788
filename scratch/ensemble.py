"""Ensembles: several classifiers that answer as one. Bagging, boosting (AdaBoost for K classes: SAMME), stacking.

The base learner is least squares with an L2 penalty on one column for each class, +1 for its own images and -1 for the
others; the largest score is the answer:

    min over W, b of   sum_i w_i |x_i W + b - y_i|^2 + a |W|^2       w_i: weight of image i

Bagging     m learners, each on n images drawn with replacement; the class of most votes
Boosting    e = sum of w_i over the mistakes / sum of w_i            how bad this learner is
            v = log((1 - e) / e) + log(K - 1)                        its vote; at chance, e = 1 - 1/K, it is 0
            w_i <- w_i exp(v) where it was wrong, then / sum         the next one learns most from these
            the class of the largest sum of votes
Stacking    Z = what each learner says of images that it did not learn from (out of fold), side by side
            one more learner on Z; for a new image every learner, then trained on all images, makes its row of Z

Bagging makes answers steadier, so it helps where learners change much from sample to sample. Boosting lets weak
learners mend each other's mistakes, and chases wrong labels too. Stacking learns whom to trust.

Sources: Breiman, Bagging predictors (1996); Zhu, Zou, Rosset, Hastie, Multi-class AdaBoost (2009), algorithm 2;
Wolpert, Stacked generalization (1992).
Below, n images with d features, K classes; labels are class numbers from 0, (n,).
"""

from collections.abc import Callable, Sequence

import numpy as np

Learner = Callable[[np.ndarray], np.ndarray]  # x, (m, d) -> scores, (m, K)
Fit = Callable[[np.ndarray, np.ndarray], Learner]  # x, (n, d), labels -> a learner


def fit_least_squares(
    x: np.ndarray, labels: np.ndarray, classes: int, penalty: float = 1.0, weights: np.ndarray | None = None
) -> Learner:
    """Fit the base learner; without weights each image counts 1."""
    weights = np.ones(len(x)) if weights is None else weights
    y = np.where(labels[:, None] == np.arange(classes), 1.0, -1.0)  # (n, K)
    x_mean, y_mean = np.average(x, axis=0, weights=weights), np.average(y, axis=0, weights=weights)
    centred = x - x_mean  # the penalty is not for b: without means there is none
    square = centred.T @ (weights[:, None] * centred) + penalty * np.eye(x.shape[1])  # (d, d)
    kernel = np.linalg.solve(square, centred.T @ (weights[:, None] * (y - y_mean)))  # (d, K)
    return lambda new: (new - x_mean) @ kernel + y_mean


def votes(learner: Learner, x: np.ndarray) -> np.ndarray:
    """One vote for the class of the largest score: (m, d) -> 0 and 1, (m, K)."""
    scores = learner(x)
    return np.eye(scores.shape[1])[scores.argmax(axis=1)]


def bootstrap(count: int, random: np.random.Generator) -> np.ndarray:
    """Draw as many numbers below `count` as there are, with replacement: (n,); about 63 % of them are there."""
    return random.integers(count, size=count)


def bag(x: np.ndarray, labels: np.ndarray, samples: Sequence[np.ndarray], fit: Fit) -> Learner:
    """Fit a learner to each sample, rows of x, and let them vote: the share of votes, (m, K)."""
    learners = [fit(x[rows], labels[rows]) for rows in samples]
    return lambda new: np.mean([votes(learner, new) for learner in learners], axis=0)


def vote_weight(error: float, classes: int) -> float:
    """Weight of a learner's vote by the weighted share of its mistakes."""
    return float(np.log((1 - error) / error) + np.log(classes - 1))


def raise_weights(weights: np.ndarray, wrong: np.ndarray, vote: float) -> np.ndarray:
    """Let images count more that were wrong, so that the learner would now be at chance: (n,) -> (n,), sum 1."""
    raised = weights * np.exp(vote * wrong)
    return raised / raised.sum()


def boost(x: np.ndarray, labels: np.ndarray, classes: int, rounds: int, penalty: float) -> tuple[Learner, list[float]]:
    """Fit learners one after the other; return the sums of their votes, (m, K), and the weight of each vote.

    It ends before `rounds` at a learner without a mistake, whose vote would be infinite and is 1 here as in
    scikit-learn, or at one no better than chance, which is left out.
    """
    weights, learners, weight_of = np.full(len(x), 1 / len(x)), [], []
    for _ in range(rounds):
        learner = fit_least_squares(x, labels, classes, penalty, weights)
        wrong = learner(x).argmax(axis=1) != labels  # (n,)
        error = float(weights[wrong].sum() / weights.sum())
        if error >= 1 - 1 / classes:
            break
        learners.append(learner)
        weight_of.append(vote_weight(error, classes) if error > 0 else 1.0)
        if error <= 0:
            break
        weights = raise_weights(weights, wrong, weight_of[-1])
    return lambda new: sum(w * votes(one, new) for w, one in zip(weight_of, learners, strict=True)), weight_of


def probabilities(sums: np.ndarray) -> np.ndarray:
    """What SAMME takes for probabilities: the softmax of the sums of votes, (m, K) -> (m, K)."""
    shares = np.exp(sums - sums.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def predict_out_of_fold(
    x: np.ndarray, labels: np.ndarray, folds: Sequence[np.ndarray], fit: Fit, classes: int
) -> np.ndarray:
    """Scores of every image by a learner that did not learn from its fold: (n, K). The folds hold each row once."""
    scores = np.zeros((len(x), classes))
    for fold in folds:
        rest = np.setdiff1d(np.arange(len(x)), fold)
        scores[fold] = fit(x[rest], labels[rest])(x[fold])
    return scores


def stack(
    x: np.ndarray, labels: np.ndarray, folds: Sequence[np.ndarray], fits: Sequence[Fit], last: Fit, classes: int
) -> Learner:
    """Fit a last learner to what those of `fits` say out of fold, side by side, (n, learners K)."""
    joined = last(np.hstack([predict_out_of_fold(x, labels, folds, fit, classes) for fit in fits]), labels)
    learners = [fit(x, labels) for fit in fits]
    return lambda new: joined(np.hstack([learner(new) for learner in learners]))


if __name__ == "__main__":
    rng, count = np.random.default_rng(0), 1200
    numbers = rng.integers(0, 3, count)
    points = rng.normal(size=(3, 8))[numbers] + rng.normal(0, 1.5, (count, 8))
    x, labels, new, truth = points[:200], numbers[:200], points[200:], numbers[200:]

    def fit(x: np.ndarray, labels: np.ndarray) -> Learner:
        """One member."""
        return fit_least_squares(x, labels, 3)

    folds = [np.arange(200)[part::5] for part in range(5)]
    learners = {
        "one learner": fit(x, labels),
        "bagging, 25 samples": bag(x, labels, [bootstrap(200, rng) for _ in range(25)], fit),
        "boosting, 10 rounds": boost(x, labels, 3, 10, 1.0)[0],
        "stacking of 2": stack(x, labels, folds, [fit, lambda x, y: fit_least_squares(x, y, 3, 1e3)], fit, 3),
    }
    for name, learner in learners.items():
        print(f"{name:20} {100 * np.mean(learner(new).argmax(axis=1) == truth):.1f} % of 1,000 new points right")
