"""A training that makes its loss larger is no result, unless it is asked for."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import json
import re
import shlex

import keras
import numpy as np
import pytest
from helpers import QUICK, call
from resuming import run_in
from small import assert_same, features, noisy_images, settings, tiny

from errors import UserError
from models.parts.head import head
from study.fit import loop
from study.settings.stages import Stage
from study.tasks import crossentropy

TOO_LARGE = Stage("head", 3, 16, 1000.0)
CONSTANT = {"optimizer": "sgd", "schedule": "constant", "patience": 0}
OBJECTIVE = r"the training objective \(loss with all weights and penalties\) of stage"
HARD = {"noise": 2.5, "wrong": 20}


def test_a_head_whose_loss_ends_above_its_start_is_refused():
    keras.utils.set_random_seed(0)
    with pytest.raises(UserError) as caught:
        loop.run_stage(head(8, 2, 0.0), TOO_LARGE, features(**HARD), settings(**CONSTANT))
    assert re.match(
        rf"^Training diverged: {OBJECTIVE} head began at [\d.]+ and ended at [\d.e+]+\. Give a smaller "
        r"--learning-rate than 1000, or --keep-diverged to keep the run as it is\.$",
        str(caught.value),
    )


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        (
            {"a": 2.0, "b": 1e6},
            "smaller weights than --class-weight b=1000000, which act as a larger learning rate, or a smaller ",
        ),
        ({"a": 2.0, "b": 1.0}, "a smaller "),
        ("balanced", "a smaller "),
    ],
)
def test_large_weights_of_classes_are_named_before_the_learning_rate(weights, told):
    chosen = settings(**CONSTANT, class_weight=weights)
    by_index = None if weights == "balanced" else {0: weights["a"], 1: weights["b"]}
    with pytest.raises(UserError, match=rf"\. Give {told}--learning-rate than 1000, or --keep-diverged"):
        loop.run_stage(head(8, 2, 0.0), TOO_LARGE, features(**HARD), chosen, by_index)


def test_a_network_whose_loss_ends_above_its_start_is_refused():
    with pytest.raises(UserError, match=rf"^Training diverged: {OBJECTIVE} scratch began at "):
        loop.run_stage(tiny(), Stage("scratch", 2, 8, 1000.0), noisy_images(), settings(**CONSTANT))


def test_what_is_told_is_what_was_made_small_and_not_the_figure_of_an_epoch():
    """With a penalty the objective is far above any cross-entropy that an epoch's line can show."""
    keras.utils.set_random_seed(0)
    chosen = settings(**CONSTANT, l2=0.1, keep_diverged=True)
    outcome = loop.run_stage(head(8, 2, 0.0), Stage("head", 3, 16, 12.0), features(**HARD), chosen)
    told = re.search(rf"{OBJECTIVE} head began at (\S+) and ended at (\S+)$", outcome.ended)
    assert told, outcome.ended
    assert float(told[2]) > crossentropy.MOST >= outcome.history[-1]["loss"]


def test_it_is_kept_where_that_is_asked_for_and_says_so():
    keras.utils.set_random_seed(0)
    outcome = loop.run_stage(head(8, 2, 0.0), TOO_LARGE, features(**HARD), settings(**CONSTANT, keep_diverged=True))
    assert re.match(
        rf"the last of 3 epochs was reached; it diverged: {OBJECTIVE} head began at \S+ and ended at \S+$",
        outcome.ended,
    )
    assert len(outcome.history) == 3


def test_of_a_loss_that_was_never_a_number_the_weights_of_the_start_are_kept():
    keras.utils.set_random_seed(0)
    model = head(8, 2, 0.0)
    before = model.get_weights()
    stage, chosen = Stage("head", 5, 16, 1e38), settings(optimizer="sgd", l2=1e-4, keep_diverged=True)
    outcome = loop.run_stage(model, stage, features(), chosen)
    assert_same(model.get_weights(), before)
    assert re.match(
        r"the training objective is (nan|inf) in epoch 1 of stage head; it diverged; "
        r"the weights of its start were kept$",
        outcome.ended,
    )
    assert outcome.kept_epoch == 0


def test_what_cannot_be_learned_has_not_diverged():
    examples = features()
    examples.labels[:] = np.random.default_rng(0).integers(0, 2, len(examples.labels))
    keras.utils.set_random_seed(0)
    for stage, model in ((Stage("head", 4, 16, 1e-4), head(8, 2, 0.0)), (Stage("scratch", 2, 8, 1e-5), tiny())):
        outcome = loop.run_stage(
            model, stage, examples if stage.name == "head" else noisy_images(), settings(patience=0)
        )
        assert "diverged" not in outcome.ended


def test_looking_at_the_start_of_a_head_changes_nothing():
    """Two heads of one seed come to the same weights, whatever was evaluated before."""
    results = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        model = head(8, 2, 0.3)
        loop.run_stage(model, Stage("head", 3, 16, 0.01), features(), settings())
        results.append(model.get_weights())
    assert_same(*results)


@pytest.mark.slow
def test_the_command_ends_with_code_2_and_leaves_nothing_or_tells_it_in_the_report(toy, tmp_path):
    quick = [word for word in QUICK if word not in ("--learning-rate", "0.002")]
    flags = ["--data", toy, *quick, "--runs", tmp_path, "--learning-rate", "100", "--optimizer", "sgd"]
    flags += ["--schedule", "constant", "--epochs", "2", "--checkpoint-minutes", "0"]
    refused = call("train", *flags)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert re.match(r"error: Training diverged: the (training objective|objective on validation)", refused.err)
    assert list(tmp_path.iterdir()) == []
    kept = call("train", *flags, "--keep-diverged")
    assert (kept.code, kept.err) == (0, "")
    (run,) = tmp_path.iterdir()
    info = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert "it diverged" in info["stages"][-1]["ended"]
    assert "it diverged" in (run / "report.html").read_text(encoding="utf-8")
    assert "this training diverged: the " in kept.out


LATE = """
import time
import keras

class Late(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(1)  # so that a checkpoint is worth its time

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            self.model.optimizer.learning_rate.assign(1e6)
"""


@pytest.mark.slow
def test_a_checkpoint_of_a_training_that_diverged_becomes_a_run_where_that_is_asked_for(toy, tmp_path):
    code = tmp_path / "late.py"
    code.write_text(LATE)
    words = ("--callback", f"{code}:Late", "--runs", tmp_path / "runs")
    flags = ("-m", "lenet", "--image-size", "32", "--batch-size", "16", "--epochs", "3", "--schedule", "constant")
    refused = call("train", "--data", toy, *flags, *words)
    assert refused.code == 2
    assert re.match(r"error: Training diverged: the (training objective|objective on validation)", refused.err)
    (command,) = re.findall(r"What was learned is kept: python main\.py (train --resume .+)", refused.err)
    listed = call("runs", "--runs", tmp_path / "runs")
    assert ", diverged " in listed.out
    proposed = listed.next.strip().removeprefix(
        "next: make a run of the training that diverged, as it is: python main.py "
    )
    assert {*shlex.split(command)} - {*shlex.split(proposed)} == {"--callback", f"{code}:Late"}
    kept = call(*shlex.split(command))
    assert (kept.code, kept.err) == (0, "")
    assert "it diverged" in (run_in(tmp_path / "runs") / "report.html").read_text(encoding="utf-8")
