"""A training that was stopped and is ended there: the best epoch so far becomes the run."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import csv
import json

import keras
import numpy as np
import pytest
from helpers import QUICK, call, make_toy, process
from resuming import STOP, name_in, run_in

from study.checkpoint.files import files_of, read

pytestmark = pytest.mark.slow
ONLY = "error: --finish ends a training that was stopped: it goes with --resume, and without --fresh, --crossval, "


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A function that begins a training and lets it be stopped in its seventh batch; returns its runs and its code."""

    def begin(*flags):
        folder = tmp_path_factory.mktemp("finish")
        (folder / "turned.py").write_text(STOP.format(stop=str(folder / "stop")))
        (folder / "stop").touch()
        code = ("--augment-with", f"{folder / 'turned.py'}:change")
        words = ("train", "--data", make_toy(folder / "data"), *QUICK, *code, *flags, "--runs", folder / "runs")
        assert process(*words).returncode == 143
        return folder / "runs", code

    return begin


@pytest.mark.parametrize("flags", [(), ("--ema", "0.9")])
def test_the_best_epoch_so_far_becomes_the_run_and_it_can_still_go_on(stopped, flags):
    runs, code = stopped(*flags, "--batch-size", 40, "--epochs", 6)
    name = name_in(runs)
    kept = read(files_of(runs / ".unfinished" / name)[-1])
    memory = kept.state["callbacks"]
    ran = call("train", "--resume", name, "--finish", "--runs", runs, *code)
    assert ran.code == 0, ran.err
    run = run_in(runs)
    rows = list(csv.DictReader((run / "history.csv").open()))
    losses = [float(row["val_loss"]) for row in rows]
    assert losses == [row["val_loss"] for row in memory["EpochLines"]["rows"]]
    assert 0 < len(losses) < 6
    (stage,) = json.loads((run / "run.json").read_text())["stages"]
    assert (stage["epochs_run"], stage["kept_epoch"]) == (len(losses), 1 + int(np.argmin(losses)))
    assert stage["ended"] == f"--finish ended it after epoch {len(losses)} of 6"
    saved = keras.saving.load_model(run / "model.keras", compile=False).get_weights()
    best = {weights.tobytes() for weights in kept.arrays["best"]}
    assert sum(weights.tobytes() in best for weights in saved) >= len(saved) - 2  # calibration divides the last layer
    assert "It was ended early, as --finish asks" in (run / "report.html").read_text()
    following = f"python main.py train --resume {name} {code[0]} {code[1]} --runs {runs}"
    assert f"it was ended early, and can still go on: {following}\n" in ran.out
    assert call("train", "--resume", name, "--runs", runs, *code).code == 0
    whole = [run for run in runs.glob("2*") if not json.loads((run / "run.json").read_text())["settings"]["finish"]]
    assert len(list(csv.DictReader((whole[0] / "history.csv").open()))) == 6


def test_the_name_stays_with_the_run_that_was_ended_early(stopped):
    runs, code = stopped("--batch-size", 40, "--epochs", 6, "--name", "mine")
    name = name_in(runs)
    assert call("train", "--resume", name, "--finish", "--runs", runs, *code).code == 0
    early = run_in(runs)
    ran = call("train", "--resume", name, "--runs", runs, *code)
    assert (ran.code, ran.err) == (0, "")
    assert f"its run goes without the name mine, which {early} has; --name gives another\n" in ran.out


def test_without_a_judged_epoch_there_is_nothing_to_end_with(stopped):
    runs, code = stopped("--batch-size", 4)
    name = name_in(runs)
    ran = call("train", "--resume", name, "--finish", "--runs", runs, *code)
    assert (ran.code, run_in(runs) if list(runs.glob("2*")) else None) == (2, None)
    assert "no epoch of the stage under way, at the full size of the images, was judged" in ran.err
    assert f"What was learned is kept: python main.py train --resume {name}" in ran.err
    assert files_of(runs / ".unfinished" / name)


def test_it_needs_a_training_that_was_stopped(tmp_path):
    words = ("train", "--data", make_toy(tmp_path / "data"), *QUICK, "--finish", "--runs", tmp_path / "runs")
    for more in ((), ("--resume", "auto", "--fresh"), ("--resume", "auto", "--crossval", 3)):
        assert call(*words, *more).err == f"{ONLY}--find-learning-rate and --augment-preview.\n"
    for more in (("--finish",), ("--progressive", "32,128")):  # told before the images, which are not there
        ran = call("train", "--data", tmp_path / "none", "-m", "alexnet", *more, "--runs", tmp_path / "runs")
        assert ran.err.startswith("error: " + more[0]), ran.err
    ran = call(*words, "--resume", "auto")
    told = f"{tmp_path / 'runs'} has no unfinished training of these settings, or one that is still at work. See them: "
    assert (ran.code, ran.err) == (2, f"error: --finish: {told}python main.py runs --runs {tmp_path / 'runs'}\n")


def test_the_command_that_lists_the_unfinished_ones_names_no_default_folder(tmp_path, monkeypatch):
    data = make_toy(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    ran = call("train", "--data", data, *QUICK, "--finish", "--resume", "auto")
    assert (ran.code, ran.err.endswith("See them: python main.py runs\n")) == (2, True), ran.err
