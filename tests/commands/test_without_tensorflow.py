"""Where TensorFlow is not installed a network learns, is judged and predicts on JAX, or says what it cannot.

`make jax` installs JAX; TensorFlow is hidden from the commands' processes.
"""

import json
from importlib.util import find_spec

import pytest
from helpers import call, make_patches, process
from hiding import hiding
from resuming import name_in, run_in, same_results

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed (make jax)")]
HEAD = ("-m", "efficientnet_lite", "--image-size", "32", "--learning", "transfer")
LENET = ("-m", "lenet", "--batch-size", "16", "--epochs", "3", "--augment", "flip,rotation,cutmix")
STOPS = """
import os, signal
from pathlib import Path
import keras

STOP = Path({stop!r})

class Stops(keras.callbacks.Callback):
    calls = 0

    def on_train_batch_end(self, batch, logs=None):
        self.calls += 1
        if self.calls == 5 and STOP.exists():
            STOP.unlink()
            os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Return a function that runs a command in a process without TensorFlow."""
    folder = hiding(tmp_path_factory.mktemp("hiding"), ["tensorflow"])
    return lambda *words, **variables: process(*words, PYTHONPATH=folder, **variables)


def right_of(text):
    """Return how many rows of what `predict --json` says are right, and how many there are."""
    rows = json.loads(text)["predictions"]
    return sum(row["label"] == row["predicted"] for row in rows), len(rows)


def test_a_head_learns_and_predicts_as_was_measured_and_so_it_does_with_tensorflow(bare, tmp_path):
    images = make_patches(tmp_path / "images", count=20)
    words = ("train", "--data", images, *HEAD, "--augment", "flip,crop", "--runs", tmp_path / "runs", "--json")
    ended = bare(*words, KERAS_BACKEND="jax")
    assert ended.returncode == 0, ended.stderr.decode()[-2000:]
    run = run_in(tmp_path / "runs")
    info = json.loads((run / "run.json").read_text())
    assert info["settings"]["backend"] == "jax"
    assert info["openvino_difference"]["greatest"] < 1e-4  # so that `predict` starts no backend
    assert info["settings"]["augment"] == {"flip": 1.0, "crop": 0.3}
    measured = json.loads((run / "metrics.json").read_text())["test"]
    expected = (round(measured["accuracy"] * measured["n"]), measured["n"])
    assert right_of(bare("predict", "--run", run, "--json").stdout) == expected
    assert right_of(call("predict", "--run", run, "--json").out) == expected


def test_one_that_was_stopped_within_an_epoch_ends_as_one_that_was_not(bare, toy, tmp_path):
    stop, code = tmp_path / "stop", tmp_path / "stops.py"
    code.write_text(STOPS.format(stop=str(stop)))
    words = ("--data", toy, *LENET, "--backend", "jax", "--callback", f"{code}:Stops")
    assert bare("train", *words, "--runs", tmp_path / "whole").returncode == 0
    stop.touch()
    assert bare("train", *words, "--runs", tmp_path / "runs").returncode == 143
    again = ("--resume", name_in(tmp_path / "runs"), "--runs", tmp_path / "runs", *words[-2:])
    assert bare("train", *again).returncode == 0
    same_results(run_in(tmp_path / "whole"), run_in(tmp_path / "runs"))


def test_images_grow_from_phase_to_phase(bare, toy, tmp_path):
    words = ("-m", "original", "--width", "0", "--progressive", "32,48", "--image-size", "48", "--epochs", "2")
    ended = bare("train", "--data", toy, *words, "--backend", "jax", "--runs", tmp_path / "runs")
    assert ended.returncode == 0, ended.stderr.decode()[-2000:]
    predicted = bare("predict", "--run", run_in(tmp_path / "runs"), "--json")
    assert predicted.returncode == 0, predicted.stderr.decode()[-2000:]  # its own features, of several layers
    assert "32" in (run_in(tmp_path / "runs") / "history.csv").read_text().splitlines()[1].split(",")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("crossval", *LENET),
            "crossval needs TensorFlow, which is not installed. Run: python -m pip install -r requirements.txt, or "
            "give --backend jax, which is installed\n",
        ),
        (("tune", *LENET), "tune needs TensorFlow, which is not installed. Run: "),
    ],
)
def test_what_needs_tensorflow_says_so(words, said, bare, toy, tmp_path):
    ended = bare(*words, "--data", toy, "--runs", tmp_path / "runs")
    assert ended.returncode == 2
    assert f"error: {said}" in ended.stderr.decode()
    assert not list((tmp_path / "runs").glob("2*"))
