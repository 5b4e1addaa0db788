"""A training that the clock ends: after which epoch, with which weights, and how it goes on."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import math
import time

import keras
import numpy as np
import pytest
from small import features, noisy_images, settings, tiny

from study.checkpoint.files import newest
from study.checkpoint.keeper import Keeper
from study.checkpoint.unfinished import Unfinished
from study.fit import loop, restored
from study.fit.time_limit import TimeLimit
from study.settings.parsers import seconds_of
from study.settings.stages import Stage

EPOCHS, BATCH = 6, 8
ASKED = {"model": "tiny", "flags": {}, "settings": {}, "data": "", "program": "", "versions": {}}
CASES = {
    "plain": {"augment": {"flip": 1.0, "translation": 0.1}},
    "averaged": {"ema": 0.9, "optimizer": "momentum", "augment": {"mixup": 0.9, "brightness": 0.3}},
    "phases": {"progressive": (32, 48), "image_size": 48, "schedule": "plateau", "patience": 3},
}
ENDED = f"the time limit of 1h ended it after epoch {{}} of {EPOCHS}"


class Ending(TimeLimit):
    """Is over when it asks the clock for the time number `at`."""

    def __init__(self, at, keeper=None):
        super().__init__("1h", time.monotonic(), keeper)
        self.at, self.asked = at, 0

    def is_short(self, learning, epoch):
        self.asked += 1
        if self.asked == self.at:
            self.began = -math.inf
        return super().is_short(learning, epoch)


def keeper_in(folder, resumed=None):
    return Keeper(Unfinished(folder, ASKED, None, str), 10.0, resumed)


def trained(changes, limit=None, keeper=None, seed=0):
    size = changes.get("image_size", 12)
    model, examples = tiny(seed, dropout=0.3, size=size), noisy_images(n=44, size=size)
    keras.utils.set_random_seed(0)
    stages = [Stage("scratch", EPOCHS, BATCH, 0.01)]
    (outcome,) = loop.fit(model, examples, None, stages, settings(**changes), keeper=keeper, limit=limit)
    return [np.array(weight) for weight in model.weights], outcome


def kept_in(folder):
    (kept,) = (folder / ".unfinished").iterdir()
    checkpoint = newest(kept)[0]
    restored.check(checkpoint, str(kept))
    return checkpoint


def rows_of(outcome):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in outcome.history]


def same(one, other):
    for weights in zip(one, other, strict=True):
        np.testing.assert_array_equal(*weights)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("20m", 1200), ("1.5h", 5400), ("0.5s", 0.5)])
def test_a_time_has_its_unit(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("name", ["plain", pytest.param("phases", marks=pytest.mark.slow)])
def test_one_that_is_far_off_changes_nothing(name):
    weights, outcome = trained(CASES[name])
    limited, other = trained(CASES[name], TimeLimit("10h", time.monotonic()))
    assert (rows_of(other), other.ended) == (rows_of(outcome), outcome.ended)
    same(weights, limited)


def test_one_that_is_over_before_the_first_epoch_lets_one_be_trained():
    limit = TimeLimit("1s", time.monotonic() - 60)
    _, outcome = trained(CASES["plain"], limit)
    assert (len(outcome.history), outcome.kept_epoch) == (1, 1)
    assert outcome.ended == f"the time limit of 1s ended it after epoch 1 of {EPOCHS}"
    told = limit.told(outcome.ended, "cosine")
    assert told.startswith(f"{outcome.ended}; the command took ")
    assert told.endswith(" s more than its time limit of 1s")


def test_the_next_epoch_counts_and_what_evaluation_takes():
    """An epoch here takes far less than the second that is left of what is reckoned with for evaluation."""
    _, outcome = trained(CASES["plain"], TimeLimit("9s", time.monotonic()))
    assert len(outcome.history) == 1
    _, outcome = trained(CASES["plain"], TimeLimit("600s", time.monotonic()))
    assert len(outcome.history) == EPOCHS


def test_what_is_over_stays_over():
    """The epoch at the full size may take less than was reckoned with."""
    limit = TimeLimit("1h", time.monotonic())
    assert [limit.is_short(seconds, 1.0) for seconds in (1.0, 4000.0, 1.0)] == [False, True, True]


def test_the_last_epoch_and_early_stopping_are_not_put_down_to_it():
    limit = TimeLimit("1s", time.monotonic() - 60)
    model, one = tiny(), [Stage("scratch", 1, BATCH, 0.01)]
    (outcome,) = loop.fit(model, noisy_images(), None, one, settings(), limit=limit)
    assert (outcome.ended, limit.over) == ("the last of 1 epochs was reached", False)
    assert limit.told(outcome.ended, "cosine").startswith("the command took 6")
    limit, stages = Ending(2), [Stage("head", 3, BATCH, 1e-30)]  # so small steps change no weight
    (outcome,) = loop.fit(tiny(), None, features(), stages, settings(patience=1), limit=limit)
    assert (len(outcome.history), outcome.ended) == (2, "validation loss had not improved for 1 epochs")
    assert limit.asked == 1


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("plain", 3),
        ("phases", 1),
        pytest.param("plain", 1, marks=pytest.mark.slow),
        pytest.param("averaged", 3, marks=pytest.mark.slow),
        pytest.param("phases", 3, marks=pytest.mark.slow),
        pytest.param("phases", 5, marks=pytest.mark.slow),  # behind the last epoch of a phase
    ],
)
def test_its_best_epoch_is_kept_and_it_can_go_on_as_one_that_nothing_ended(name, at, tmp_path):
    changes = CASES[name]
    whole_weights, whole = trained(changes)
    keeper = keeper_in(tmp_path / "ended")
    weights, outcome = trained(changes, Ending(at, keeper), keeper)
    rows = rows_of(outcome)
    more = 1 if name == "phases" else 0  # an epoch at the full size, by which it is judged
    assert rows[:at] == rows_of(whole)[:at]
    assert [row["epoch"] for row in rows] == list(range(1, at + more + 1))
    assert outcome.ended == ENDED.format(at + more)
    judged = rows[-1:] if more else rows
    assert outcome.kept_epoch == min(judged, key=lambda row: row["val_loss"])["epoch"]
    checkpoint = kept_in(tmp_path / "ended")
    if more:
        assert [row["image_size"] for row in rows] == [32] * at + [48]
    else:
        same(weights, checkpoint.arrays["best"])
    found, resumed = trained(changes, keeper=keeper_in(tmp_path / "on", checkpoint), seed=5)
    assert (rows_of(resumed), resumed.ended) == (rows_of(whole), whole.ended)
    same(whole_weights, found)


def test_one_that_goes_on_has_a_limit_of_its_own(tmp_path):
    keeper = keeper_in(tmp_path / "ended")
    trained(CASES["plain"], Ending(2, keeper), keeper)
    again = keeper_in(tmp_path / "on", kept_in(tmp_path / "ended"))
    _, outcome = trained(CASES["plain"], TimeLimit("1s", time.monotonic() - 60, again), again, seed=5)
    assert rows_of(outcome) == rows_of(trained(CASES["plain"])[1])[:3]


def two_stages(limit=None, keeper=None, seed=0):
    """A head, then fine-tuning."""
    model, examples = tiny(seed), noisy_images()
    backbone = model.layers[1]
    backbone.trainable = False
    keras.utils.set_random_seed(0)
    inputs = np.array(backbone.predict(examples.inputs, verbose=0))
    stages = [Stage("head", 3, BATCH, 0.01), Stage("finetune", 3, BATCH, 1e-3)]
    from_features = type(examples)(inputs, examples.labels, examples.indices)
    changes = settings(learning="finetune", patience=0)
    return (
        [np.array(w) for w in model.weights],
        loop.fit(model, examples, from_features, stages, changes, keeper=keeper, limit=limit),
        model,
    )


def test_a_stage_for_which_no_time_is_left_is_left_out_and_can_follow_later(tmp_path):
    keeper = keeper_in(tmp_path / "ended")
    _, outcomes, _ = two_stages(Ending(3, keeper), keeper)  # it asks twice within the head
    (outcome,) = outcomes
    ended = "the last of 3 epochs was reached; the time limit of 1h left no room for stage finetune"
    assert (len(outcome.history), outcome.ended) == (3, ended)
    _, whole, model = two_stages()
    _, resumed, other = two_stages(
        TimeLimit("1s", time.monotonic() - 60), keeper_in(tmp_path / "on", kept_in(tmp_path / "ended"))
    )
    assert [len(outcome.history) for outcome in resumed] == [3, 1]  # one epoch at least
    _, resumed, other = two_stages(None, keeper_in(tmp_path / "on", kept_in(tmp_path / "ended")))
    assert [rows_of(outcome) for outcome in resumed] == [rows_of(outcome) for outcome in whole]
    same(model.get_weights(), other.get_weights())


def test_a_head_that_it_ends_is_followed_by_nothing_and_leaves_no_checkpoint(tmp_path):
    keeper = keeper_in(tmp_path)
    (outcome,) = two_stages(Ending(1, keeper), keeper)[1]
    assert outcome.ended == "the time limit of 1h ended it after epoch 1 of 3"
    assert keeper.unfinished.command() == ""
