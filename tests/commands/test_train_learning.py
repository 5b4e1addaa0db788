"""`train` by transfer and by fine-tuning: stages, frozen backbones, and what earlier weights have seen."""

import re

import numpy as np
import pytest
from helpers import QUICK, call, fails
from run_files import FOR_OPENVINO, quick_transfer, run_info, table

import models
from data.drawn import draw
from study.runtime import hardware


@pytest.mark.slow
def test_what_weights_have_learned_from_is_no_test(run, toy, tmp_path):
    other, ran = quick_transfer(run, toy, tmp_path / "other", "--split-seed", 1)
    seen = run_info(other)["data"]["held_out_but_learned_before"]
    assert 0 < seen <= 12
    told = f"has learned from {seen} of the validation and test images"
    assert f"careful: {run} {told} here, which flatters their figures; --split-file and its split.csv" in ran.out
    page = " ".join((other / "report.html").read_text("utf-8").split())
    assert f"had learned from {seen} of the validation and test images" in page
    same, ran = quick_transfer(run, toy, tmp_path / "same", "--split-seed", 1, "--split-file", run / "split.csv")
    assert run_info(same)["data"]["held_out_but_learned_before"] == 0
    assert "careful" not in ran.out


@pytest.mark.slow
@pytest.mark.skipif(not hardware.openvino_available(), reason="needs OpenVINO")
def test_a_copy_for_openvino_that_answers_otherwise_is_dropped(run, toy, tmp_path, monkeypatch):
    monkeypatch.setattr("study.train.export.MAX_DIFFERENCE", -1.0)
    made, ran = quick_transfer(run, toy, tmp_path / "runs")
    assert "predict will use Keras" in ran.out
    assert not FOR_OPENVINO & {path.name for path in made.iterdir()}
    assert call("predict", "--run", made, toy / "circle" / "0.png").code == 0


def test_an_engine_is_refused_where_nothing_is_frozen(toy, tmp_path):
    ran = call("train", "--data", toy, *QUICK, "--engine", "openvino", "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert ran.err == (
        "error: --engine runs a frozen backbone, and here all learns from scratch: leave it out. Received: openvino\n"
    )


@pytest.mark.slow
@pytest.mark.skipif(not hardware.openvino_available(), reason="needs OpenVINO")
def test_a_head_learns_from_8_bit_integers_and_is_judged_in_float32(run, toy, tmp_path):
    exact, _ = quick_transfer(run, toy, tmp_path / "exact", "--precision", "float32")
    rough, ran = quick_transfer(run, toy, tmp_path / "rough", "--precision", "int8", "--augment", "flip")
    assert "the frozen network runs on OpenVINO in int8: " in ran.out
    assert run_info(rough)["engine"]["precision"] == "int8"
    assert run_info(rough)["openvino_difference"]["greatest"] < 1e-4
    for one, other in zip(table(exact / "predictions.csv"), table(rough / "predictions.csv"), strict=True):
        assert float(one["probability"]) == pytest.approx(float(other["probability"]), abs=0.1)


@pytest.mark.parametrize("kind", ["finetune", "scratch"])
def test_what_learns_does_not_compute_in_integers(toy, tmp_path, kind):
    words = ("train", "--data", toy, "-m", "efficientnet_lite", "--learning", kind, "--precision", "int8")
    fails(
        call(*words, "--runs", tmp_path / "runs"),
        "--precision int8 is for a backbone that stays as it is, --learning transfer: gradients would be lost in "
        f"integers. Received: --learning {kind}",
        tmp_path / "runs",
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--augment", "cutmix"], "--augment cutmix needs --learning scratch or finetune: "),
        (["--progressive", "32"], "--progressive needs --learning scratch or finetune: "),
    ],
)
def test_what_the_head_alone_cannot_learn_from_is_refused(run, toy, tmp_path, arguments, error):
    ran = call(
        *("train", "-m", "original", "--image-size", 32, "--weights", run, "--learning", "transfer", "--data", toy),
        *("--runs", tmp_path / "runs", *arguments),
    )
    fails(ran, error, tmp_path / "runs")


