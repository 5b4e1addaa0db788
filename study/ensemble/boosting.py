"""Boosting: linear classifiers one after the other, each on weights that the mistakes of those before have raised.

scikit-learn's `AdaBoostClassifier`, which for several classes is SAMME (Zhu et al., Statistics and Its Interface 2,
2009), on least-squares classifiers. A member's vote is the class of its largest score, so the whole is one Keras
network without an approximation. The sum of the weights a = log((1 - error) / error) + log(K - 1) of the votes for each
of K classes is SAMME's score before softmax: its additive model steps by a (K - 1)^2 / K, and its probabilities are the
softmax of that model over K - 1. (scikit-learn's `predict_proba` divides the sums by all weights, and is far flatter.)
"""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import AdaBoostClassifier
from sklearn.linear_model import RidgeClassifier

from errors import UserError
from study.confidence.calibration import softmax
from study.ensemble.combine import voting_head
from study.ensemble.material import Material
from study.ensemble.members import Ensemble, Member
from study.runtime import console

PENALTIES = (0.1, 1.0, 10.0)  # tried where none is asked for, up to the largest that --l2 takes


def of_mistakes(material: Material) -> Ensemble:
    """Return linear classifiers of which each learns most from what those before it get wrong.

    Raises:
        UserError: a member makes no mistake, or none is better than chance.
    """
    rows = material.all_rows
    features, labels = material.data.features[rows].astype(np.float64), material.data.labels[rows]
    with console.bar("boosting", 1) as advance:
        l2 = smallest_penalty(features, labels) if material.l2 is None else material.l2
        found = boost(features, labels, l2, material.members, material.seed)
        advance()
    kernels, biases = parameters(found)
    weights = found.estimator_weights_[: len(kernels)]
    votes = {split: ballots(features, kernels, biases) for split, features in material.by_split.items()}
    members = [
        Member(
            f"member {number + 1}",
            f"{100 * found.estimator_errors_[number]:.1f} % of its weighted images wrong; weight {weights[number]:.2f}",
            {split: cast[number] for split, cast in votes.items()},
            votes=True,
        )
        for number in range(len(kernels))
    ]

    def first(number: int) -> np.ndarray:
        return softmax(np.tensordot(weights[:number], votes["val"][:number], 1))

    described = (
        f"{len(kernels)} least-squares classifiers on one backbone with a weighted vote each, one trained after the "
        f"other under an L2 penalty of {l2:g} on all {material.counted}, of which those weigh more that the ones "
        "before got wrong (AdaBoost)" + why_it_ended(found, material.members)
    )
    return Ensemble(
        "boosting",
        described,
        "the class of most weighted votes",
        members,
        voting_head(kernels, biases, weights),
        first,
        l2,
    )


def smallest_penalty(features: np.ndarray, labels: np.ndarray) -> float:
    """Return the smallest penalty under which the first member makes a mistake, which the next can learn from."""
    for l2 in PENALTIES[:-1]:
        weights = np.full(len(labels), 1 / len(labels))
        if RidgeClassifier(alpha=l2).fit(features, labels, weights).score(features, labels) < 1:
            return l2
    return PENALTIES[-1]


def boost(features: np.ndarray, labels: np.ndarray, l2: float, members: int, seed: int) -> AdaBoostClassifier:
    """Fit AdaBoost, float (n, features) and int (n,). Raise UserError where it ends before it has two members.

    The weights of the images sum to 1, so `l2` times the squared weights stands beside a mean squared error.
    """
    model = AdaBoostClassifier(RidgeClassifier(alpha=l2), n_estimators=members, random_state=seed)
    try:
        model.fit(features, labels)
    except ValueError as error:
        if "worse than random" not in str(error):
            raise
        raise UserError(
            f"No member of --method boosting is better than chance. Give a smaller --l2. Received: {l2:g}"
        ) from error
    if len(model.estimators_) == 1:
        larger = f"a larger --l2, up to {PENALTIES[-1]:g}, or " if l2 < PENALTIES[-1] else ""
        raise UserError(
            f"--method boosting ends with its first member, which under --l2 {l2:g} makes no mistake on the "
            f"{len(labels):,} training examples that a next one could learn from. Give {larger}--method bagging."
        )
    return model


def why_it_ended(model: AdaBoostClassifier, members: int) -> str:
    """Return why there are fewer members than were asked for; "" where there are not."""
    made = len(model.estimators_)
    if made == members:
        return ""
    perfect = model.estimator_errors_[made - 1] <= 0
    why = "the last one makes no mistake" if perfect else "the next one would be no better than chance"
    return f"; it ended before {members}, since {why}"


def parameters(model: AdaBoostClassifier) -> tuple[np.ndarray, np.ndarray]:
    """Return kernels, (members, features, classes), and biases, (members, classes), of fitted linear classifiers."""
    kernels, biases = [], []
    for member in model.estimators_:
        kernel, bias = np.atleast_2d(member.coef_).T, member.intercept_
        if kernel.shape[1] == 1:  # of two classes: the score of the second one
            kernel, bias = np.hstack([-kernel, kernel]), np.concatenate([-bias, bias])
        kernels.append(kernel)
        biases.append(bias)
    return np.stack(kernels), np.stack(biases)


def ballots(features: np.ndarray, kernels: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """Return each member's votes, 0 and 1, float (members, n, classes)."""
    classes = np.eye(biases.shape[1])
    return np.stack([classes[(features @ k + b).argmax(axis=1)] for k, b in zip(kernels, biases, strict=True)])
