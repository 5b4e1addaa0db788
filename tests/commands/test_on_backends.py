"""A training on JAX, or PyTorch, is one as on TensorFlow: what it learns, tells, saves and goes on from.

`make jax` installs JAX; PyTorch is tried where it is installed.
"""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import keras
import numpy as np
import pytest
from helpers import ROOT, call, message, process
from resuming import STOP, name_in, run_in, same_results

from study.inference.gradcam import grad_cam

pytestmark = pytest.mark.slow
LENET = ("-m", "lenet", "--image-size", "32", "--batch-size", "16", "--learning-rate", "0.002")
OTHERS = {
    "masks": ("--task", "segment", "--image-size", "32", "--width", "4", "--epochs", "1"),
    "labels": ("--task", "multilabel", "-m", "lenet", "--epochs", "1"),
    "two heads": ("-m", "lenet", "--auxiliary", "coat", "--epochs", "1"),
    "averaged, mixed and in half": (
        *("-m", "original", "--image-size", "32", "--epochs", "1"),
        *("--ema", "0.9", "--augment", "cutmix", "--precision", "bfloat16"),
    ),
    "a rate": ("-m", "lenet", "--find-learning-rate"),
}
CLASSES = [0, 1, 2, 0, 1, 2]
HEAT = f"""
import sys
import keras
import numpy as np
from study.inference.gradcam import grad_cam

assert keras.config.backend() == sys.argv[4]
CLASSES = {CLASSES}
network, pixels = keras.saving.load_model(sys.argv[1], compile=False), np.load(sys.argv[2])
together, one_by_one = grad_cam(network, pixels, CLASSES), grad_cam(network, pixels[:2], CLASSES[:2])
np.savez(sys.argv[3], together=together, one_by_one=one_by_one)
"""


def train(*words, **variables):
    """Train in a process of its own."""
    ended = process("train", *words, **variables)
    assert ended.returncode == 0, ended.stderr.decode()[-2000:]
    return ended


@pytest.fixture(scope="module", params=["jax", "torch"])
def other(request):
    """Return the name of a backend that is installed beside TensorFlow."""
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return request.param


@pytest.fixture(scope="module")
def both(other, toy, tmp_path_factory):
    """Return the runs of one training on each of two backends, TensorFlow's first."""
    folder = tmp_path_factory.mktemp("both")
    words = ("--data", toy, *LENET, "--epochs", "10")
    train(*words, "--runs", folder / "tensorflow")
    train(*words, "--runs", folder / other, KERAS_BACKEND=other)
    return {name: run_in(folder / name) for name in ("tensorflow", other)}


def test_the_run_tells_its_backend_and_how_to_repeat_it(both):
    for name, run in both.items():
        info = json.loads((run / "run.json").read_text())
        assert info["settings"]["backend"] == name
        assert name in info["versions"]
        assert (f"--backend {name}" in (run / "report.html").read_text()) == (name != "tensorflow")


def test_it_learns_as_well(both):
    for run in both.values():
        first, *_, last = np.loadtxt(run / "history.csv", delimiter=",", skiprows=1, usecols=(3, 5))
        assert (last < 0.7 * first).all()


def test_predict_answers_on_tensorflow_as_was_measured(both, other):
    measured = json.loads((both[other] / "metrics.json").read_text())["test"]
    ran = call("predict", "--run", both[other], "--json")
    assert ran.code == 0, ran.err
    right = [row["label"] == row["predicted"] for row in json.loads(ran.out)["predictions"]]
    assert (len(right), sum(right)) == (measured["n"], round(measured["accuracy"] * measured["n"]))


def test_what_speaks_for_a_class_is_the_same(both, other, tmp_path):
    path, files = both[other] / "model.keras", (tmp_path / "pixels.npy", tmp_path / "heat.npz")
    pixels = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3)).astype(np.float32)
    np.save(files[0], pixels)
    subprocess.run(
        [sys.executable, "-c", HEAT, *map(str, (path, *files)), other], cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": other}, check=True,
    )  # fmt: skip
    network = keras.saving.load_model(path, compile=False)
    expected, found = grad_cam(network, pixels, CLASSES), np.load(files[1])
    assert expected.max() == 1
    np.testing.assert_allclose(found["together"], expected, atol=1e-3)
    np.testing.assert_allclose(found["one_by_one"], expected[:2], atol=1e-3)


