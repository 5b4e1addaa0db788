"""Heads that learn side by side, each by settings of its own: each is the head that `train` makes of them."""

import numpy as np
import pytest

from study.runtime import backend

backend.start()
import keras  # noqa: E402
from small import features, settings  # noqa: E402

from data.batches import Examples, epoch_rows  # noqa: E402
from study.fit.head_pool import HeadPool, HeadTask, first_weights, rates_of  # noqa: E402
from study.fit.head_trainer import HeadData, HeadFold, make_head  # noqa: E402
from study.fit.loop import run_stage  # noqa: E402
from study.fit.objective import class_weights  # noqa: E402
from study.fit.schedules import learning_rate_schedule  # noqa: E402
from study.settings.stages import Stage  # noqa: E402

ROWS = np.arange(92)
FOLD = HeadFold(ROWS[:70], ROWS[70:], 3)


def data_of(**changed):
    examples = features(**changed)
    return HeadData(examples.inputs, examples.labels, ("left", "right"))


def task(stage, **changes):
    return HeadTask(FOLD, settings(keep_diverged=True, **changes), stage)


def order_of(data, fold, epochs):
    keras.utils.set_random_seed(fold.seed)
    return epoch_rows(Examples(data.features, data.labels, {"train": fold.train}), fold.seed, epochs)


def train_all(data, tasks, size):
    """Train tasks in a pool as `tune` does: the next begins where one has ended. Kept epoch and weights of each."""
    tensors = keras.ops.convert_to_tensor(data.features), keras.ops.one_hot(data.labels, 2)
    pool = HeadPool(data, tensors, tasks[0], size)
    waiting, running, found = list(enumerate(tasks)), {}, {}
    while waiting or running:
        while waiting and len(running) < size:
            number, one = waiting.pop(0)
            first = first_weights(one.fold.seed, data, one.settings)
            running[pool.begin(one, first, order_of(data, one.fold, one.stage.epochs))] = number
        for slot in pool.learn_epoch():
            if slot.ended:
                slot.keep_best()
                found[running.pop(slot)] = slot.progress.kept[0], slot.head.get_weights()
                slot.release()
    return [found[number] for number in range(len(tasks))]


def ordinary(data, one):
    """Kept epoch and weights of the head that `train` makes."""
    keras.utils.set_random_seed(one.fold.seed)
    chosen = one.settings.with_values(seed=one.fold.seed)
    head = make_head(data, chosen)
    indices = {"train": one.fold.train, "val": one.fold.held_out}
    weights = class_weights(data.labels[one.fold.train], chosen.regularization.class_weight, data.outputs)
    outcome = run_stage(head, one.stage, Examples(data.features, data.labels, indices), chosen, weights)
    return outcome.kept_epoch, head.get_weights()


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "momentum"])
def test_each_head_is_that_of_its_own_training_though_all_share_one_graph(optimizer):
    data, same = data_of(noise=2.0, wrong=12), {"optimizer": optimizer, "patience": 3}
    tasks = [
        task(Stage("head", 8, 16, 0.02), **same, l2=1e-2, label_smoothing=0.1),
        task(Stage("head", 12, 8, 0.1), **same, l1=1e-3, weight_decay=0.05, schedule="exponential"),
        task(Stage("head", 5, 33, 0.05), **same, class_weight={"right": 3.0}, schedule="one_cycle"),
        task(Stage("head", 9, 16, 0.03), **same, warmup=0.3, weight_decay=0.0),
        task(Stage("head", 4, 70, 0.03), **same, schedule="step"),
    ]
    for one, (kept, weights) in zip(tasks, train_all(data, tasks, size=2), strict=True):
        expected_epoch, expected = ordinary(data, one)
        assert kept == expected_epoch
        for mine, other in zip(weights, expected, strict=True):
            np.testing.assert_allclose(mine, other, atol=2e-5)


def test_dropout_drops_its_share_and_each_head_its_own():
    data, stage = data_of(), Stage("head", 3, 16, 0.02)
    (_, plain), (_, dropped), (_, again) = train_all(data, [task(stage, dropout=x) for x in (0.0, 0.5, 0.5)], size=3)
    assert not np.allclose(plain[0], dropped[0])
    np.testing.assert_array_equal(dropped[0], again[0])  # side by side they draw the same numbers


@pytest.mark.parametrize("schedule", ["constant", "step", "exponential", "cosine", "one_cycle"])
@pytest.mark.parametrize("warmup", [0.0, 0.25])
def test_the_rate_of_each_iteration_is_that_of_the_schedule(schedule, warmup):
    if schedule == "one_cycle" and warmup:
        pytest.skip("one_cycle has a warm-up of its own")
    found = rates_of(task(Stage("head", 5, 16, 0.04), schedule=schedule, warmup=warmup), 25)
    expected = learning_rate_schedule(schedule, 0.04, 25, warmup)
    expected = [float(expected(step)) if callable(expected) else expected for step in range(25)]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9)


def test_only_what_the_graph_is_made_for_makes_another_pool():
    stage = Stage("head", 3, 16, 0.02)
    first = task(stage).graph
    assert task(Stage("head", 9, 8, 0.5), dropout=0.5, l2=1.0, class_weight="balanced", schedule="step").graph == first
    for change in ({"optimizer": "sgd"}, {"clip_norm": 1.0}, {"loss": "focal"}):
        assert task(stage, **change).graph != first
