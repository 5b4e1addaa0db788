"""Heads of many folds: each is the head that an ordinary training makes of the same rows, epochs and seed."""

import numpy as np
import pytest
from helpers import message

from study.runtime import backend

backend.start()
import keras  # noqa: E402
from small import features, settings  # noqa: E402

from data.batches import Examples  # noqa: E402
from errors import UserError  # noqa: E402
from study.fit.fold_heads import train_heads  # noqa: E402
from study.fit.head_training import HeadData, HeadFold, make_head  # noqa: E402
from study.fit.loop import run_stage  # noqa: E402
from study.settings.stages import Stage  # noqa: E402

ROWS = np.arange(92)
FOLDS = [HeadFold(np.setdiff1d(ROWS, ROWS[start::3]), ROWS[start::3], seed) for seed, start in ((3, 0), (4, 1))]
SHORT = HeadFold(ROWS[:33], ROWS[60:], 3)  # another number of iterations an epoch


def data_of(**changed):
    examples = features(**changed)
    return HeadData(examples.inputs, examples.labels, ("left", "right"))


def ordinary(fold, data, stage, chosen):
    """The weights of a head that `train` makes: those of its best epoch on the rows held out."""
    chosen = chosen.with_values(seed=fold.seed)
    keras.utils.set_random_seed(fold.seed)
    head = make_head(data, chosen)
    indices = {"train": fold.train, "val": fold.held_out}
    weights = None
    if chosen.regularization.class_weight != "none":
        weights = {0: 1.0, 1: chosen.regularization.class_weight["right"]}
    outcome = run_stage(head, stage, Examples(data.features, data.labels, indices), chosen, weights)
    return head.get_weights(), outcome.kept_epoch


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folds", "changes"),
    [
        ([*FOLDS, SHORT], {"dropout": 0.3, "l2": 1e-3, "label_smoothing": 0.1, "clip_norm": 0.5}),
        (FOLDS[:1], {"optimizer": "momentum", "class_weight": {"right": 3.0}, "loss": "focal", "sampler": "balanced"}),
        (FOLDS[:1], {"ema": 0.5, "schedule": "one_cycle"}),
    ],
)
def test_each_head_is_that_of_an_ordinary_training(folds, changes):
    data, chosen = data_of(), settings(patience=0, **changes)
    stage = Stage("head", 4, 16, 0.02)  # so few that the last epoch is the best
    found = train_heads(folds, data, stage, chosen)
    for fold, outcome in zip(folds, found, strict=True):
        weights, kept = ordinary(fold, data, stage, chosen)
        assert (kept, outcome.epoch) == (4, 4)
        for mine, other in zip(outcome.weights, weights, strict=True):
            if "ema" in changes:  # Keras swaps weights and averages by adding and subtracting, which rounds
                np.testing.assert_allclose(mine, other, atol=1e-6)
            else:
                np.testing.assert_array_equal(mine, other)
    kernels = [outcome.weights[0].tobytes() for outcome in found]
    assert len(set(kernels)) == len(folds)


def test_early_stopping_keeps_the_epoch_that_validation_would():
    data, chosen = data_of(noise=2.0, wrong=20), settings(patience=2, dropout=0.2)
    stage = Stage("head", 40, 16, 0.1)
    (outcome,) = train_heads(FOLDS[:1], data, stage, chosen, early_stopping=True)
    weights, kept = ordinary(FOLDS[0], data, stage, chosen)
    assert 1 < outcome.epoch == kept < 40
    for mine, other in zip(outcome.weights, weights, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_head_that_ends_earlier_is_what_the_longer_training_was_at_that_epoch():
    data, chosen = data_of(noise=2.0, wrong=20), settings(patience=2, dropout=0.2, schedule="cosine")
    stage = Stage("head", 40, 16, 0.1)
    (kept,) = train_heads(FOLDS[:1], data, stage, chosen, early_stopping=True)
    assert 1 < kept.epoch < 40
    (ended,) = train_heads(FOLDS[:1], data, stage, chosen, ends=kept.epoch)
    assert ended.epoch == kept.epoch
    for mine, other in zip(ended.weights, kept.weights, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_the_rows_held_out_are_what_is_predicted():
    data, done = data_of(), []
    (outcome,) = train_heads(FOLDS[:1], data, Stage("head", 3, 16, 0.02), settings(), finished=lambda: done.append(1))
    kernel, bias = outcome.weights
    scores = np.exp(data.features[FOLDS[0].held_out] @ kernel + bias)
    np.testing.assert_allclose(outcome.probabilities, scores / scores.sum(axis=1, keepdims=True), rtol=1e-5)
    assert done == [1]


def test_what_ends_one_head_ends_those_under_way():
    """Else these would go on for their 200,000 epochs: minutes."""

    class Lost:
        shape = data_of().features.shape

        def __getitem__(self, rows):
            if 0 in rows:
                raise UserError("row 0 is gone")
            return data_of().features[rows]

    data = HeadData(Lost(), data_of().labels, ("left", "right"))
    folds = [HeadFold(ROWS[1:60], ROWS[60:], 3), HeadFold(ROWS[:60], ROWS[60:], 3)]
    stage = Stage("head", 200_000, 64, 0.02)
    gone = message(train_heads, folds[::-1], data, stage, settings())
    assert gone == "row 0 is gone"


def test_a_head_that_diverges_is_an_error():
    stage = Stage("head", 10, 16, 99.0)
    text = message(train_heads, FOLDS, data_of(noise=2.0, wrong=30), stage, settings(optimizer="sgd"))
    assert text.startswith(
        "Training diverged: the training objective (loss with all weights and penalties) of stage head began at "
    )
    assert text.endswith("Give a smaller --learning-rate than 99, or --keep-diverged to keep the run as it is.")
