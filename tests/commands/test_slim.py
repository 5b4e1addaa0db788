"""The small install of requirements-predict.txt: `predict` and `check` work, and what needs TensorFlow says so.

Here the commands run in processes that find none of the packages beside that list; `make slim` runs them in a real one.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions

import numpy as np
import pytest
from helpers import ROOT, TOY_CLASSES, Ran, call, command, fails, make_patches, make_toy, without_next
from hiding import hiding
from run_files import shares, table

from models.parts.lite_weights import LITE0

pytestmark = pytest.mark.slow
SLIM_PYTHON = os.environ.get("STUDY_SLIM_PYTHON")  # of a real small install
NEAR = "near duplicate"
WEIGHTS = LITE0.replace("-", "_")


def beside_the_list():
    """Top-level names of all that is installed and neither listed nor needed by what is listed."""
    spec = importlib.util.spec_from_file_location("install_size", ROOT / "benchmarks" / "install_size.py")
    install_size = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(install_size)
    kept = install_size.installed(install_size.listed(ROOT / "requirements-predict.txt"))
    normal = {
        name: {re.sub(r"[-_.]+", "-", one).lower() for one in of} for name, of in packages_distributions().items()
    }
    return sorted(name for name, of in normal.items() if not of & kept.keys())


@pytest.fixture(scope="module")
def slim(tmp_path_factory):
    """A function that runs a command as in the small install; `without`: packages that it has not either."""

    def run(*arguments, without=()):
        hidden = [*without, *([] if SLIM_PYTHON else beside_the_list())]
        asked = command(*arguments, PYTHONPATH=hiding(tmp_path_factory.mktemp("hiding"), hidden))
        asked["args"][0] = SLIM_PYTHON or sys.executable
        ended = subprocess.run(**asked, timeout=100, check=False)
        err, following = without_next(ended.stderr.decode())
        return Ran(ended.returncode, ended.stdout.decode(), err, following)

    return run


def test_what_is_beside_the_list_is_hidden():
    assert {"tensorflow", "keras", "sklearn", "scipy", "optuna"} <= set(beside_the_list())


def test_predict_gives_the_answers_of_the_whole_install(slim, run, toy, tmp_path):
    saved = {row["path"]: shares(row) for row in table(run / "predictions.csv")}
    ran = slim(
        *("predict", "--run", run, *(toy / name for name in saved), "--csv", tmp_path / "all.csv", "--json"),
        *("--page", tmp_path / "page.html", "--sort", tmp_path / "sorted"),
    )
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["csv"] == str(tmp_path / "all.csv")
    assert (tmp_path / "page.html").is_file()
    assert (tmp_path / "sorted" / "sort.csv").is_file()
    for row, expected in zip(table(tmp_path / "all.csv"), saved.values(), strict=True):
        np.testing.assert_allclose(shares(row), expected, atol=2e-6)


def test_figures_of_labelled_images_are_those_of_the_whole_install(slim, run, toy):
    told = slim("predict", "--run", run, "--labelled", toy)
    assert told.code == 0, told.err
    assert told.out == call("predict", "--run", run, "--labelled", toy).out


def test_check_finds_what_the_whole_install_finds(slim, tmp_path):
    data = make_patches(tmp_path / "data")  # no pair at the limit: each takes the faster precision of the moment
    ran = slim("check", "--data", data, "--out", tmp_path / "slim")
    assert (ran.code, ran.err) == (0, "")
    assert "ImageNet features of efficientnet_lite" in (tmp_path / "slim" / "check.html").read_text(encoding="utf-8")
    assert call("check", "--data", data, "--out", tmp_path / "whole").code == 0
    found, expected = (
        {(row["\ufeffpath"], row["kind"], row["related_path"]) for row in table(tmp_path / name / "check.csv")}
        for name in ("slim", "whole")
    )
    assert found == expected
    assert {row for row in found if row[1] == NEAR} == {
        (f"{label}/copy.jpg", NEAR, f"{label}/9.png") for label in TOY_CLASSES
    }


def test_check_without_the_weights_places_images_by_colours(slim, tmp_path):
    data = make_toy(tmp_path / "toy", 4)
    ran = slim("check", "--data", data, "--out", tmp_path / "check", without=[WEIGHTS])
    assert ran.code == 0, ran.err
    assert "colours of the images" in (tmp_path / "check" / "check.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["summary"], ["store"], ["lessons"]])
def test_what_only_tells_works(slim, words):
    ran = slim(*words)
    assert (ran.code, ran.err) == (0, "")


def test_runs_are_listed_and_compared(slim, run):
    ran = slim("runs", "--runs", run.parent)
    assert ran.code == 0, ran.err
    assert run.name in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--runs", "RUNS"],
        ["compare", "--vary", "optimizer=sgd,adam", "--out", "RUNS"],
        ["crossval", "--runs", "RUNS"],
        ["ensemble", "--runs", "RUNS"],
        ["tune", "--runs", "RUNS"],
        ["inspect", "--inspects", "RUNS"],
        ["export", "--runs", "RUNS"],
        ["page", "--runs", "RUNS"],
    ],
)
def test_what_learns_is_refused(slim, words, tmp_path):
    ran = slim(*(tmp_path / word if word == "RUNS" else word for word in words))
    lacking = "needs TensorFlow, which is not installed. Run: python -m pip install -r requirements.txt"
    fails(ran, f"error: {words[0]} {lacking}\n", tmp_path / "RUNS")


def test_a_model_is_not_built_for_its_summary(slim, tmp_path):
    fails(slim("summary", "-m", "lenet"), "error: summary -m lenet needs TensorFlow, which is not installed.", tmp_path)


def test_a_run_without_a_network_for_openvino_is_refused(slim, run, toy, tmp_path):
    bare = shutil.copytree(run, tmp_path / "bare", ignore=lambda folder, names: ["model.xml", "model.bin"])
    said = f"error: {bare} has no model.xml, and model.keras of {bare} needs TensorFlow, which is not installed. Run: "
    fails(slim("predict", "--run", bare, toy / "circle"), said, tmp_path / "none")


def test_a_damaged_network_for_openvino_is_told_in_one_line(slim, run, toy, tmp_path):
    damaged = shutil.copytree(run, tmp_path / "damaged")
    (damaged / "model.xml").write_text("no network", encoding="utf-8")
    fails(
        slim("predict", "--run", damaged, toy / "circle"), f"{damaged / 'model.xml'} is not the file", tmp_path / "no"
    )
