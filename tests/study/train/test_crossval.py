"""`train --crossval`: the figure from all images, where it stands, and that whoever reads a run copes with it."""

import json
import shlex

import numpy as np
import pytest
from helpers import call, make_patches
from run_files import newest, run_info, table

pytestmark = pytest.mark.slow  # networks are trained

HEADS = ("-m", "efficientnet_lite", "--image-size", 32, "--learning", "transfer", "--precision", "float32")
QUICK = (*HEADS, "--epochs", 3)
SCRATCH = ("-m", "lenet", "--epochs", 1, "--augment", "none", "--batch-size", 16)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("crossval") / "images")


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    runs = tmp_path_factory.mktemp("trained") / "runs"
    ran = call("train", "--data", images, *QUICK, "--crossval", 4, "--runs", runs)
    assert (ran.code, ran.err) == (0, "")
    return newest(runs), ran


def figures(run):
    return json.loads((run / "metrics.json").read_text(encoding="utf-8"))


def test_the_figure_is_that_of_crossval_with_as_many_folds(trained, images, tmp_path):
    run, _ = trained
    ran = call("crossval", "--data", images, *QUICK, "--folds", 4, "--runs", tmp_path)
    assert ran.code == 0
    other = json.loads((newest(tmp_path) / "crossval.json").read_text(encoding="utf-8"))["results"]
    own = figures(run)["crossval"]
    assert {name: own[name] for name in other} == other
    assert (own["folds"], own["repeats"], own["epochs"]) == (4, 3, "3 epochs, as --epochs says")


def test_it_is_printed_kept_and_told_beside_the_test_figure(trained):
    run, ran = trained
    own, told = figures(run)["crossval"], run_info(run)["crossval"]
    assert told == {name: own[name] for name in told}
    assert {"accuracy", "accuracy_interval", "images", "units", "folds", "repeats"} <= told.keys()
    assert run_info(run)["settings"]["crossval"] == 4
    page = " ".join((run / "report.html").read_text(encoding="utf-8").split())
    low, high = (100 * bound for bound in own["accuracy_interval"])
    figure = (
        f"ut of fold: accuracy {100 * own['accuracy']:.1f} % from all 33 images, each predicted 3 times by networks "
        f"that did not learn from it (95 % interval {low:.1f} to {high:.1f} %, 30 units)"
    )
    meaning = "he test figure judges the network that was kept, on 3 images; the figure out of fold judges this way"
    for text in (ran.out, page):
        assert figure in text
        assert meaning in text
    assert "a head for each of 12 folds: 3 epochs, as --epochs says\n" in ran.out
    assert "Measure on all images" not in page
    assert "gives a figure from all" not in ran.out  # it was given


def test_whoever_reads_the_run_copes(trained, images, tmp_path):
    run, _ = trained
    ran = call("train", "--data", images, *QUICK, "--epochs", 2, "--runs", run.parent)
    assert ran.code == 0
    other = newest(run.parent)
    assert "crossval" not in figures(other)
    assert call("predict", "--run", run).code == 0
    assert call("predict", "--run", run, images / "circle" / "0.png").code == 0
    listed = call("runs", "--runs", run.parent)
    assert run.name in listed.out
    diff = call("runs", "diff", run, other, "--runs", run.parent)
    assert diff.code == 0
    assert "crossval" not in diff.out  # it changes no network


