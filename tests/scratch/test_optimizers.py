"""Optimisers, penalties, schedules and initialisers of scratch/ equal Keras'."""

import math

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from scratch import initializers, optimizers, regularization, schedules
from scratch.gradient_check import numerical_gradient

PAIRS = {
    "SGD": (optimizers.SGD(0.1), keras.optimizers.SGD, (0.1,)),
    "Momentum": (optimizers.Momentum(0.1, 0.8), keras.optimizers.SGD, (0.1, 0.8)),
    "Nesterov": (optimizers.Nesterov(0.1, 0.8), keras.optimizers.SGD, (0.1, 0.8, True)),
    "AdaGrad": (optimizers.AdaGrad(0.1), keras.optimizers.Adagrad, (0.1,)),
    "AdaGrad of the paper": (optimizers.AdaGrad(0.1, start=0), keras.optimizers.Adagrad, (0.1, 0)),
    "RMSProp": (optimizers.RMSProp(0.1, 0.8), keras.optimizers.RMSprop, (0.1, 0.8)),
    "Adam": (optimizers.Adam(0.1), keras.optimizers.Adam, (0.1,)),
    "Adam, other betas": (optimizers.Adam(0.1, 0.5, 0.7), keras.optimizers.Adam, (0.1, 0.5, 0.7)),
    "AdamW": (optimizers.AdamW(0.1, 0.2), keras.optimizers.AdamW, (0.1, 0.2)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_steps_equal_keras(name):
    ours, make, settings = PAIRS[name]
    theirs = make(*settings)
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape).astype(np.float32) for shape in [(3, 4), (4,), (1,)]]
    variables = [keras.Variable(w.copy()) for w in weights]
    for _ in range(3):
        gradients = [rng.normal(size=w.shape).astype(np.float32) for w in weights]
        gradients[0][0] = 0  # the first row never gets one
        ours.step(weights, gradients)
        theirs.apply([tf.constant(g) for g in gradients], variables)
        for w, variable in zip(weights, variables, strict=True):
            np.testing.assert_allclose(w, variable, atol=1e-5)
    assert weights[0].dtype == np.float32


def test_defaults_are_those_of_keras():
    for name in ("AdaGrad", "RMSProp", "Adam", "AdamW", "SGD"):
        theirs = getattr(keras.optimizers, {"AdaGrad": "Adagrad", "RMSProp": "RMSprop"}.get(name, name))()
        ours = getattr(optimizers, name)()
        assert ours.learning_rate == pytest.approx(float(theirs.learning_rate))
        for setting in {"rho", "beta_1", "beta_2", "epsilon"} & vars(ours).keys():
            assert getattr(ours, setting) == getattr(theirs, setting)
    assert optimizers.AdamW().decay == keras.optimizers.AdamW().weight_decay
    assert optimizers.AdaGrad().first == keras.optimizers.Adagrad().initial_accumulator_value


# ---- penalties ----


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (regularization.l1(0.02), keras.regularizers.L1(0.02)),
        (regularization.l2(0.03), keras.regularizers.L2(0.03)),
        (regularization.elastic_net(0.02, 0.03), keras.regularizers.L1L2(0.02, 0.03)),
    ],
)
def test_penalty_equals_keras(ours, theirs):
    w = np.random.default_rng(0).normal(size=(5, 4))
    assert ours.loss(w) == pytest.approx(float(theirs(w)), abs=1e-5)
    np.testing.assert_allclose(ours.gradient(w), numerical_gradient(lambda: ours.loss(w), w), atol=1e-8)
    w[0] = 0
    variable = tf.Variable(w)
    with tf.GradientTape() as tape:
        loss = theirs(variable)
    np.testing.assert_allclose(ours.gradient(w), tape.gradient(loss, variable), atol=1e-6)


# ---- schedules ----

STEPS = range(0, 130, 7)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (schedules.stepwise(0.5, 20, 0.3), keras.optimizers.schedules.ExponentialDecay(0.5, 20, 0.3, staircase=True)),
        (schedules.exponential(0.5, 20, 0.3), keras.optimizers.schedules.ExponentialDecay(0.5, 20, 0.3)),
        (schedules.cosine(0.5, 100), keras.optimizers.schedules.CosineDecay(0.5, 100)),
        (
            schedules.warm_up(schedules.cosine(0.5, 80), 20),
            keras.optimizers.schedules.CosineDecay(0.0, 80, warmup_target=0.5, warmup_steps=20),
        ),
    ],
)
def test_schedule_equals_keras(ours, theirs):
    np.testing.assert_allclose([ours(step) for step in STEPS], [float(theirs(step)) for step in STEPS], atol=1e-6)


def test_one_cycle_goes_up_and_down():
    rates = [schedules.one_cycle(0.1, 101)(step) for step in range(101)]
    assert rates[0] == pytest.approx(0.1 / 25)
    assert rates.index(max(rates)) == 30
    assert rates[30] == pytest.approx(0.1)
    assert rates[15] == pytest.approx((0.1 + 0.1 / 25) / 2)  # half-way up
    assert rates[65] == pytest.approx(0.05, rel=1e-4)  # half-way down
    assert rates[100] == pytest.approx(0.1 / 250_000)
    assert np.diff(rates[:31]).min() > 0 > np.diff(rates[30:]).max()


def test_the_last_step_of_one_cycle_has_the_last_rate():
    for steps in (2, 3, 10):
        assert schedules.one_cycle(0.1, steps)(steps - 1) == pytest.approx(0.1 / 250_000)
    assert schedules.one_cycle(0.1, 1)(0) == 0.1


# ---- initialisers ----


@pytest.mark.parametrize("shape", [(60, 500), (500, 60), (5, 5, 30, 40)])
@pytest.mark.parametrize(
    "scheme", [f"{name}_{kind}" for name in ("glorot", "he", "lecun") for kind in ("uniform", "normal")]
)
def test_initializer_has_the_distribution_of_keras(scheme, shape):
    ours = initializers.scaled(scheme, shape, np.random.default_rng(0))
    theirs = keras.initializers.get({"class_name": scheme, "config": {"seed": 0}})(shape).numpy()
    assert ours.dtype == np.float32
    assert ours.shape == shape
    assert ours.std() == pytest.approx(math.sqrt(initializers.variance(scheme.split("_")[0], shape)), rel=0.02)
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.01)
    assert scipy.stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > 0.01


def test_plain_initializers():
    np.testing.assert_array_equal(initializers.constant((2, 3)), keras.initializers.Zeros()((2, 3)))
    np.testing.assert_array_equal(initializers.constant((4,), 1.5), keras.initializers.Constant(1.5)((4,)))
    ours = initializers.normal((100, 300), np.random.default_rng(0), 0.2)
    theirs = keras.initializers.RandomNormal(0, 0.2, seed=0)((100, 300)).numpy()
    assert scipy.stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > 0.01


def test_he_keeps_a_relu_stack_alive_where_small_weights_let_it_die():
    rng = np.random.default_rng(0)
    alive = dead = rng.normal(size=(200, 256)).astype(np.float32)
    for _ in range(10):
        alive = np.maximum(alive @ initializers.scaled("he_normal", (256, 256), rng), 0)
        dead = np.maximum(dead @ initializers.normal((256, 256), rng, 0.01), 0)
    assert 0.3 < alive.std() < 3
    assert dead.std() < 1e-6
