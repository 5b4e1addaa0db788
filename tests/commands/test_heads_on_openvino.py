"""Where a head alone learns, Keras runs on OpenVINO and TensorFlow does not start; the run is one as any other."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, call, make_patches, process

from data.augment.pipeline import parse_augment
from study.runtime import hardware
from study.settings.heads import with_backend_of_heads
from study.settings.train import TrainSettings

HEAD = ("-m", "efficientnet_lite", "--image-size", "64", "--learning", "transfer")
MAIN = """
import runpy, sys
try:
    runpy.run_path("main.py", run_name="__main__")
finally:
    print(f"Keras {'keras' in sys.modules}, TensorFlow {'tensorflow' in sys.modules}", file=sys.stderr)
"""
FINGERPRINT = """
from study.runtime import backend
backend.start(backend="openvino")
from models.parts.options import ArchitectureOptions
from models.parts.weights import build_backbone
from study.inference.fingerprint import fingerprint_of
print(fingerprint_of(build_backbone("efficientnet_lite", 32, "imagenet", ArchitectureOptions())))
"""
slow = pytest.mark.slow


def settings(**changes):
    if "augment" in changes:
        changes["augment"] = parse_augment(changes["augment"])
    return TrainSettings.of(**{"model": "efficientnet_lite", "learning": "transfer", **changes})


@pytest.fixture
def free(monkeypatch):
    """A Linux machine without a GPU, and a process in which Keras runs on nothing yet."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(hardware, "gpu_files", list)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "main.py", raising=False)


@pytest.mark.parametrize(("changes", "taken"), [
    ({}, "openvino"),
    ({"model": "efficientnet_lite1"}, "openvino"),
    ({"model": "efficientnet_lite+efficientnet_lite1"}, "tensorflow"),
    ({"model": "resnet"}, "tensorflow"),
    ({"weights": "runs/a"}, "tensorflow"),
    ({"learning": "auto"}, "tensorflow"),
    ({"learning": "finetune"}, "tensorflow"),
    ({"augment": "flip"}, "tensorflow"),
    ({"engine": "tensorflow"}, "tensorflow"),
    ({"find_learning_rate": True}, "tensorflow"),
    ({"callback": "follow.py:Mlflow"}, "tensorflow"),
    ({"image_size": 32}, "tensorflow"),
    ({"image_size": 64}, "openvino"),
], ids=str)  # fmt: skip
def test_it_is_taken_where_nothing_has_to_be_differentiated(changes, taken, free):
    assert with_backend_of_heads(settings(**changes), {}).run.backend == taken


def test_a_process_that_may_want_keras_on_another_backend_later_keeps_tensorflow(free, monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "own.py")
    assert with_backend_of_heads(settings(), {}).run.backend == "tensorflow"


def test_a_backend_that_is_asked_for_stays(free, monkeypatch):
    asked = {"backend": "tensorflow"}
    assert with_backend_of_heads(settings(**asked), asked).run.backend == "tensorflow"
    (gpu,) = [ROOT / "README.md"]  # any file that is there
    monkeypatch.setattr(hardware, "gpu_files", lambda: [gpu])
    assert with_backend_of_heads(settings(), {}).run.backend == "tensorflow"


REFUSED = {
    "-m lenet": "--backend openvino is for a head alone, and --learning auto trains a network. Leave one of the two",
    "-m efficientnet_lite --learning finetune": "and --learning finetune trains a network. Leave one",
    "-m efficientnet_lite --learning transfer --augment flip": "and augmented views are made by TensorFlow. Leave one",
    "-m efficientnet_lite --learning transfer --find-learning-rate": "and --find-learning-rate needs TensorFlow. Leave",
}


