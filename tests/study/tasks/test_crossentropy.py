"""The cross-entropy that is printed has one floor, in every epoch and for every task."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import keras
import numpy as np
import pytest

from study.tasks import classify, crossentropy, multilabel

MOST = 16.118095  # -log(1e-7)
LOGITS = np.array([[30.0, 0, 0], [1, 2, 0], [0, 1, 2]], np.float32)


def of_epoch(task, activation, logits, truth):
    """What the task's metric says of a network that gives such logits, as `fit` would print it."""
    layer = keras.layers.Dense(logits.shape[1], activation=activation, kernel_initializer="identity")
    model = keras.Sequential([keras.Input(logits.shape[1:]), layer])
    model.compile("sgd", "mse", metrics=task.metrics(3))
    return model.evaluate(logits, truth, verbose=0, return_dict=True)["crossentropy"], model.predict(logits, verbose=0)


def test_a_sure_mistake_costs_the_same_in_an_epoch_and_in_the_evaluation():
    labels = np.array([1, 1, 2])
    epoch, shares = of_epoch(classify, "softmax", LOGITS, np.eye(3)[labels])
    log = np.log(shares[[1, 2], [1, 2]]).sum()
    assert epoch == pytest.approx((MOST - log) / 3, rel=1e-6)
    assert classify.measure_probabilities(labels, shares, ["a", "b", "c"])["loss"] == pytest.approx(epoch, rel=1e-6)


def test_a_sure_mistake_about_a_label_costs_the_same_in_an_epoch_and_in_the_evaluation():
    truth = np.array([[0, 1, 1], [0, 1, 0], [0, 0, 1]])
    epoch, shares = of_epoch(multilabel, "sigmoid", LOGITS, truth)
    thresholds = dict.fromkeys("abc", 0.5)
    assert multilabel.measure_labels(truth, shares, list("abc"), thresholds)["loss"] == pytest.approx(epoch, rel=1e-6)
    assert epoch > MOST / 9


def test_without_sure_mistakes_it_is_keras_own_to_the_last_bit():
    rng = np.random.default_rng(0)
    shares, truth = rng.dirichlet(np.ones(3), 50).astype(np.float32), rng.dirichlet(np.ones(3), 50).astype(np.float32)
    for binary, other in ((False, keras.metrics.CategoricalCrossentropy()), (True, keras.metrics.BinaryCrossentropy())):
        own = crossentropy.metric(binary)
        for metric in (own, other):
            metric.update_state(truth, shares)
        assert float(own.result()) == float(other.result())
