"""A stage that is stopped anywhere and goes on in a new network ends as one that nobody stopped, bit for bit."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

from dataclasses import asdict

import keras
import numpy as np
import pytest
from small import noisy_images, settings, tiny

from errors import UserError
from study.checkpoint.files import newest
from study.checkpoint.keeper import Keeper
from study.checkpoint.unfinished import Unfinished
from study.fit import loop, restored
from study.runtime.signals import Stopped
from study.settings.stages import Stage

EPOCHS, BATCH, PER_EPOCH = 6, 8, 4
ASKED = {"model": "tiny", "flags": {}, "settings": {}, "data": "", "program": "", "versions": {}}
CASES = {
    "plain": {"augment": {"flip": 1.0, "translation": 0.1}},
    "averaged": {"ema": 0.9, "optimizer": "momentum", "augment": {"mixup": 0.9, "brightness": 0.3}},
    "phases": {"progressive": (32, 48), "image_size": 48, "optimizer": "muon", "schedule": "plateau", "patience": 3},
    "balanced": {"sampler": "balanced", "optimizer": "rmsprop", "warmup": 0.2, "augment": {"erase": 0.5}},
}


class Stopping(Keeper):
    """Is told to stop at an iteration, as by a signal, and writes nothing before."""

    def __init__(self, folder, at, resumed=None):
        super().__init__(Unfinished(folder, ASKED, None, str), 10.0, resumed)
        self.at, self.asked = at, 0

    def due(self, nbytes, within_epoch):
        self.asked += 1
        if self.asked == self.at:
            self.signal = 2
        return super().due(nbytes, within_epoch) if self.signal else False


def trained(changes, keeper=None, seed=0):
    size = changes.get("image_size", 12)
    model, examples = tiny(seed, dropout=0.3, size=size), noisy_images(n=44, size=size)
    keras.utils.set_random_seed(0)
    (outcome,) = loop.fit(
        model, examples, None, [Stage("scratch", EPOCHS, BATCH, 0.01)], settings(**changes), keeper=keeper
    )
    return [np.array(weight) for weight in model.weights], outcome


def rows_of(outcome):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in outcome.history]


def stopped(changes, at, folder):
    with pytest.raises(Stopped):
        trained(changes, Stopping(folder / f"at-{at}", at))
    (kept,) = (folder / f"at-{at}" / ".unfinished").iterdir()
    checkpoint = newest(kept)[0]
    restored.check(checkpoint, str(kept))
    return checkpoint


def went_on(changes, at, folder):
    return trained(changes, Stopping(folder / f"on-{at}", -1, stopped(changes, at, folder)), seed=5)


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("plain", 2),
        pytest.param("plain", PER_EPOCH, marks=pytest.mark.slow),
        pytest.param("averaged", 3 * PER_EPOCH + 3, marks=pytest.mark.slow),
        pytest.param("averaged", PER_EPOCH, marks=pytest.mark.slow),
        pytest.param("phases", PER_EPOCH + 1, marks=pytest.mark.slow),
        pytest.param("phases", 5 * PER_EPOCH, marks=pytest.mark.slow),
        pytest.param("phases", 5 * PER_EPOCH + 2, marks=pytest.mark.slow),
        pytest.param("balanced", 2 * PER_EPOCH + 1, marks=pytest.mark.slow),
    ],
)
def test_it_ends_as_one_that_nobody_stopped(name, at, tmp_path):
    changes = CASES[name]
    weights, outcome = trained(changes)
    found, resumed = went_on(changes, at, tmp_path)
    assert rows_of(resumed) == rows_of(outcome)
    assert (resumed.kept_epoch, resumed.ended) == (outcome.kept_epoch, outcome.ended)
    for one, other in zip(weights, found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_what_was_done_is_passed_over(tmp_path):
    keeper = Stopping(tmp_path, PER_EPOCH * EPOCHS)  # the last question is asked behind the stage
    with pytest.raises(Stopped):
        trained(CASES["plain"], keeper)
    checkpoint = newest(keeper.unfinished.folder)[0]
    assert checkpoint.state["standing"] is None
    assert len(checkpoint.state["outcomes"][0]["history"]) == EPOCHS
    weights, outcome = trained(CASES["plain"], Stopping(tmp_path / "on", -1, checkpoint), seed=5)
    assert [asdict(outcome)] == checkpoint.state["outcomes"]
    for one, other in zip(trained(CASES["plain"])[0], weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["plain", "averaged"])
def test_one_that_is_ended_early_has_the_best_epoch_until_then_and_writes_nothing(name, tmp_path):
    changes = CASES[name]
    checkpoint = stopped(changes, 3 * PER_EPOCH + 2, tmp_path)
    keeper = Stopping(tmp_path / "ended", -1, checkpoint)
    weights, outcome = trained({**changes, "finish": True}, keeper, seed=5)
    _, whole = trained(changes)
    assert rows_of(outcome) == rows_of(whole)[:3]
    assert outcome.kept_epoch == 1 + np.argmin([row["val_loss"] for row in outcome.history])
    assert outcome.ended == f"--finish ended it after epoch 3 of {EPOCHS}"
    for one, other in zip(weights, checkpoint.arrays["best"], strict=True):
        np.testing.assert_array_equal(one, other)
    assert not (tmp_path / "ended").exists()


def test_one_in_phases_is_not_ended_before_an_epoch_at_the_full_size_was_judged(tmp_path):
    changes = CASES["phases"]
    checkpoint = stopped(changes, PER_EPOCH + 1, tmp_path)
    with pytest.raises(UserError, match="no epoch of the stage under way, at the full size of the images, was judged"):
        trained({**changes, "finish": True}, Stopping(tmp_path / "ended", -1, checkpoint))


@pytest.mark.slow
def test_one_that_was_stopped_between_two_stages_is_ended_there(tmp_path):
    checkpoint = stopped(CASES["plain"], PER_EPOCH * EPOCHS, tmp_path)
    model, examples = tiny(5, dropout=0.3), noisy_images(n=44)
    stages, keeper = [Stage("scratch", EPOCHS, BATCH, 0.01)] * 2, Stopping(tmp_path / "ended", -1, checkpoint)
    (outcome,) = loop.fit(model, examples, None, stages, settings(**CASES["plain"], finish=True), keeper=keeper)
    assert len(outcome.history) == EPOCHS
    for one, other in zip(trained(CASES["plain"])[0], model.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    keeper = Stopping(tmp_path, 2)
    with pytest.raises(Stopped):
        trained(CASES["plain"], keeper)
    checkpoint = newest(keeper.unfinished.folder)[0]
    with pytest.raises(UserError, match="of another network or optimiser"):
        trained({**CASES["plain"], "optimizer": "momentum"}, Stopping(tmp_path / "on", -1, checkpoint))
