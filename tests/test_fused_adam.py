# ruff: noqa: E402 - Keras is started before anything imports it
from study import backend, objective

backend.start()

import keras
import numpy as np
import pytest

from study.fused_adam import FusedAdam, FusedAdamW


def train(optimizer, steps=5):
    """Some steps of a small network with a normalisation; all that it and its optimiser then hold."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            keras.layers.Conv2D(4, 3, use_bias=False),  # its gradient would be rounding, and Adam makes steps of that
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    model.compile(optimizer, "mse")
    rng = np.random.default_rng(0)
    for _ in range(steps):
        model.train_on_batch(rng.normal(size=(8, 6, 6, 3)), rng.normal(size=(8, 2)))
    return [*model.get_weights(), *(variable.numpy() for variable in optimizer.variables)]


def schedule():
    return keras.optimizers.schedules.CosineDecay(0.01, 8, warmup_target=0.05, warmup_steps=2)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        {"global_clipnorm": 0.1},
        {"use_ema": True, "ema_momentum": 0.5},
        {"amsgrad": True},
    ],
)
@pytest.mark.parametrize(("fused", "plain"), [(FusedAdam, keras.optimizers.Adam), (FusedAdamW, keras.optimizers.AdamW)])
def test_every_step_is_that_of_keras(fused, plain, options):
    ours, theirs = (train(kind(schedule(), **options)) for kind in (fused, plain))
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_weights_decay_apart_from_the_gradient():
    optimizer = objective.make_optimizer("adamw", 0.1, weight_decay=0.5)
    variable = keras.Variable(np.full(3, 2, np.float32), name="kernel")
    optimizer.apply([keras.ops.zeros(3)], [variable])
    np.testing.assert_allclose(variable.numpy(), 2 - 0.1 * 0.5 * 2)