def test_views_are_learned_from_in_every_fold(images, tmp_path):
    words = ("--augment", "flip", "--epochs", 1, "--crossval", 2)
    ran = call("train", "--data", images, *HEADS, *words, "--runs", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    own = figures(newest(tmp_path))["crossval"]
    assert own["images"] == 33 == sum(entry["support"] for entry in own["per_class"].values())
    assert np.isfinite(own["loss"])


@pytest.mark.slow
def test_from_scratch_each_fold_is_a_training_that_crossval_finds_again(images, tmp_path):
    ran = call("train", "--data", images, *SCRATCH, "--crossval", 2, "--runs", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    announced = ran.out.index(
        "cross-validation: after this training one for each of 2 folds, in processes of their own"
    )
    assert announced < ran.out.index("scratch epoch")
    assert "2 trainings, 0 of them done before" in ran.out
    (run,) = tmp_path.glob("2*-lenet")
    own = figures(run)["crossval"]
    (folder,) = tmp_path.glob("lenet-*-crossval")
    right = []
    for part in folder.glob("repeat-1/fold-*/*-lenet"):
        right += [row["label"] == row["predicted"] for row in table(part / "predictions.csv")]
    assert len(right) == 33
    assert own["accuracy"] == pytest.approx(np.mean(right))
    assert "ut of fold: accuracy" in (run / "report.html").read_text(encoding="utf-8")
    again = call("crossval", "--data", images, *SCRATCH, "--folds", 2, "--runs", tmp_path)
    assert "2 trainings, 2 of them done before" in again.out


@pytest.mark.slow
def test_a_run_is_complete_where_its_folds_fail(images, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "study.experiments.crossval_runs.run_all",
        lambda jobs, at_once, finished: [finished(job, "too hot") for job in jobs],
    )
    ran = call("train", "--data", images, *SCRATCH, "--crossval", 2, "--runs", tmp_path)
    assert ran.code == 2
    assert ran.err.startswith("error: 2 of 2 trainings failed")
    assert "above. To train them again: python main.py crossval " in ran.err
    (run,) = tmp_path.glob("2*-lenet")
    assert "crossval" not in figures(run)
    assert call("predict", "--run", run).code == 0


@pytest.mark.slow
def test_ctrl_c_in_the_folds_of_a_complete_run_names_what_goes_on_with_them(images, tmp_path, monkeypatch):
    def interrupt(jobs, at_once, finished):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("study.experiments.crossval_runs.run_all", interrupt)
        ran = call("train", "--data", images, *SCRATCH, "--crossval", 2, "--runs", tmp_path)
        (folder,) = tmp_path.glob("lenet-*-crossval")
        told = "\nstopped; what was done is kept. To go on: python main.py "
        again = call(*shlex.split(ran.err.removeprefix(told)))
    assert (ran.code, again.code) == (130, 130)
    assert ran.err.startswith(told)
    assert again.err == ran.err
    assert "0 of 2 trainings of folds are done and kept." in ran.out
    assert len([*tmp_path.glob("2*-lenet")]) == 1
    assert [*tmp_path.glob("lenet-*-crossval")] == [folder]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ("--task", "multilabel"),
            "--crossval is for one class an image, --task classify. Received: --task multilabel",
        ),
        (("--augment-preview",), "--crossval goes with a training, and --augment-preview trains nothing. Leave one of"),
        (("--find-learning-rate",), "--crossval goes with a training, and --find-learning-rate trains nothing. Leave"),
        (("--schedule", "plateau"), "--crossval does not go with --schedule plateau under transfer: that follows a"),
        (
            ("--crossval", 12),
            "Class 'circle' has 11 image(s) in 10 unit(s), since near duplicates and the images of a ",
        ),
        (("--crossval", 1), "--crossval takes 2 to 1,000. Received: 1"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_before_anything_is_learned(words, error, images, tmp_path):
    ran = call("train", "--data", images, *HEADS, "--crossval", 4, *words, "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert ran.err.startswith(f"error: {error}")
    assert ran.err.count("\n") == 1
    assert "--crossval 12 needs at least 12. Give --crossval 10, or add images." in ran.err or words != (
        "--crossval",
        12,
    )
    assert "best epoch" not in ran.out
    assert not list((tmp_path / "runs").glob("*"))


def test_given_splits_are_kept_by_trainings_so_they_are_refused(images, tmp_path):
    for path in images.rglob("*.*"):
        part = ("train", "val", "test")[int(path.stem) % 3 if path.stem.isdecimal() else 0]
        target = tmp_path / "data" / part / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    ran = call("train", "--data", tmp_path / "data", *SCRATCH, "--crossval", 2, "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert "gives train, validation and test in names, to which every training keeps." in ran.err
