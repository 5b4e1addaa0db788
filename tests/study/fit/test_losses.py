"""Losses of networks that are sure: from the logits, so that a sure mistake is unlearned and a sure answer kept."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import keras
import numpy as np
import pytest
import tensorflow as tf

from study.fit.losses import make_loss

TRUTH = np.eye(3, dtype=np.float32)[[1, 1, 2]]


def network(shape=()):
    """Softmax behind a layer that gives what it gets: logits -> probabilities."""
    layer = keras.layers.Dense(3, activation="softmax", kernel_initializer="identity")
    return keras.Sequential([keras.Input((*shape, 3)), layer])


def learned(loss, logits, shape=()):
    """Loss of a batch of the truth above, and its gradient by the logits, inside a graph as in training."""
    model, variable = network(shape), tf.Variable(np.array(logits, np.float32).reshape(-1, *shape, 3))

    @tf.function
    def gradient():
        with tf.GradientTape() as tape:
            value = loss(TRUTH.reshape(-1, *shape, 3), model(variable))
        return value, tape.gradient(value, variable)

    value, slope = gradient()
    return float(value), slope.numpy().reshape(-1, 3)


@pytest.mark.parametrize("shape", [(), (1, 3)])
@pytest.mark.parametrize(("name", "share"), [("crossentropy", 1.0), ("focal", 1.0), ("crossentropy+dice", 0.5)])
@pytest.mark.parametrize("gap", [14.0, 20.0, 40.0])
def test_a_sure_mistake_has_a_gradient(name, share, shape, gap):
    loss, slope = learned(make_loss(name), [[gap, 0, 0], [1, 2, 0], [0, 1, 2]], shape)
    assert slope[0, 1] == pytest.approx(-share / 3, rel=1e-3)
    assert slope[0, 0] == pytest.approx(share / 3, rel=1e-3)
    assert loss > share * gap / 3


@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.5, 1.0, 2.0])
def test_focal_loss_has_a_finite_gradient_however_sure_an_answer_is(gamma):
    sure = [[0, 40, 0], [0, 17, 0], [-1e4, 0, 1e4]]
    loss, slope = learned(make_loss("focal", gamma=gamma), sure)
    assert loss == pytest.approx(0, abs=1e-4)
    np.testing.assert_allclose(slope, 0, atol=1e-3)


def test_focal_loss_from_logits_is_that_of_the_probabilities():
    logits = np.random.default_rng(0).normal(size=(3, 3)).astype(np.float32)
    known = make_loss("focal", 0.1, gamma=1.5)
    expected = keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=1.5, label_smoothing=0.1)
    shares = network()(logits).numpy()
    assert learned(known, logits)[0] == pytest.approx(float(expected(TRUTH, shares)), rel=1e-5)
    assert float(known(TRUTH, shares)) == pytest.approx(float(expected(TRUTH, shares)), rel=1e-5)


def test_an_absent_class_costs_dice_the_same_whatever_is_predicted():
    dice = make_loss("dice")
    truth = np.eye(3, dtype=np.float32)[[0, 1]]  # nothing of class 2
    costs = [float(dice(truth, np.array([[0.8, 0.1, p], [0.1, 0.8, p]], np.float32))) for p in (1e-4, 0.1, 0.9)]
    assert costs == pytest.approx([costs[0]] * 3)
    assert float(dice(truth, truth)) == pytest.approx(1 / 3)  # the best that can be reached
