"""A head that learns in NumPy is the one that Keras' own `fit` makes of the same batches."""

import numpy as np
import pytest

from study.runtime import backend

backend.start()
import keras  # noqa: E402
from small import features, settings  # noqa: E402

from data.numpy_batches import cut, epoch_rows  # noqa: E402
from data.soft_labels import to_numpy_soft_labels  # noqa: E402
from study.fit.head_training import HeadData, HeadFold, HeadTraining, first_weights, make_head  # noqa: E402
from study.fit.objective import class_weights, compile_model, weight_array  # noqa: E402
from study.fit.schedules import Plateau, learning_rate_schedule, rates_of, reduce_on_plateau  # noqa: E402
from study.settings.stages import Stage  # noqa: E402

ROWS = np.arange(92)
FOLD = HeadFold(ROWS[:70], ROWS[70:], 3)
STAGE = Stage("head", 3, 16, 0.02)
OPTIMIZERS = ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad", "muon"]
SEVERAL = {"task": "multilabel"}


def data_of(several=False, **changed):
    examples = features(**{"noise": 1.5, "wrong": 12, **changed})
    labels = examples.labels
    if several:  # both, one or none of two labels
        labels = np.stack([examples.inputs[:, 0] > 0, examples.inputs[:, 1] > 0.5], axis=1).astype(np.float32)
    return HeadData(examples.inputs, labels, ("left", "right"))


def in_numpy(data, chosen, stage=STAGE):
    training = HeadTraining(data, FOLD, stage, chosen, first_weights(3, data, chosen))
    logs = [
        training.learn_epoch(order) | training.judge()
        for order in epoch_rows(examples_of(data), 3, stage.epochs, chosen.regularization.sampler == "balanced")
    ]
    return training, logs


def examples_of(data):
    return type(features())(data.features, data.labels, {"train": FOLD.train, "val": FOLD.held_out})