@slow
@pytest.mark.parametrize("words", REFUSED)
def test_what_it_cannot_do_is_refused(words, tmp_path):
    ran = process("train", "--runs", tmp_path / "runs", "--backend", "openvino", *words.split())
    assert ran.returncode == 2
    told = ran.stderr.decode()
    assert REFUSED[words] in told
    assert told.count("\n") == 1


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train a head in a process of its own; return the run folder and what it said."""
    place = tmp_path_factory.mktemp("heads")
    images = make_patches(place / "images", count=40)

    def train(name, *words):
        command = [sys.executable, "-c", MAIN, "train", "--data", images, *HEAD, *words, "--runs", place / name]
        ran = subprocess.run(
            list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
        )
        assert ran.returncode == 0, ran.stderr
        (run,) = [path for path in (place / name).iterdir() if path.is_dir() and not path.name.startswith(".")]
        return run, ran

    return train


@slow
def test_the_run_is_one_as_any_other_and_tensorflow_never_started(trained):
    run, ran = trained("runs", "--crossval", "3")
    said = [line for line in ran.stderr.splitlines() if not line.startswith("next: ")]
    assert said == ["Keras True, TensorFlow False"]
    info = json.loads((run / "run.json").read_text())
    assert info["settings"]["backend"] == "openvino"
    assert info["crossval"]["accuracy"] > 0.9
    assert info["openvino_difference"]["greatest"] < 1e-4
    assert "Grad-CAM: " in (run / "report.html").read_text()
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] > 0.9
    with (run / "predictions.csv").open(newline="") as file:
        kept = {row["path"]: float(row["probability"]) for row in csv.DictReader(file)}
    # By OpenVINO's file, and by Keras on TensorFlow, in this process.
    for predicted in (kept_again(run), by_keras(run)):
        assert predicted.keys() == kept.keys()
        assert max(abs(predicted[path] - kept[path]) for path in kept) < 1e-4


def kept_again(run):
    ran = call("predict", "--run", run, "--json")
    assert ran.code == 0, ran.err
    rows = json.loads(ran.out)["predictions"]
    return {"/".join(Path(row["path"]).parts[-2:]): row["probability"] for row in rows}


def by_keras(run):
    """The same by `model.keras` alone."""
    aside = {run / name: run / f"{name}.aside" for name in ("model.xml", "model.bin")}
    for file, other in aside.items():
        file.rename(other)
    try:
        return kept_again(run)
    finally:
        for file, other in aside.items():
            other.rename(file)


@slow
def test_the_same_command_makes_the_same_run(trained):
    runs = [trained(name)[0] for name in ("first", "second")]
    one, other = ((run / "predictions.csv").read_text() for run in runs)
    assert one == other


@slow
def test_the_features_of_a_network_are_found_on_either_backend():
    from study.runtime import backend

    backend.start()
    from models.parts.options import ArchitectureOptions
    from models.parts.weights import build_backbone
    from study.inference.fingerprint import fingerprint_of

    here = fingerprint_of(build_backbone("efficientnet_lite", 32, "imagenet", ArchitectureOptions()))
    ran = subprocess.run([sys.executable, "-c", FINGERPRINT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split()[-1] == here


@slow
def test_the_network_is_the_one_that_tensorflow_makes(tmp_path):
    """Their features, of the same images, to the fifth digit."""
    script = """
import sys
import numpy as np
from study.runtime import backend
backend.start(backend=sys.argv[1])
from models.parts.options import ArchitectureOptions
from models.parts.weights import build_backbone
from study.inference.built import imagenet_network
from study.inference.frozen import FrozenBackbone
make = (lambda: imagenet_network("efficientnet_lite", 32)) if sys.argv[1] == "openvino" else None
frozen = FrozenBackbone(build_backbone("efficientnet_lite", 32, "imagenet", ArchitectureOptions()), None, make)
images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
np.save(sys.argv[2], frozen.runner("openvino", "float32")(images))
"""
    found = []
    for name in ("openvino", "tensorflow"):
        file = tmp_path / f"{name}.npy"
        subprocess.run([sys.executable, "-c", script, name, str(file)], cwd=ROOT, capture_output=True, check=True)
        found.append(np.load(file))
    np.testing.assert_allclose(found[0], found[1], atol=1e-4 * np.abs(found[1]).max())
