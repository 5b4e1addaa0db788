"""Stacking: different kinds of classifiers, and a logistic regression on what they say of images not learned from.

It does what scikit-learn's `StackingClassifier` does of the same classifiers and folds (Wolpert, Neural Networks 5,
1992). Every classifier is made of dense layers, so the whole becomes one Keras network without an approximation.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial

import keras
import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from study.confidence.calibration import softmax
from study.ensemble.combine import dense_head, stacked_head, two_columns
from study.ensemble.heads import trained
from study.ensemble.material import Material
from study.ensemble.members import Ensemble, Member, shares_of
from study.fit.cross_validation import default_epochs
from study.fit.head_training import HeadFold
from study.folds.divide import Fold, check_units, make_folds
from study.runtime import console

FOLDS = 5
HIDDEN = 64
BATCH = 200  # of the multilayer perceptron: scikit-learn's own

Heads = list[keras.Model]  # those of the folds, in their order, last the one that learned from all


def of_kinds(material: Material) -> Ensemble:
    """Return a head, a linear discriminant analysis and a multilayer perceptron under a logistic regression.

    Raises:
        UserError: a class has a single unit, which cannot be both learned from and left out.
    """
    check_units(material.images, 2, "--method stacking")
    folds = make_folds(
        material.images, min(FOLDS, material.images.fewest_units), 1, material.seed, instead="--method bagging"
    )
    epochs = default_epochs(len(material.all_rows), BATCH)
    kinds: dict[str, Callable[[], Heads]] = {
        "head": lambda: heads_of(material, folds),
        "discriminant analysis": lambda: fitted(discriminant, material, folds),
        "perceptron": lambda: fitted(partial(perceptron, seed=material.seed, epochs=epochs), material, folds),
    }
    learned = (
        "softmax regression with dropout, as train makes it",
        "linear, of Gaussian classes with one shrunk covariance",
        f"a hidden layer of {HIDDEN} units, {epochs} epochs",
    )
    made: list[Heads] = []
    with console.bar("train members", len(kinds)) as advance:
        for make in kinds.values():
            made.append(make())
            advance()
    out_of_fold = [predicted_out_of_fold(heads, material, folds) for heads in made]
    heads = [each[-1] for each in made]
    members = [
        Member(name, how, shares_of(head, material.by_split))
        for name, how, head in zip(kinds, learned, heads, strict=True)
    ]
    kernel, bias = regression(out_of_fold, material.images.labels)

    def first(number: int) -> np.ndarray:
        weights, shift = regression(out_of_fold[:number], material.images.labels)
        return softmax(np.hstack([member.shares["val"] for member in members[:number]]) @ weights + shift)

    joined = "logistic regression on what the members say"
    described = (
        f"{len(kinds)} kinds of classifiers on one backbone, under a logistic regression that learned how to join them "
        f"from their predictions of the {material.counted}, each by classifiers that learned without its fold "
        f"({len(folds)} folds, near duplicates and groups together)"
    )
    return Ensemble("stacking", described, joined, members, stacked_head(heads, kernel, bias), first)


def heads_of(material: Material, folds: Sequence[Fold]) -> Heads:
    """Return heads as `train` makes them; validation chooses the epoch of each."""
    validation, everything = material.indices["val"], np.arange(len(material.images.labels))
    rows = [material.rows_of(places) for places in (*(fold.train for fold in folds), everything)]
    return trained([HeadFold(own, validation, material.seed) for own in rows], material)[0]


def fitted(make: Callable[[], ClassifierMixin], material: Material, folds: Sequence[Fold]) -> Heads:
    """Fit a classifier of scikit-learn anew for every fold and for all, and return them as dense layers."""
    everything, data = np.arange(len(material.images.labels)), material.data
    heads = []
    for places in (*(fold.train for fold in folds), everything):
        rows = material.rows_of(places)
        with warnings.catch_warnings(), threadpool_limits(1, "blas"):  # more would mostly wait for each other
            warnings.simplefilter("ignore", ConvergenceWarning)  # the epochs of the perceptron are fixed
            heads.append(as_head(make().fit(data.features[rows], data.labels[rows])))
    return heads


def discriminant() -> LinearDiscriminantAnalysis:
    """Return a linear discriminant analysis whose covariance is shrunk by Ledoit and Wolf's rule."""
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")


def perceptron(seed: int, epochs: int) -> MLPClassifier:
    """Return a multilayer perceptron for a fixed number of epochs."""
    return MLPClassifier((HIDDEN,), max_iter=epochs, random_state=seed)


def as_head(estimator: ClassifierMixin) -> keras.Model:
    """Return a fitted linear classifier or multilayer perceptron of scikit-learn as dense layers."""
    if isinstance(estimator, MLPClassifier):
        *hidden, last = zip(estimator.coefs_, estimator.intercepts_, strict=True)
        return dense_head([*hidden, two_columns(*last)])
    return dense_head([two_columns(estimator.coef_.T, estimator.intercept_)])


def predicted_out_of_fold(heads: Heads, material: Material, folds: Sequence[Fold]) -> np.ndarray:
    """Return the probabilities of every training image by the head that did not learn from its fold."""
    features = material.by_split["train"]
    shares = np.empty((len(features), len(material.images.names)))
    for fold, head in zip(folds, heads, strict=False):
        shares[fold.held_out] = keras.ops.convert_to_numpy(head(features[fold.held_out], training=False))
    return shares


def regression(out_of_fold: Sequence[np.ndarray], labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel and bias of the logistic regression that joins the members, (members * classes, classes)."""
    members, classes = len(out_of_fold), out_of_fold[0].shape[1]
    first = 1 if classes == 2 else 0  # of two classes, the second one says all
    found = LogisticRegression(max_iter=1000).fit(np.hstack([shares[:, first:] for shares in out_of_fold]), labels)
    learned, bias = two_columns(found.coef_.T, found.intercept_)
    kernel = np.zeros((members, classes, classes))
    kernel[:, first:] = learned.reshape(members, classes - first, classes)
    return kernel.reshape(-1, classes), bias