@pytest.mark.slow
def test_transfer_from_own_run(own):
    _, run, ran = own
    info = run_info(run)
    assert (info["settings"]["learning"], info["settings"]["augment"]) == ("transfer", {})
    assert "learning type       transfer: as asked for" in ran.out
    assert "48 training images / batch of 256 = 1 iteration per epoch" in ran.out
    assert [row["stage"] for row in table(run / "history.csv")] == ["head"]


def test_transfer_leaves_the_backbone_as_it_was(own, run):
    import keras

    after, before = (keras.saving.load_model(folder / "model.keras", compile=False) for folder in (own[1], run))
    for ours, theirs in zip(after.layers[1].get_weights(), before.layers[1].get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
def test_augmented_views_under_transfer(run, toy, tmp_path):
    made, ran = quick_transfer(run, toy, tmp_path / "runs", "--augment", "flip")
    (stage,) = run_info(made)["stages"]
    assert (stage["images"], stage["iterations"]) == (3 * 48, 1)
    assert "144 training images / batch of 256 = 1 iteration per epoch" in ran.out
    assert sum(entry["drawn_per_epoch"] for entry in run_info(made)["classes"].values()) == 144
    assert run_info(made)["settings"]["augment"] == {"flip": 1.0}


@pytest.mark.slow
def test_finetune_has_both_stages(run, toy, tmp_path):
    arguments = ("train", *QUICK, "--data", toy, "--weights", run, "--runs", tmp_path / "runs")
    ran = call(*arguments, "--learning", "finetune", "--epochs", 2)
    assert (ran.code, ran.err) == (0, "")
    (made,) = (tmp_path / "runs").iterdir()
    assert [(row["epoch"], row["stage"]) for row in table(made / "history.csv")] == [
        *(("1", "head"), ("2", "head")),
        *(("3", "finetune"), ("4", "finetune")),
    ]
    assert [stage["name"] for stage in run_info(made)["stages"]] == ["head", "finetune"]
    assert run_info(made)["settings"]["learning"] == "finetune"


@pytest.mark.slow
def test_pretrained_weights_are_transferred_unasked_and_stay_as_they_are(toy, tmp_path):
    import keras

    ran = call("train", "-m", "efficientnet_lite", "--data", toy, "--image-size", 32, "--epochs", 2, "--runs", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    (made,) = tmp_path.iterdir()
    assert run_info(made)["learning"]["type"] == "transfer"
    assert run_info(made)["settings"]["weights"] == "imagenet"
    backbone = keras.saving.load_model(made / "model.keras", compile=False).layers[1]
    source = models.get("efficientnet_lite").backbone(32, "imagenet")
    for ours, theirs in zip(backbone.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
@pytest.mark.skipif(not hardware.openvino_available(), reason="needs OpenVINO")
def test_edited_copies_that_only_the_features_find_are_told(tmp_path):
    for label in ("cat", "horse"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for seed in range(12):
            picture = draw.draw(label, seed, 128).image
            picture.save(tmp_path / "data" / label / f"{seed}.png")
            picture.crop((0, 0, 104, 104)).save(tmp_path / "data" / label / f"{seed} cut.png")
    ran = call("train", "-m", "efficientnet_lite", "--learning", "transfer", "--image-size", 128, "--epochs", 1,
               "--split", "2:1:1", "--data", tmp_path / "data", "--runs", tmp_path / "runs")  # fmt: skip
    assert ran.code == 0, ran.err
    (run,) = (tmp_path / "runs").iterdir()
    told = run_info(run)["data"]["same_scene"]
    assert told["pairs"] >= told["leaking"] > 0
    assert (
        f"careful: by their features {told['leaking']} pairs of images in different splits show the same scene, "
        in (ran.out)
    )
    first, second = re.search(r"such as (.+) and (.+), which flatters the figures", ran.out).groups()
    split_of = {row["path"]: row["part"] for row in table(run / "split.csv")}
    assert split_of[first] != split_of[second]
    assert first.replace(" cut", "") == second.replace(" cut", "")
    page = " ".join((run / "report.html").read_text("utf-8").split())
    assert f"By their features {told['leaking']} pairs of images in different splits show the same scene" in page
