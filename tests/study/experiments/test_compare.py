"""`compare` as a whole: what it trains, that nothing is done twice, and how it fails."""

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from helpers import QUICK, ROOT, call, message

from study.experiments.compare import compare
from study.settings.commands import CompareSettings
from study.settings.optimization import OPTIMIZERS

TINY = (*QUICK[:4], "--epochs", "1", "--batch-size", "16", "--width", "0", "--augment", "none")


@pytest.mark.parametrize(
    ("items", "error"),
    [
        ([], "--vary is missing: name a flag of train and the values to try, such as optimizer=sgd,adam."),
        (["optimiser=sgd"], "--vary takes FLAG=A,B with a flag of train: model, "),
        (["optimizer"], "Received: optimizer"),
        (["runs=a,b"], "Received: runs=a,b"),
        (["optimizer=sgd,lion"], f"--optimizer takes {', '.join(OPTIMIZERS)}. Received: lion"),
        (["dropout=0,2"], "--dropout takes 0 to 0.95. Received: 2.0"),
        (["epochs=many"], "--epochs takes a whole number. Received: many"),
        (["augment=turn"], "--augment takes none or some of "),
        (["l2="], "--vary l2 has an empty value: give a value or leave it out."),
        (["l2=1e-3,0.001"], "--vary l2=1e-3,0.001: 0.001 is named twice. Name each value once."),
        (["seed=1,2"], "--vary cannot take seed: --seeds says how many there are. Give --seed once for all."),
        (["split=8:1:1"], "--vary cannot take split: every run is evaluated on the same images. Give --split once"),
        (["learning=transfer"], "--learning transfer needs pretrained weights and original starts from random ones"),
        (["model=lenet9"], "lenet9"),
        (
            ["optimizer=sgd", "l2=0"],
            "error: compare sets trainings with different settings against each other. Received: --vary optimizer=sgd "
            "--vary l2=0, which is one setting. Name two values or more, such as optimizer=sgd,adam; a single one is "
            "for train.",
        ),
    ],
)
def test_what_cannot_be_varied_is_told_before_anything_runs(items, error, tmp_path):
    ran = call("compare", *(word for item in items for word in ("--vary", item)), "--out", tmp_path / "out")
    assert ran.code == 2
    assert error in ran.err
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def compared(toy, tmp_path_factory):
    """Two good combinations with two seeds, and one that fails by naming a class that there is not."""
    out = tmp_path_factory.mktemp("compared") / "out"
    vary = ("--vary", "class-weight=none;balanced;dragon=2", "--seeds", 2)
    words = ("compare", "--data", toy, *TINY, *vary, "--jobs", 2, "--out", out)
    return out, words, call(*words)


def runs_of(out):
    return sorted(path.parent for path in out.rglob("run.json"))


@pytest.mark.slow
def test_all_that_can_be_trained_is_and_one_that_fails_is_told(compared):
    out, _, ran = compared
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(
        f"3 combination(s) × 2 seed(s) = 6 trainings, 0 of them done before; 2 at once, in {out}\n"
    )
    folders = [path.parent.relative_to(out).as_posix() for path in runs_of(out)]
    assert folders == [f"class-weight={rule}/seed-{seed}" for rule in ("balanced", "none") for seed in (0, 1)]
    why = "failed: --class-weight: no class dragon. There are: circle, square, stripes. (all it printed: "
    assert sum(f"class-weight=dragon=2, seed {seed}: {why}" in ran.out for seed in (0, 1)) == 2
    assert len(list(out.rglob("train.log"))) == 6


@pytest.mark.slow
def test_all_runs_have_one_split_though_the_seeds_differ(compared):
    out, _, _ = compared
    assert len({(run / "split.csv").read_bytes() for run in runs_of(out)}) == 1
    settings = [json.loads((run / "run.json").read_text())["settings"] for run in runs_of(out)]
    assert [entry["seed"] for entry in settings] == [0, 1, 0, 1]
    assert {entry["split_seed"] for entry in settings} == {0}


@pytest.mark.slow
def test_the_page_tells_everything_and_needs_no_network(compared):
    out, _, ran = compared
    page = (out / "compare.html").read_text(encoding="utf-8")
    assert "\nAlways answering circle: 33.3 %." in ran.out
    assert "Always answering circle: 33.3 %." in page
    assert "class-weight=balanced" in page
    assert "no class dragon" in page
    assert "data:image/png;base64," in page
    assert "The test split was not looked at here" in page
    assert "Careful" not in page
    assert "http" not in page
    for run in runs_of(out):
        assert run.relative_to(out).as_posix().replace("=", "%3D") + "/report.html" in page
    with (out / "compare.csv").open(newline="") as file:
        assert [row["n"] for row in csv.DictReader(file)] == ["2", "2", "0"]


