"""The figures of out-of-fold predictions, held against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from study.folds.divide import Labelled, make_folds
from study.folds.out_of_fold import (
    describe,
    describe_spread,
    mistakes,
    summarise,
)
from study.tasks import classify

NAMES = ("cat", "dog")


@pytest.fixture(scope="module")
def predicted():
    rng = np.random.default_rng(3)
    images = Labelled(np.repeat([0, 1], [20, 40]), np.arange(60), NAMES)
    folds = make_folds(images, 5, 3, seed=0)
    shares = rng.dirichlet([1, 1], (3, 60))
    shares[:, np.arange(60), images.labels] += 0.3
    return images, folds, shares / shares.sum(axis=2, keepdims=True)


def test_the_figures_are_those_of_all_predictions_together(predicted):
    images, folds, probabilities = predicted
    summary = summarise(images, folds, probabilities, seed=0)
    calls, truth = probabilities.argmax(axis=2).ravel(), np.tile(images.labels, 3)
    assert summary["accuracy"] == pytest.approx((calls == truth).mean())
    each = precision_recall_fscore_support(truth, calls)
    for index, name in enumerate(NAMES):
        entry = summary["per_class"][name]
        assert [entry["precision"], entry["recall"], entry["f1"]] == pytest.approx([score[index] for score in each[:3]])
    assert [entry["support"] for entry in summary["per_class"].values()] == [20, 40]
    right = probabilities.argmax(axis=2) == images.labels
    assert summary["accuracy_of_repeats"]["each"] == pytest.approx(right.mean(axis=1))
    assert summary["accuracy_of_repeats"]["std"] == pytest.approx(right.mean(axis=1).std(ddof=1))
    by_fold = [right[fold.repeat - 1, fold.held_out].mean() for fold in folds]
    assert summary["accuracy_of_folds"]["mean"] == pytest.approx(np.mean(by_fold))
    assert summary["baseline"] == {"class": "dog", "accuracy": pytest.approx(2 / 3)}
    assert (summary["images"], summary["units"]) == (60, 60)


def test_the_figures_in_words(predicted):
    images, folds, probabilities = predicted
    summary = summarise(images, folds, probabilities, seed=0)
    text = describe(summary, 3)
    assert text.startswith(
        f"out of fold: accuracy {100 * summary['accuracy']:.1f} % from all 60 images, each predicted"
    )
    assert text.endswith("60 units); always answering dog: 66.7 %")
    assert describe_spread(summary, 15, 3).startswith("mean over 15 folds: ")
    single = summarise(images, folds[:5], probabilities[:1], seed=0)
    assert single["accuracy_of_repeats"]["std"] is None
    assert "one repeat: --repeats 3 shows" in describe_spread(single, 5, 1)


def test_mistakes_of_most_repeats_stand_first_then_the_surest():
    images = Labelled(np.array([0, 0, 1, 1]), np.arange(4), NAMES)
    cat = np.array([[0.9, 0.4, 0.7, 0.2], [0.8, 0.3, 0.9, 0.6], [0.9, 0.6, 0.8, 0.1]])  # of each repeat and image
    found = mistakes(images, np.stack([cat, 1 - cat], axis=2))
    assert [(entry["row"], entry["wrong"], entry["predicted"]) for entry in found] == [
        (2, 3, "cat"), (1, 2, "dog"), (3, 1, "cat"),
    ]  # fmt: skip
    assert [entry["probability"] for entry in found] == pytest.approx([0.8, 1.7 / 3, 0.3])


def test_a_class_of_few_units_is_called_rough_however_many_images_it_has():
    labels = np.repeat([0, 1], 60)
    images = Labelled(labels, np.concatenate([np.repeat(np.arange(6), 10), np.arange(6, 66)]), NAMES)
    shares = np.eye(2)[labels][None]
    summary = summarise(images, make_folds(images, 3, 1, seed=0), shares, seed=0)
    assert [entry["units"] for entry in summary["per_class"].values()] == [6, 60]
    (rough,) = classify.warnings({**summary, "n": summary["images"]})
    assert rough == "The images of cat fall into fewer than 20 groups: these figures are rough."
