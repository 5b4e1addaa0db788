"""Boosting: scikit-learn's AdaBoost, and the same as one Keras head."""

from study.runtime import backend

backend.start()
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from helpers import message  # noqa: E402
from material import toy_material  # noqa: E402
from sklearn.ensemble import AdaBoostClassifier  # noqa: E402
from sklearn.linear_model import RidgeClassifier  # noqa: E402

from scratch import ensemble as by_hand  # noqa: E402
from study.ensemble.boosting import PENALTIES, boost, of_mistakes, smallest_penalty  # noqa: E402


def fitted(material, l2, members):
    train = material.indices["train"]
    model = AdaBoostClassifier(RidgeClassifier(alpha=l2), n_estimators=members, random_state=0)
    return model.fit(material.data.features[train].astype(np.float64), material.data.labels[train])


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_the_head_answers_as_scikit_learns_model(classes):
    material = toy_material(classes, members=6, l2=0.5)
    ensemble, model = of_mistakes(material), fitted(material, 0.5, 6)
    assert len(ensemble.members) == len(model.estimators_) > 1
    for split, features in material.by_split.items():
        found = np.asarray(ensemble.head(features))
        np.testing.assert_array_equal(found.argmax(axis=1), model.predict(features.astype(np.float64)))
        # scikit-learn's probabilities are those of the sums over all weights, times K / (K - 1)^2
        weights = model.estimator_weights_[: len(model.estimators_)]
        flatter = found ** (classes / (classes - 1) ** 2 / weights.sum())
        flatter /= flatter.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(flatter, model.predict_proba(features.astype(np.float64)), atol=1e-5)
        for member, estimator in zip(ensemble.members, model.estimators_, strict=True):
            np.testing.assert_array_equal(member.shares[split].argmax(axis=1), estimator.predict(features))
            assert set(np.unique(member.shares[split])) == {0, 1}


def test_the_head_answers_as_boosting_in_numpy():
    material = toy_material(members=6, l2=0.5)
    train, test = material.indices["train"], material.by_split["test"].astype(np.float64)
    learner, _ = by_hand.boost(material.data.features[train].astype(np.float64), material.data.labels[train], 3, 6, 0.5)
    found = np.asarray(of_mistakes(material).head(material.by_split["test"]))
    np.testing.assert_allclose(found, by_hand.probabilities(learner(test)), atol=1e-5)


def test_the_first_members_together_are_those_of_a_shorter_boosting():
    longer, shorter = (of_mistakes(toy_material(members=members, l2=0.5)) for members in (5, 2))
    np.testing.assert_allclose(longer.first(2), shorter.first(2))
    np.testing.assert_allclose(longer.first(5), np.asarray(longer.head(toy_material().by_split["val"])), atol=1e-5)


def test_the_penalty_is_the_one_asked_for_or_the_smallest_that_leaves_mistakes():
    assert of_mistakes(toy_material(l2=0.7)).l2 == 0.7
    assert of_mistakes(toy_material()).l2 == PENALTIES[0]
    material = toy_material(noise=0.05)
    features, labels = material.data.features.astype(np.float64), material.data.labels
    chosen = smallest_penalty(features, labels)
    assert chosen in PENALTIES[1:]
    below = RidgeClassifier(alpha=PENALTIES[PENALTIES.index(chosen) - 1])
    assert below.fit(features, labels, np.full(len(labels), 1 / len(labels))).score(features, labels) == 1


def test_a_first_member_without_a_mistake_is_told_with_a_way_out():
    features, labels = np.eye(6)[[0, 1, 2, 0, 1, 2]], np.array([0, 1, 2, 0, 1, 2])
    told = (
        "--method boosting ends with its first member, which under --l2 {} makes no mistake on the 6 training examples "
        "that a next one could learn from. Give {}--method bagging."
    )
    assert message(boost, features, labels, 0.01, 5, 0) == told.format("0.01", "a larger --l2, up to 10, or ")
    assert message(boost, features, labels, 10.0, 5, 0) == told.format("10", "")


def test_members_no_better_than_chance_are_told():
    features, labels = np.zeros((6, 2)), np.array([0, 1, 2, 0, 1, 2])
    assert message(boost, features, labels, 1.0, 5, 0) == (
        "No member of --method boosting is better than chance. Give a smaller --l2. Received: 1"
    )


def test_it_says_where_there_are_fewer_members_than_were_asked_for():
    material = toy_material(classes=3, members=100, l2=0.5)
    ensemble = of_mistakes(material)
    made = len(ensemble.members)
    assert made < 100, "the toy is too hard to end early"
    why = "the last one makes no mistake", "the next one would be no better than chance"
    assert ensemble.described.endswith(tuple(f"; it ended before 100, since {reason}" for reason in why))
    assert ensemble.described.startswith(f"{made} least-squares classifiers on one backbone")
