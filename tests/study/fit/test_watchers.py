"""Event files and a callback of the user's own: one training, each epoch once, whatever its stages and stops."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import importlib.util
import sys

import keras
import pytest
from helpers import message
from small import features, noisy_images, settings, tiny

from errors import UserError
from study.checkpoint.files import newest
from study.checkpoint.keeper import Keeper
from study.checkpoint.unfinished import Unfinished
from study.fit import event_files, loop
from study.fit.watchers import own_callback, watching
from study.runtime.signals import Stopped
from study.settings.stages import Stage

with_tensorboard = pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="needs TensorBoard")
ASKED = {"model": "tiny", "flags": {}, "settings": {}, "data": "", "program": "", "versions": {}}
PER_EPOCH, EPOCHS = 4, 4
SEEN = """
import keras
TOLD = []

class Seen(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        TOLD.append("begin")
    def on_epoch_end(self, epoch, logs=None):
        TOLD.append((epoch, logs["stage"], sorted(name for name in logs if "loss" in name), self.model is not None))
    def on_train_end(self, logs=None):
        TOLD.append("end")

class Stops(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch == 1

class StopsWithin(keras.callbacks.Callback):
    epoch = -1
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == 1:
            self.model.stop_training = True

class Broken(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyError("f1")

def told():
    return TOLD

def make():
    return Seen()

def cannot():
    return 1 / 0
"""


class Stopping(Keeper):
    """Writes a checkpoint behind the first epoch, and stops within the third."""

    def due(self, nbytes, within_epoch):
        self.asked = getattr(self, "asked", 0) + 1
        if self.asked == 2 * PER_EPOCH + 2:
            raise Stopped(2, "")
        return self.asked == PER_EPOCH


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "seen.py"
    path.write_text(SEEN)
    return path


def train(changes, keeper=None, stages=("scratch",)):
    asked = settings(**changes)
    keras.utils.set_random_seed(0)
    stages = [Stage(name, EPOCHS, 8, 0.01) for name in stages]
    with watching(asked.run) as watchers:
        return loop.fit(tiny(), noisy_images(), features(44), stages, asked, keeper=keeper, watchers=watchers)


def figures(folder):
    """Tag -> (step, value) of each of its events."""
    from tensorboard.backend.event_processing.event_accumulator import TENSORS, EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(folder), size_guidance={TENSORS: 0}).Reload()
    return {
        tag: [(event.step, float(make_ndarray(event.tensor_proto))) for event in events.Tensors(tag)]
        for tag in events.Tags()[TENSORS]
    }


@pytest.mark.slow
@with_tensorboard
def test_event_files_have_the_rows_of_all_stages(tmp_path):
    outcomes = train({"tensorboard": str(tmp_path)}, stages=("head", "finetune"))
    rows = [row for outcome in outcomes for row in outcome.history]
    assert [row["epoch"] for row in rows] == list(range(1, 2 * EPOCHS + 1))
    train_figures, validation = (figures(tmp_path / name) for name in ("train", "validation"))
    for found, tag, name in (
        (train_figures, "epoch_loss", "loss"),
        (train_figures, "epoch_accuracy", "accuracy"),
        (train_figures, "epoch_learning_rate", "learning_rate"),
        (validation, "epoch_loss", "val_loss"),
        (validation, "epoch_accuracy", "val_accuracy"),
    ):
        assert found[tag] == [(row["epoch"], pytest.approx(row[name])) for row in rows]
    assert set(validation) == {"epoch_loss", "epoch_accuracy"}


@pytest.mark.slow
@with_tensorboard
def test_a_training_that_goes_on_writes_no_step_twice(tmp_path):
    runs, logs = tmp_path / "runs", tmp_path / "logs"
    with pytest.raises(Stopped):
        train({"tensorboard": str(logs)}, Stopping(Unfinished(runs, ASKED, None, str), 10.0))
    assert [step for step, _ in figures(logs / "train")["epoch_loss"]] == [1, 2]
    (kept,) = (runs / ".unfinished").iterdir()
    checkpoint = newest(kept)[0]
    assert checkpoint.state["standing"]["epoch"] == 1  # the second epoch is trained again
    assert "holds the events of another training" in message(event_files.check, str(logs), False)
    event_files.check(str(logs), True)
    keeper = Keeper(Unfinished(tmp_path / "on", ASKED, None, str), 10.0, checkpoint)
    (outcome,) = train({"tensorboard": str(logs)}, keeper)
    expected = [(row["epoch"], pytest.approx(row["loss"])) for row in outcome.history]
    assert len(expected) == EPOCHS
    assert figures(logs / "train")["epoch_loss"] == expected
    keeper = Keeper(Unfinished(tmp_path / "again", ASKED, None, str), 10.0, checkpoint)
    train({"tensorboard": str(tmp_path / "new")}, keeper)
    assert figures(tmp_path / "new" / "train")["epoch_loss"] == expected  # those before the stop too


def test_a_callback_of_ones_own_sees_one_training(own):
    train({"callback": f"{own}:make"}, stages=("head", "finetune"))
    begin, *epochs, end = sys.modules["_own_seen"].TOLD
    assert (begin, end) == ("begin", "end")
    stages = ["head"] * EPOCHS + ["finetune"] * EPOCHS
    assert epochs == [(epoch, stage, ["loss", "val_loss"], True) for epoch, stage in enumerate(stages)]


@pytest.mark.parametrize("stage", ["scratch", "head"])
@pytest.mark.parametrize("name", ["Stops", "StopsWithin"])
def test_a_callback_that_ends_the_training_is_the_reason_given(own, name, stage):
    (outcome,) = train({"callback": f"{own}:{name}"}, stages=(stage,))
    assert len(outcome.history) == 2
    assert outcome.ended == f"a callback ended it after epoch 2 of {EPOCHS}"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cannot", "cannot be made: ZeroDivisionError: division by zero."),
        ("told", "must be a class of keras.callbacks.Callback, or a function that returns one. Received: list"),
    ],
)
def test_what_is_no_callback_is_told(own, name, told):
    assert message(own_callback, f"{own}:{name}") == f"`callback` {own}:{name} {told}"


def test_an_error_in_a_callback_ends_the_training_in_one_line(own):
    with pytest.raises(UserError) as caught:
        train({"callback": f"{own}:Broken"})
    assert str(caught.value) == f"`callback` {own}:Broken failed in on_epoch_end: KeyError: 'f1'."


@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is not None, reason="TensorBoard is there")
def test_without_tensorboard_the_command_is_told(tmp_path):
    assert message(event_files.check, str(tmp_path), False) == (
        "--tensorboard needs TensorBoard: python -m pip install -r requirements-tensorboard.txt, or leave it out."
    )


@with_tensorboard
def test_a_folder_that_cannot_be_written_to_is_told_before_images_are_read(tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    place = tmp_path / "file" / "events"
    told = message(event_files.check, str(place), False)
    assert told.startswith(f"Cannot write to --tensorboard {place}: ")
    assert told.endswith("Give a folder that can be written.")