def test_one_that_was_stopped_within_an_epoch_ends_as_one_that_was_not(other, toy, tmp_path):
    stop, code = tmp_path / "stop", tmp_path / "turned.py"
    code.write_text(STOP.format(stop=str(stop)))
    words = ("--data", toy, *LENET, "--epochs", "3", "--backend", other, "--augment-with", f"{code}:change")
    train(*words, "--runs", tmp_path / "whole")
    stop.touch()
    assert process("train", *words, "--runs", tmp_path / "runs").returncode == 143
    train("--resume", name_in(tmp_path / "runs"), "--runs", tmp_path / "runs", *words[-2:])
    same_results(run_in(tmp_path / "whole"), run_in(tmp_path / "runs"))


def test_heads_of_folds_learn_alike_twice(toy, both, other, tmp_path):
    words = (
        "--data",
        toy,
        "-m",
        "lenet",
        "--weights",
        both["tensorflow"],
        "--learning",
        "transfer",
        "--learning-rate",
        "0.05",
    )
    told = [
        train(*words, "--crossval", "2", "--deterministic", "--backend", other, "--runs", tmp_path / name).stdout
        for name in ("first", "second")
    ]
    assert all(b"chosen on 54 images out of fold" in one for one in told)
    runs = [run_in(tmp_path / name) for name in ("first", "second")]
    same_results(*runs)
    out_of_fold = json.loads((runs[0] / "metrics.json").read_text())["crossval"]
    assert out_of_fold["images"] == 60
    assert out_of_fold["accuracy"] > 0.5  # always answering one class: a third


@pytest.mark.soak
@pytest.mark.parametrize("method", [
    "seeds --members 2 --epochs 3", "folds --members 2 --epochs 3", "bagging --members 2 --epochs 3",
    "stacking --epochs 3",
])  # fmt: skip
def test_an_ensemble_learned_there_answers_on_tensorflow(method, toy, both, other, tmp_path):
    words = ("--data", toy, "-m", "lenet", "--weights", both["tensorflow"], "--runs", tmp_path, "--backend", other)
    ended = process("ensemble", "--method", *method.split(), *words)
    assert ended.returncode == 0, ended.stderr.decode()[-2000:]
    run = run_in(tmp_path)
    ran = call("predict", "--run", run, "--json")
    assert ran.code == 0, ran.err
    measured = json.loads((run / "metrics.json").read_text())["test"]
    right = [row["label"] == row["predicted"] for row in json.loads(ran.out)["predictions"]]
    assert sum(right) == round(measured["accuracy"] * measured["n"])


@pytest.mark.soak
def test_a_head_and_then_all_learn_from_weights_of_a_run(toy, both, other, tmp_path):
    for kind in ("transfer", "finetune"):
        words = ("-m", "lenet", "--weights", both["tensorflow"], "--learning", kind, "--epochs", "1")
        train("--data", toy, *words, "--backend", other, "--runs", tmp_path / kind)
        info = json.loads((run_in(tmp_path / kind) / "run.json").read_text())
        assert info["openvino_difference"]["greatest"] < 1e-4
        assert (
            info["engine"]["engine"] == "openvino" if kind == "transfer" else info["stages"][-1]["name"] == "finetune"
        )


@pytest.mark.soak
@pytest.mark.parametrize("what", OTHERS)
def test_what_else_is_learned(what, other, tmp_path):
    ended = train(*OTHERS[what], "--backend", other, "--runs", tmp_path / "runs")
    if what == "a rate":
        assert b"suggested learning rate" in ended.stdout
    else:
        assert (run_in(tmp_path / "runs") / "report.html").exists()


def test_a_process_has_one_backend():
    told = message(backend.start, 0, False, "jax")
    assert told == "Keras runs on tensorflow in this process already. --backend jax needs another one."
    assert os.environ["KERAS_BACKEND"] == backend.running() == "tensorflow"
