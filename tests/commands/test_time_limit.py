"""`train --time-limit`: a whole run that the clock ends, what tells of it, and what it is refused beside."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import csv
import re

import pytest
from helpers import QUICK, call, fails, make_masks, make_toy
from resuming import run_in, same_results
from run_files import run_info

from study.ensemble.same_images import OF_ONE_TRAINING
from study.pages.reasons import translated

LONG = (*QUICK, "--epochs", "40", "--precision", "float32")
ENDED = "the time limit of 1s ended it after epoch 1 of 40"
BESIDE = {
    "--find-learning-rate": "which trains nothing",
    "--augment-preview": "which trains nothing",
    "--resume auto --finish": "which trains nothing more",
    "--crossval 3": "which trains again for each fold, and the clock would end each of them elsewhere",
    "--deterministic": "under which nothing goes by the clock",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_toy(tmp_path_factory.mktemp("limited") / "data")


@pytest.fixture(scope="module")
def limited(data, tmp_path_factory):
    """A training of forty epochs with a limit of a second: its runs, and what it said."""
    runs = tmp_path_factory.mktemp("limited") / "runs"
    ran = call("train", "--data", data, *LONG, "--time-limit", "1s", "--runs", runs)
    assert ran.code == 0, ran.err
    return runs, ran


def epochs_of(run):
    return [row["epoch"] for row in csv.DictReader((run / "history.csv").open())]


def test_it_ends_after_one_epoch_with_a_whole_run_that_tells_of_it(limited):
    runs, ran = limited
    run = run_in(runs)
    (stage,) = run_info(run)["stages"]
    assert (epochs_of(run), stage["epochs_run"], stage["kept_epoch"], stage["ended"]) == (["1"], 1, 1, ENDED)
    assert run_info(run)["settings"]["time_limit"] == "1s"
    assert {"model.keras", "report.html", "metrics.json", "split.csv", "predictions.csv"} <= {
        p.name for p in run.iterdir()
    }
    assert re.search(
        rf"^{ENDED}; the command took ([\d.]+) s, [\d.]+ s more than its time limit of 1s$", ran.out, re.MULTILINE
    )
    page = (run / "report.html").read_text()
    assert ENDED in page
    assert "on a faster machine the same command trains further" in page
    assert re.search(r"python main\.py train [^<]*--time-limit 1s", page)  # the command that repeats it
    assert "40 エポックのうち 1 エポックで終了しました" in translated(ENDED).ja


@pytest.mark.slow
def test_it_says_how_it_can_go_on_and_then_ends_as_one_that_nothing_ended(limited, data, tmp_path):
    runs, ran = limited
    (following,) = re.findall(r"^it was ended early, and can still go on: python main\.py (.*)$", ran.out, re.MULTILINE)
    again = call(*following.split(), "--time-limit", "10h")
    assert again.code == 0, again.err
    assert "time limit" not in again.out
    assert not (runs / ".unfinished").exists()
    whole = [run for run in runs.glob("2*") if run_info(run)["settings"]["time_limit"] == "10h"]
    assert call("train", "--data", data, *LONG, "--runs", tmp_path).code == 0
    same_results(whole[0], run_in(tmp_path))


def test_what_runs_differ_in_names_it(limited, data, tmp_path):
    runs, _ = limited
    words = ("train", "--data", data, *QUICK, "--epochs", "1", "--runs", tmp_path / "runs")
    assert call(*words, "--time-limit", "1.5h").code == 0
    ran = call("runs", "diff", min(runs.glob("2*")), run_in(tmp_path / "runs"))
    assert re.search(r"^ *time_limit +1s +1\.5h *$", ran.out, re.MULTILINE), ran.out


@pytest.mark.slow
def test_without_checkpoints_it_says_that_it_cannot_go_on(data, tmp_path):
    words = ("train", "--data", data, *LONG, "--checkpoint-minutes", "0", "--time-limit", "1s", "--runs", tmp_path)
    ran = call(*words)
    assert (ran.code, "it was ended early, and cannot go on: there is no checkpoint\n" in ran.out) == (0, True)


@pytest.mark.slow
def test_it_ends_a_head_on_stored_features(data, tmp_path):
    model = ("-m", "efficientnet_lite", "--image-size", "64", "--learning", "transfer")
    ran = call("train", "--data", data, *model, "--time-limit", "1s", "--runs", tmp_path)
    assert ran.code == 0, ran.err
    assert run_info(run_in(tmp_path))["stages"][0]["ended"] == "the time limit of 1s ended it after epoch 1 of 100"
    assert "it was ended early, and cannot go on: there is no checkpoint\n" in ran.out


@pytest.mark.slow
def test_it_ends_other_tasks(data, tmp_path):
    masks = make_masks(data, tmp_path / "masks")
    table = tmp_path / "labels.csv"
    rows = [
        f"{path},{int(path.parent.name == 'circle')},{number % 2}" for number, path in enumerate(data.rglob("*.png"))
    ]
    table.write_text("\n".join(["path,round,other", *rows]))
    small = ("--epochs", "40", "--time-limit", "1s")
    of_task = {
        "segment": ("--data", data, "--masks", masks, "--image-size", "32", "--task", "segment"),
        "multilabel": ("--data", table, "--task", "multilabel", "-m", "lenet"),
    }
    for task, words in of_task.items():
        ran = call("train", *words, *small, "--runs", tmp_path / task)
        assert ran.code == 0, ran.err
        assert run_info(run_in(tmp_path / task))["stages"][-1]["ended"] == ENDED


@pytest.mark.parametrize("beside", BESIDE)
def test_what_it_does_not_go_with_is_said_with_the_reason(beside, data, tmp_path):
    ran = call(
        "train", "--data", data, "-m", "lenet", "--time-limit", "20m", *beside.split(), "--runs", tmp_path / "runs"
    )
    told = f"--time-limit does not go with {beside.split(' ')[-1 if 'finish' in beside else 0]}, {BESIDE[beside]}. "
    fails(ran, told, tmp_path / "runs")


@pytest.mark.parametrize("text", ["20", "0s", "1d", "-5m", "1e3s", "20 m", "1h30m", "nan", "s", "9999h", "２０m1"])
def test_what_is_no_time_is_refused(text, tmp_path):
    ran = call("train", f"--time-limit={text}", "--runs", tmp_path / "runs")
    fails(
        ran,
        "--time-limit takes a number and its unit, s, m or h for seconds, minutes or hours, such as",
        tmp_path / "runs",
    )
    assert ran.err.endswith(f"at most 8,760h. Received: {text}\n")


@pytest.mark.parametrize("command", ["compare", "crossval", "tune", "ensemble"])
def test_commands_of_many_trainings_do_not_take_it(command, data):
    ran = call(command, "--data", data, "--time-limit", "20m")
    assert (ran.code, ran.err.startswith("error: Unrecognized arguments: --time-limit")) == (2, True)
    assert "time_limit" in OF_ONE_TRAINING
