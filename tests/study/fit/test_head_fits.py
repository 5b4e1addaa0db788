"""Heads that Keras' own `fit` trains, as on JAX and PyTorch, are those that learn in step on TensorFlow."""

import numpy as np
import pytest
from helpers import message

from study.runtime import backend

backend.start()
import keras  # noqa: E402
from small import features, settings  # noqa: E402

from study.fit.fold_heads import initial_values, order_of  # noqa: E402
from study.fit.head_fits import OneByOne, batches  # noqa: E402
from study.fit.head_trainer import HeadData, HeadFold, Trainer  # noqa: E402
from study.settings.stages import Stage  # noqa: E402

ROWS = np.arange(92)
FOLDS = [HeadFold(np.setdiff1d(ROWS, ROWS[start::3]), ROWS[start::3], 3) for start in (0, 1)]
PER_EPOCH = 4


@pytest.fixture(autouse=True)
def _one_step_at_once(monkeypatch):
    """As on the backends that learn so: TensorFlow would do several in one call, beyond the end of an epoch."""
    monkeypatch.setattr("study.fit.objective.steps_at_once", lambda stage: 1)


def data_of(**changed):
    examples = features(**changed)
    return HeadData(examples.inputs, examples.labels, ("left", "right"))


def trained(data, stage, chosen, early_stopping=False):
    """The outcomes of both folds: learned one after another, and in step."""
    tensors = keras.ops.convert_to_tensor(data.features), keras.ops.one_hot(data.labels, 2)
    first = initial_values(3, data, chosen)
    order = order_of(FOLDS, data.labels, stage.epochs, balanced=False)
    orders = [order(fold) for fold in FOLDS]
    by_fit = OneByOne(data, stage, chosen, PER_EPOCH)
    in_step = Trainer(data, tensors, stage, chosen, PER_EPOCH, len(FOLDS))
    return [one.train(FOLDS, first, orders, early_stopping) for one in (by_fit, in_step)]


@pytest.mark.parametrize("changes", [
    {"l2": 1e-3, "label_smoothing": 0.1, "class_weight": {"right": 3.0}, "schedule": "cosine"},
    {"ema": 0.5, "optimizer": "momentum"},
], ids=str)  # fmt: skip
def test_each_head_is_the_one_that_learns_in_step(changes):
    by_fit, in_step = trained(data_of(), Stage("head", 4, 16, 0.02), settings(patience=0, dropout=0.0, **changes))
    for mine, other in zip(by_fit, in_step, strict=True):
        assert mine.epoch == other.epoch == 4
        for found, expected in zip(mine.weights, other.weights, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-5)
        np.testing.assert_allclose(mine.probabilities, other.probabilities, atol=1e-5)
    assert not np.allclose(by_fit[0].weights[0], by_fit[1].weights[0])


def test_the_rows_held_out_end_it_and_choose_its_epoch():
    chosen = settings(patience=2, dropout=0.0)
    by_fit, in_step = trained(data_of(noise=2.0, wrong=20), Stage("head", 40, 16, 0.03), chosen, early_stopping=True)
    assert [one.epoch for one in by_fit] == [one.epoch for one in in_step]
    assert all(1 < one.epoch < 40 for one in by_fit)
    np.testing.assert_allclose(by_fit[0].probabilities, in_step[0].probabilities, atol=1e-5)


def test_a_head_that_diverges_is_an_error():
    data, stage, chosen = data_of(noise=2.0, wrong=30), Stage("head", 10, 16, 99.0), settings(optimizer="sgd")
    order = order_of(FOLDS, data.labels, stage.epochs, balanced=False)
    trainer = OneByOne(data, stage, chosen, PER_EPOCH)
    told = message(trainer.train, FOLDS[:1], initial_values(3, data, chosen), [order(FOLDS[0])], False)
    assert told.startswith(
        "Training diverged: the training objective (loss with all weights and penalties) of stage head began at "
    )


def test_each_epoch_has_its_own_order():
    data = data_of()
    orders = [np.array([4, 2, 7]), np.array([2, 7, 4])]
    found = list(batches(data, orders, 2, np.array([1.0, 3.0], np.float32)))
    assert [len(inputs) for inputs, _, _ in found] == [2, 1, 2, 1]
    inputs, labels, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    rows = np.concatenate(orders)
    np.testing.assert_array_equal(inputs, data.features[rows])
    np.testing.assert_array_equal(labels.argmax(axis=1), data.labels[rows])
    np.testing.assert_array_equal(weights, np.where(data.labels[rows] == 1, 3, 1))
