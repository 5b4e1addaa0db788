"""A training of models joined by +, each at its own size: its run folder answers as it did, and what is refused."""

import json

import numpy as np
import pytest
from helpers import call, fails
from run_files import shares, table

MODEL = "efficientnet_lite+efficientnet_lite1"
TRAIN = ("train", "-m", MODEL, "--epochs", "3", "--learning", "auto")
SIZED = "takes them at 240 and 224 pixels: leave it out, or give --image-size, such as 240, for all."


@pytest.fixture(scope="module")
def joined(toy, tmp_path_factory):
    """The run folder of a training of two models side by side. Do not change it."""
    runs = tmp_path_factory.mktemp("joined") / "runs"
    ran = call(*TRAIN, "--data", toy, "--runs", runs)
    assert ran.code == 0, ran.err
    assert f"{MODEL}, 240 × 240 and 224 × 224 pixels (crop)" in ran.out
    assert f"python main.py train -m {MODEL} --epochs 6" in ran.next
    (run,) = runs.iterdir()
    return run


@pytest.mark.slow
def test_predict_says_what_training_said(joined, toy, tmp_path):
    info = json.loads((joined / "run.json").read_text(encoding="utf-8"))
    assert (info["model"], info["image_size"], info["image_sizes"]) == (MODEL, 240, [240, 224])
    assert info["openvino_difference"] is None or info["openvino_difference"]["greatest"] < 1e-4
    assert info["learning"]["type"] == "transfer"
    test = table(joined / "predictions.csv")
    ran = call("predict", "--run", joined, *(toy / row["path"] for row in test), "--csv", tmp_path / "out.csv")
    assert ran.code == 0, ran.err
    said, now = ([shares(row) for row in rows] for rows in (test, table(tmp_path / "out.csv")))
    np.testing.assert_allclose(now, said, atol=2e-3)
    by_keras = json.loads((joined / "metrics.json").read_text(encoding="utf-8"))["test"]
    ran = call("predict", "--run", joined, "--tta", "4", "--json")
    assert json.loads(ran.out)["metrics"]["n"] == by_keras["n"]


@pytest.mark.slow
def test_a_server_says_what_predict_says(joined, toy):
    serving = pytest.importorskip("serving")
    file = toy / "circle" / "1.png"
    (told,) = json.loads(call("predict", "--run", joined, file, "--json").out)["predictions"]
    with serving.serving(joined) as server:
        (answer,) = server.post(file.read_bytes()).json["predictions"]
    assert answer["probabilities"] == pytest.approx(told["probabilities"], abs=2e-6)


@pytest.mark.slow
def test_the_page_of_one_network_is_not_for_several(joined, tmp_path):
    ran = call("inspect", "--run", joined, "--page", tmp_path / "page.html")
    fails(ran, f"--page shows one network, and {joined} joins several ({MODEL}): give --run a run of one.", tmp_path)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            ("--learning", "finetune"),
            f"-m {MODEL} joins frozen models, of which only the head learns, --learning transfer. Received: --learning "
            "finetune; give one model for that, such as -m efficientnet_lite.",
        ),
        (
            ("--weights", "none"),
            f"-m {MODEL} joins frozen models, which need pretrained weights. Received: --weights none; leave it out.",
        ),
        (("--augment", "flip"), f"--augment changes images of one size, and -m {MODEL} {SIZED}"),
        (("--augment-preview",), f"--augment-preview changes images of one size, and -m {MODEL} {SIZED}"),
    ],
)
def test_what_joined_models_cannot_do_is_told_before_any_image_is_read(toy, tmp_path, given, told):
    fails(call("train", "-m", MODEL, "--data", toy, "--runs", tmp_path / "runs", *given), told, tmp_path / "runs")


def test_a_misspelt_part_is_named(toy, tmp_path):
    ran = call("train", "-m", "efficientnet_lite+residul", "--data", toy, "--runs", tmp_path / "runs")
    fails(ran, "Unknown model 'residul'. Did you mean 'residual'?", tmp_path / "runs")
