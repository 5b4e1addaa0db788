"""Stacking: scikit-learn's StackingClassifier of the same classifiers and folds, and the same as one Keras head."""

from study.runtime import backend

backend.start()

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from helpers import message  # noqa: E402
from material import toy_material  # noqa: E402
from sklearn.ensemble import StackingClassifier  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

from study.ensemble import stacking  # noqa: E402
from study.ensemble.combine import stacked_head  # noqa: E402
from study.folds.divide import make_folds  # noqa: E402


def kinds():
    return {"discriminant": stacking.discriminant(), "perceptron": stacking.perceptron(0, 12)}


def train_of(material):
    train = material.indices["train"]
    return material.data.features[train], material.data.labels[train]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", ["discriminant", "perceptron"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fitted_classifier_as_dense_layers_gives_the_same_probabilities(kind, classes):
    material = toy_material(classes)
    estimator = kinds()[kind].fit(*train_of(material))
    found = np.asarray(stacking.as_head(estimator)(material.by_split["test"]))
    np.testing.assert_allclose(found, estimator.predict_proba(material.by_split["test"]), atol=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_stack_is_scikit_learns(classes):
    """Of those members that scikit-learn has too."""
    material = toy_material(classes)
    folds = make_folds(material.images, 5, 1, 0)
    made = [
        stacking.fitted(stacking.discriminant, material, folds),
        stacking.fitted(lambda: stacking.perceptron(0, 12), material, folds),
    ]
    out_of_fold = [stacking.predicted_out_of_fold(heads, material, folds) for heads in made]
    kernel, bias = stacking.regression(out_of_fold, material.images.labels)
    mine = stacked_head([heads[-1] for heads in made], kernel, bias)
    splits = [(fold.train, fold.held_out) for fold in folds]
    theirs = StackingClassifier(list(kinds().items()), LogisticRegression(max_iter=1000), cv=splits)
    theirs.fit(*train_of(material))
    test = material.by_split["test"]
    np.testing.assert_allclose(np.asarray(mine(test)), theirs.predict_proba(test), atol=1e-3)


@pytest.mark.slow
def test_three_kinds_are_stacked_and_none_predicts_what_it_learned_from(monkeypatch):
    material = toy_material()
    seen = {}
    real = stacking.predicted_out_of_fold

    def note(heads, material, folds):
        seen["folds"] = folds
        return real(heads, material, folds)

    monkeypatch.setattr(stacking, "predicted_out_of_fold", note)
    ensemble = stacking.of_kinds(material)
    assert [member.name for member in ensemble.members] == ["head", "discriminant analysis", "perceptron"]
    units = material.images.units
    for fold in seen["folds"]:
        assert not set(units[fold.train]) & set(units[fold.held_out])
    held_out = np.concatenate([fold.held_out for fold in seen["folds"]])
    np.testing.assert_array_equal(np.sort(held_out), np.arange(len(units)))
    found = np.asarray(ensemble.head(material.by_split["val"]))
    np.testing.assert_allclose(ensemble.first(3), found, atol=1e-5)
    assert "(5 folds, near duplicates and groups together)" in ensemble.described


def test_a_class_of_one_unit_is_told():
    material = toy_material(classes=3, count=46)  # three units to learn from, one of each class
    assert message(stacking.of_kinds, material) == (
        "Class 'class 0' has 2 image(s) in 1 unit(s), since near duplicates and the images of a group stay together: "
        "--method stacking needs at least 2. Add images."
    )