def in_keras(data, chosen, stage=STAGE):
    """Weights and figures of the head that `train_on_batch` makes."""
    keras.utils.set_random_seed(3)
    head = make_head(data, chosen)
    per_epoch = -(-len(FOLD.train) // stage.batch_size)
    compile_model(head, stage, chosen, per_epoch * stage.epochs)
    rule = chosen.regularization.class_weight
    weights = weight_array(class_weights(data.labels[FOLD.train], rule, data.outputs), 2)

    def batches():
        for order in epoch_rows(examples_of(data), 3, stage.epochs, chosen.regularization.sampler == "balanced"):
            for rows in cut(order, stage.batch_size):
                y = to_numpy_soft_labels(data.labels[rows], 2)
                yield (data.features[rows], y) if rule == "none" else (data.features[rows], y, y @ weights)

    logs = head.fit(batches(), steps_per_epoch=per_epoch, epochs=stage.epochs, shuffle=False, verbose=0).history
    logs = [dict(zip(logs, values, strict=True)) for values in zip(*logs.values(), strict=True)]
    y = to_numpy_soft_labels(data.labels[FOLD.held_out], 2)
    held = head.evaluate(data.features[FOLD.held_out], y, verbose=0, return_dict=True)
    return head.get_weights(), logs, held


CASES = [
    *({"optimizer": optimizer, "l2": 1e-2, "weight_decay": 0.05, "clip_norm": 0.5} for optimizer in OPTIMIZERS),
    {"l1": 1e-2, "label_smoothing": 0.1, "schedule": "cosine"},
    {"class_weight": {"right": 3.0}, "schedule": "one_cycle"},
    {"sampler": "balanced", "class_weight": "none", "ema": 0.5},
    {"loss": "focal", "class_weight": {"right": 3.0}, "label_smoothing": 0.1},
    {"loss": "focal", "focal_gamma": 0.5},
    {"loss": "dice", "class_weight": {"right": 3.0}},
    {"loss": "crossentropy+dice", "dice_weight": 0.3, "label_smoothing": 0.1},
    {**SEVERAL, "label_smoothing": 0.1, "l2": 1e-2},
    {**SEVERAL, "optimizer": "adamw"},
]


@pytest.mark.parametrize("changes", CASES, ids=str)
def test_it_is_the_head_that_keras_makes_of_the_same_batches(changes):
    data, chosen = data_of(several=SEVERAL.items() <= changes.items()), settings(patience=0, **changes)
    training, logs = in_numpy(data, chosen)
    weights, expected, held = in_keras(data, chosen)
    for mine, other in zip(training.weights, weights, strict=True):
        np.testing.assert_allclose(mine, other, atol=2e-5)
    for mine, other in zip(logs, expected, strict=True):
        for name in ("loss", "crossentropy", "accuracy"):
            assert mine[name] == pytest.approx(other[name], rel=2e-5, abs=2e-5), name
    for name in ("loss", "crossentropy", "accuracy"):
        assert logs[-1][f"val_{name}"] == pytest.approx(held[name], rel=2e-5, abs=2e-5), name


def test_dropout_drops_its_share_and_makes_up_for_it():
    data = HeadData(np.ones((4000, 50), np.float32), np.zeros(4000, np.int64), ("left", "right"))
    fold, chosen = HeadFold(np.arange(4000), np.arange(8), 0), settings(dropout=0.3, optimizer="sgd")
    training = HeadTraining(data, fold, Stage("head", 1, 4000, 1.0), chosen, [np.zeros((50, 2)), np.zeros(2)])
    training.learn_epoch(fold.train)
    slopes = training.kernel[:, 0]  # 0.5 * the mean of what each feature was in the batch
    np.testing.assert_allclose(slopes, 0.5, atol=0.03)
    assert len(np.unique(slopes.round(5))) > 25  # each feature is dropped by itself
    again = HeadTraining(data, fold, Stage("head", 1, 4000, 1.0), chosen, [np.zeros((50, 2)), np.zeros(2)])
    again.learn_epoch(fold.train)
    np.testing.assert_array_equal(again.kernel, training.kernel)


def test_scores_however_far_apart_have_a_finite_loss():
    data = data_of()
    training = HeadTraining(data, FOLD, STAGE, settings(), [np.full((8, 2), 1e4) * [1, -1], np.zeros(2)])
    assert np.isfinite(training.objective(FOLD.train))
    figures = training.judge()
    assert figures["val_crossentropy"] <= 16.2
    assert not training.divergence.broken


@pytest.mark.parametrize("schedule", ["constant", "step", "exponential", "cosine", "one_cycle"])
@pytest.mark.parametrize("warmup", [0.0, 0.25])
@pytest.mark.parametrize("steps", [1, 2, 25, 100])
def test_the_rate_of_each_iteration_is_that_of_keras_schedule(schedule, warmup, steps):
    if schedule == "one_cycle" and warmup:
        pytest.skip("one_cycle has a warm-up of its own")
    found = rates_of(schedule, 0.04, steps, warmup)
    expected = learning_rate_schedule(schedule, 0.04, steps, warmup)
    expected = [float(expected(step)) if callable(expected) else expected for step in range(steps)]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9)


def test_a_plateau_lowers_the_rate_when_keras_does():
    losses = [1.0, 0.9, 0.9, 0.89999, 0.8, 0.81, 0.82, 0.83, 0.84, 0.85, 0.86, 0.7]
    mine, (other,) = Plateau("plateau", 6), reduce_on_plateau("plateau", 6)
    head = make_head(data_of(), settings())
    head.compile(keras.optimizers.SGD(1.0))
    other.set_model(head)
    for epoch, loss in enumerate(losses):
        mine.note(loss)
        other.on_epoch_end(epoch, {"val_crossentropy": loss})
        assert mine.factor == pytest.approx(float(head.optimizer.learning_rate), rel=1e-6)
    assert mine.factor < 0.1
    unmoved = Plateau("cosine", 6)
    for loss in losses:
        unmoved.note(loss)
    assert unmoved.factor == 1