@pytest.mark.slow
def test_again_skips_what_is_done(compared, monkeypatch):
    out, words, _ = compared
    before = {path: path.stat().st_mtime_ns for run in runs_of(out) for path in (run, *run.iterdir())}
    asked = []
    monkeypatch.setattr("study.experiments.compare.run_all", lambda jobs, at_once, finished: asked.extend(jobs))
    ran = call(*words)
    assert ran.code == 0
    assert "6 trainings, 4 of them done before" in ran.out
    assert [job.label for job in asked] == ["class-weight=dragon=2, seed 0", "class-weight=dragon=2, seed 1"]
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.slow
def test_a_run_folder_that_is_not_complete_is_done_again(compared, monkeypatch, tmp_path):
    out, words, _ = compared
    copy = shutil.copytree(out, tmp_path / "copy")
    (runs_of(copy)[0] / "model.keras").unlink()
    asked = []
    monkeypatch.setattr("study.experiments.compare.run_all", lambda jobs, at_once, finished: asked.extend(jobs))
    call(*words[:-1], copy)
    assert "class-weight=balanced, seed 0" in [job.label for job in asked]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("metrics.json", "[" * 100_000, "maximum recursion depth exceeded"),
        ("metrics.json", '{"test": {}}', "it has no val"),
        ("history.csv", "epoch,val_loss,val_accuracy\n1,0.5\n", "float() argument must be "),
    ],
)
def test_a_run_whose_figures_are_damaged_is_told_and_done_again(compared, monkeypatch, tmp_path, name, content, why):
    out, words, _ = compared
    copy = shutil.copytree(out, tmp_path / "copy")
    damaged = runs_of(copy)[0] / name
    damaged.write_text(content)
    asked = []
    monkeypatch.setattr("study.experiments.compare.run_all", lambda jobs, at_once, finished: asked.extend(jobs))
    ran = call(*words[:-1], copy)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count(f"{damaged} cannot be read: {why}") == 1
    assert "6 trainings, 3 of them done before" in ran.out
    assert "class-weight=balanced, seed 0" in [job.label for job in asked]


def test_all_failed_is_an_error(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "study.experiments.compare.run_all", lambda jobs, at_once, finished: [finished(job, "too hot") for job in jobs]
    )
    ran = call("compare", "--data", toy, *TINY, "--vary", "l2=0,1", "--seeds", 1, "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.out.count("failed: too hot") == 2
    assert ran.err == f"error: None of 2 trainings ended well: see the reasons above, and {tmp_path / 'out'}.\n"


def test_no_folder_of_pictures_is_told_once(tmp_path):
    ran = call("compare", "--data", tmp_path / "none", "--vary", "l2=0,1", "--out", tmp_path / "out")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_among_the_pictures(toy):
    settings = CompareSettings(vary=("l2=0,1",), out=str(toy / "out"))
    assert "lies within the images" in message(compare, settings, {"data": str(toy)})
    assert not (toy / "out").exists()


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(compared, toy, tmp_path):
    source, out = compared[0], tmp_path / "out"
    shutil.copytree(source / "class-weight=none" / "seed-0", out / "class-weight=none" / "seed-0")
    words = [*compared[1][1:-1], str(out), "--jobs", "1"]
    arguments = [sys.executable, "main.py", "compare", *map(str, words)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    log = out / "class-weight=balanced" / "seed-0" / "train.log"
    with subprocess.Popen(arguments, cwd=ROOT, **streams) as comparing:
        until = time.monotonic() + 90
        while not log.exists() and comparing.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        comparing.send_signal(signal.SIGINT)
        text, error = comparing.communicate(timeout=60)
    assert comparing.returncode == 130
    assert text.endswith("1 of 6 trainings are done and kept.\n")
    assert f"To go on: python main.py compare {' '.join(map(str, words))[:20]}" in error
    assert len(runs_of(out)) == 1
    assert not list(out.rglob(".unfinished-*"))


@pytest.mark.slow
def test_killed_by_force_it_leaves_no_training_and_the_same_command_does_each_once(toy, tmp_path):
    out = tmp_path / "out"
    words = ("compare", "--data", toy, *TINY, "--vary", "l2=0,1e-3", "--seeds", 1, "--jobs", 2, "--out", out)
    arguments = [sys.executable, "main.py", *map(str, words)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL) as comparing:
        end = time.monotonic() + 90
        while len(list(out.rglob("train.lock"))) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        comparing.kill()
    ran = call(*words)  # at once: the killed one's trainings may still be ending
    assert (ran.code, ran.err) == (0, "")
    assert "2 trainings, 0 of them done before; 2 at once" in ran.out
    assert len(runs_of(out)) == 2
    assert len(list(out.rglob("seed-0/[0-9]*"))) == 2
    assert not list(out.rglob(".unfinished-*"))


def test_help_is_light_and_has_named_groups():
    arguments = [sys.executable, "-X", "importtime", "main.py", "compare", "--help", "all"]
    ended = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in ended.stderr.splitlines()}
    assert not imported & {"keras", "tensorflow", "matplotlib", "sklearn", "scipy", "rich"}
    groups = [line for line in ended.stdout.splitlines() if re.fullmatch(r"[a-z][\w :]+:", line)]
    assert groups[:3] == ["options:", "comparison:", "the same for all: model:"]
