# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import csv
import errno
import json
import os
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import TOY_CLASSES, call, make_masks, shape_in
from PIL import Image
from run_files import run_info

import models
from data import mask_set
from data.drawn import folder as drawn_folder
from data.folder import scan
from errors import UserError
from models import unet
from models.parts.head import head_on
from models.parts.options import ArchitectureOptions
from models.parts.weights import build_backbone
from study.fit.losses import DiceAndCrossentropy
from study.fit.objective import balanced_weights
from study.fit.training_copy import training_copy
from study.predict.segment import MaskWriter, Segmented
from study.predict.stream import Prediction
from study.settings.source import load_dataset, source_of
from study.settings.train import TrainSettings
from study.tasks import segment

SIZE = 32
NAMES = ["background", *TOY_CLASSES]


@pytest.fixture(scope="module")
def toy_masks(toy, tmp_path_factory):
    return make_masks(toy, tmp_path_factory.mktemp("toy") / "masks")


QUICK = ("--task", "segment", "--image-size", SIZE, "--width", 8, "--epochs", 12, "--batch-size", 8,
         "--learning-rate", 0.01, "--augment", "flip,translation", "--precision", "float32")  # fmt: skip


@pytest.fixture(scope="module")
def trained(toy, toy_masks, tmp_path_factory):
    runs = tmp_path_factory.mktemp("segment") / "runs"
    ran = call("train", *QUICK, "--data", toy, "--masks", toy_masks, "--class-weight", "balanced", "--runs", runs)
    assert ran.code == 0, ran.err
    (run,) = runs.iterdir()
    return run, ran


@pytest.fixture(scope="module")
def run(trained):
    return trained[0]


def test_masks_have_the_colours_that_files_of_earlier_runs_have():
    codes = ["".join(f"{value:02X}" for value in colour) for colour in segment.palette(9)]
    assert codes[:5] == ["1A1A1A", "0072B2", "D55E00", "009E73", "E69F00"]
    assert codes[5:] == ["56B4E9", "CC79A7", "F0E442", "0072B2"]


def figures(run):
    return json.loads((run / "metrics.json").read_text())


# ---- network and loss ------------------------------------------------------------------------------------------------


def run_once(network, pixels):
    return np.asarray(network(tf.constant(pixels, tf.float32), training=False))  # one call: no graph of its own


@pytest.mark.parametrize("size", [32, 41])
def test_a_u_net_answers_for_every_pixel(size):
    network = head_on(build_backbone("unet", size, "none", ArchitectureOptions(width=4)), 3, 0.1)
    pixels = np.random.default_rng(0).uniform(0, 255, (2, size, size, 3))
    shares = run_once(network, pixels)
    assert shares.shape == (2, size, size, 3)
    np.testing.assert_allclose(shares.sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(run_once(training_copy(network), pixels), shares, atol=1e-5)


def test_the_bridges_carry_detail_past_the_bottom():
    keras.utils.set_random_seed(0)
    network = build_backbone("unet", 32, "none", ArchitectureOptions(width=4))
    pixels = np.full((1, 32, 32, 3), 128, np.float32)
    changed = pixels.copy()
    changed[0, 5, 9] = 255
    difference = np.abs(run_once(network, changed) - run_once(network, pixels))[0].max(axis=-1)
    assert np.unravel_index(difference.argmax(), (32, 32)) in {(y, x) for y in range(3, 8) for x in range(7, 12)}
    assert network.output_shape == (None, 32, 32, 4)
    assert unet.SPEC.task == models.get("unet").SPEC.task == "segment"


def test_a_gradient_reaches_every_weight():
    keras.utils.set_random_seed(0)
    network = head_on(build_backbone("unet", 32, "none", ArchitectureOptions(width=4)), 3, 0.0)
    pixels = tf.constant(np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)), tf.float32)
    true = np.eye(3, dtype=np.float32)[np.random.default_rng(1).integers(0, 3, (4, 32, 32))]
    with tf.GradientTape() as tape:
        loss = DiceAndCrossentropy(0.5)(true, network(pixels, training=True))
    gradients = tape.gradient(loss, [variable.value for variable in network.trainable_variables])
    assert all(np.asarray(gradient).any() for gradient in gradients)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_of_pixels_is_that_of_the_same_rows(weighted):
    rng = np.random.default_rng(0)
    true = np.eye(3, dtype=np.float32)[rng.integers(0, 3, (2, 4, 4))]
    shares = rng.dirichlet((1, 1, 1), (2, 4, 4)).astype(np.float32)
    weights = rng.uniform(0.5, 2, (2, 4, 4)).astype(np.float32) if weighted else None
    loss = DiceAndCrossentropy(0.4)
    rows = loss(true.reshape(-1, 3), shares.reshape(-1, 3), weights.ravel() if weighted else None)
    assert float(loss(true, shares, weights)) == pytest.approx(float(rows), rel=1e-5)


def test_balanced_pixels_weigh_alike_in_all():
    weights = balanced_weights(np.array([60, 30, 0, 10]))
    assert {at: weight * count for at, weight, count in zip(weights, weights.values(), (60, 30, 10), strict=True)} == {
        0: pytest.approx(100 / 3), 1: pytest.approx(100 / 3), 3: pytest.approx(100 / 3)
    }  # fmt: skip


# ---- a run -----------------------------------------------------------------------------------------------------------


def test_a_tiny_network_learns_the_toy_masks(trained):
    run, ran = trained
    result = figures(run)
    assert result["val"]["mean_iou"] > 0.75
    assert result["test"]["mean_iou"] > 0.7
    assert list(result["test"]["per_class"]) == NAMES
    assert f"test: mean IoU {result['test']['mean_iou']:.3f}" in ran.out
    assert "background" in ran.out


def test_the_run_folder_is_complete_and_tells_the_task(run, toy, toy_masks):
    info = json.loads((run / "run.json").read_text())
    assert (info["task"], info["model"], info["class_names"]) == ("segment", "unet", NAMES)
    assert info["data"]["masks"] == str(toy_masks.resolve())
    assert info["settings"]["loss"] == "crossentropy+dice"
    assert info["openvino_difference"]["greatest"] < 1e-3
    assert {"masks.png", "confusion.png", "curves.png", "model.xml"} <= {path.name for path in run.iterdir()}
    with (run / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    assert float(history[-1]["val_mean_iou"]) > float(history[0]["val_mean_iou"])
    assert float(history[-1]["loss"]) < float(history[0]["loss"])
    page = (run / "report.html").read_text()
    assert all(text in page for text in ("IoU", "Dice", "their true and their predicted masks", *NAMES))


def test_validation_is_judged_by_the_network_that_is_kept(run):
    with (run / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    kept = json.loads((run / "run.json").read_text())["stages"][0]["kept_epoch"]
    val = figures(run)["val"]
    assert val["loss"] == pytest.approx(float(history[kept - 1]["val_loss"]), abs=2e-3)
    assert val["mean_iou"] == pytest.approx(float(history[kept - 1]["val_mean_iou"]), abs=2e-3)
    assert val["accuracy"] == pytest.approx(float(history[kept - 1]["val_accuracy"]), abs=2e-3)


def test_the_table_has_a_row_for_each_test_picture(run):
    with (run / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == figures(run)["test"]["n"]
    assert list(rows[0]) == ["path", "label", "mean_iou", *(f"share_{name}" for name in NAMES)]
    for row in rows:
        assert sum(float(row[f"share_{name}"]) for name in NAMES) == pytest.approx(1, abs=1e-5)


def test_the_saved_model_needs_keras_alone(run, toy):
    network = keras.saving.load_model(run / "model.keras", safe_mode=True)
    assert network.output_shape == (None, SIZE, SIZE, 4)
    assert not network.compiled


def test_predict_without_paths_repeats_the_figures(run):
    ran = call("predict", "--run", run)
    assert ran.code == 0, ran.err
    assert f"test: mean IoU {figures(run)['test']['mean_iou']:.3f}" in ran.out
    metrics = json.loads(call("predict", "--run", run, "--json").out)["metrics"]
    assert metrics["loss"] is None  # it is not known any more
    written = figures(run)["test"] | {"loss": None}
    assert all(metrics[name] == written[name] for name in written.keys() & metrics.keys())


def test_predict_tells_shares_and_writes_masks_of_the_pictures_sizes(run, toy, tmp_path):
    picture = toy / "circle" / "3.png"
    ran = call(
        "predict", picture, toy / "nothing.png", "--run", run, "--masks", tmp_path / "m", "--csv", tmp_path / "t.csv"
    )
    assert ran.code == 0
    assert "1 of 2 files could not be used" in ran.err
    line = next(line for line in ran.out.splitlines() if line.startswith(str(picture)))
    assert "circle " in line
    assert "background" in line.split(", ")[-1]
    draw = Image.open(tmp_path / "m" / "3.png")
    assert draw.mode == "P"
    assert draw.size == Image.open(picture).size
    true = shape_in(Image.open(picture).convert("RGB")) * NAMES.index("circle")
    assert (np.asarray(draw) == true).mean() > 0.85
    with (tmp_path / "t.csv").open() as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    assert float(rows[str(picture)]["share_circle"]) > 0.1
    assert rows[str(toy / "nothing.png")]["error"]


def test_shares_are_those_of_the_image_without_what_pads_it(tmp_path):
    Image.new("RGB", (40, 10)).save(tmp_path / "wide.png")
    answers = np.zeros((1, 8, 8, 2), np.float32)
    answers[..., 0], answers[:, 3:5, :4, 1] = 0.5, 1  # of the two rows that show the image, the left half
    prediction = Prediction("wide.png", answers[0], file=tmp_path / "wide.png")
    shares = {rule: Segmented(("background", "a"), rule).shares(prediction) for rule in ("pad", "squash")}
    np.testing.assert_allclose(shares["pad"], [0.5, 0.5])
    np.testing.assert_allclose(shares["squash"], [7 / 8, 1 / 8])


def test_a_network_that_sees_the_central_square_says_so(run, toy):
    ran = call("predict", toy / "circle" / "3.png", "--run", run)
    assert "careful: this network sees the central square of an image (--resize crop)" in ran.err
    assert run_info(run)["resize"] == "crop"
    assert Segmented(NAMES, "pad").notes({}) == []


def test_a_table_in_blocks_is_that_of_a_plain_start(run, toy, tmp_path):
    words = ("predict", toy / "circle", toy / "nothing.png", "--run", run)
    plain, ran = call(*words, "--csv", tmp_path / "a.csv"), call(*words, "--csv", tmp_path / "b.csv", "--resume")
    assert (plain.code, ran.code) == (0, 0)
    assert ran.out.startswith(plain.out)
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()


def test_two_pictures_of_one_name_do_not_overwrite_each_others_mask(run, toy, tmp_path):
    paths = [toy / label / "3.png" for label in ("circle", "square")]
    ran = call("predict", *paths, "--run", run, "--masks", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert f"would both have their mask in {tmp_path / '3.png'}" in ran.err
    assert list(tmp_path.iterdir()) == []  # told before any work: the folder can be given again


def test_masks_go_into_a_new_or_empty_folder_only(run, toy, toy_masks):
    before = {path: path.read_bytes() for path in [*toy_masks.rglob("*.png"), *run.rglob("*.png")]}
    for words, place in ((("--part", "test"), toy_masks), ((toy / "circle",), run)):
        ran = call("predict", *words, "--run", run, "--masks", place)
        assert ran.code == 2
        assert f"--masks takes a new or empty folder, so that no file is replaced. Received: {place}" in ran.err
    assert all(path.read_bytes() == content for path, content in before.items())
    ran = call("predict", *words, "--run", run, "--masks", toy / "out")
    assert (ran.code, "lies within the images, which stay as they are" in ran.err) == (2, True)
    assert not (toy / "out").exists()


def test_a_name_that_is_no_utf8_gets_its_mask(run, toy, tmp_path):
    picture = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9t\xe9.png"))
    shutil.copyfile(toy / "circle" / "3.png", picture)
    ran = call("predict", picture, "--run", run, "--masks", tmp_path / "m")
    assert ran.code == 0, ran.err
    assert [path.suffix for path in (tmp_path / "m").iterdir()] == [".png"]


@pytest.mark.parametrize("words", [("circle",), ()])
@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "stopped; nothing was left half-written. To begin again: "),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "error: The disk is full: nothing was left in --masks "),
    ],
)
def test_masks_that_are_stopped_midway_leave_nothing(words, error, code, told, run, toy, tmp_path, monkeypatch):
    written = []

    def write(self, *more, before=MaskWriter.write):
        if written:
            raise error
        written.append(before(self, *more))
        return written[0]

    monkeypatch.setattr(MaskWriter, "write", write)
    words = ("predict", *(toy / word for word in words), "--run", run, "--masks", tmp_path / "m")
    ran = call(*words)
    assert (ran.code, told in ran.err) == (code, True)
    assert len(written) == 1
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert call(*words).code == 0
    assert written[0].is_file()


def test_predict_without_paths_writes_masks_under_their_folders(run, tmp_path):
    assert call("predict", "--run", run, "--masks", tmp_path).code == 0
    assert len(list(tmp_path.rglob("*/*.png"))) == figures(run)["test"]["n"]


def test_predict_tells_when_the_masks_are_gone(run, toy, toy_masks, tmp_path):
    copy = tmp_path / run.name
    shutil.copytree(run, copy)
    info = json.loads((copy / "run.json").read_text())
    info["data"]["masks"] = str(tmp_path / "gone")
    (copy / "run.json").write_text(json.dumps(info))
    ran = call("predict", "--run", copy)
    assert ran.code == 2
    assert "images have no mask, such as" in ran.err


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--task", "segment", "-m", "original"),
         "--task segment needs a model that gives one for every pixel, such as -m unet. Received: -m original"),
        (("-m", "unet", "--task", "classify"),
         "--task classify needs a model that gives one vector of features for an image, such as -m original. "
         "Received: -m unet"),
        (("--masks", "m"), "--masks is for --task segment or --auxiliary mask: leave it out"),
        (("--mask-values", "index"), "--mask-values is for --task segment or --auxiliary mask: leave it out"),
        (("--task", "segment", "--masks", "m"),
         "--masks goes with --data; the drawings bring their own masks: leave it out."),
        (("--task", "segment", "--data", "photos"),
         "Masks are missing: give --masks DIR, a folder with a PNG for each image of --data, of the same path and "
         "size, 0 for background."),
        (("--task", "segment", "--augment", "flip,mixup"), "--augment mixup cannot be done to masks: leave it out."),
        (("--task", "segment", "--learning", "transfer"),
         "--task segment learns from scratch, from random weights. Received: --learning transfer; leave it out."),
        (("--task", "segment", "--weights", "a.keras"),
         "--task segment learns from scratch, from random weights. Received: --weights a.keras; leave it out."),
        (("--task", "segment", "--progressive", "32,64"),
         "--progressive is for --task classify or multilabel. Received: 32,64; leave it out."),
        (("--task", "paint"), "--task takes classify, multilabel, segment. Received: paint"),
    ],
)  # fmt: skip
def test_flags_that_do_not_go_together_are_refused(flags, told):
    ran = call("train", *flags)
    assert ran.code == 2
    assert told in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_missing_mask_is_told_before_anything_is_read(toy, toy_masks, tmp_path):
    shutil.copytree(toy_masks, tmp_path / "m")
    (tmp_path / "m" / "circle" / "3.png").unlink()
    ran = call("train", *QUICK, "--data", toy, "--masks", tmp_path / "m", "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert ran.err == (
        f"error: 1 of 60 images have no mask, such as {tmp_path / 'm' / 'circle' / '3.png'}: give each a PNG of the "
        "same path below --masks, or leave the image out by --exclude.\n"
    )
    assert call("train", *QUICK, "--data", toy, "--masks", tmp_path / "none", "--runs", tmp_path / "runs").err == (
        f"error: --masks takes a folder with a PNG for each image. Received: {tmp_path / 'none'} (no folder)\n"
    )


def test_masks_of_a_classifier_are_refused(run, tmp_path):
    copy = tmp_path / run.name
    shutil.copytree(run, copy)
    info = json.loads((copy / "run.json").read_text())
    info["task"] = "classify"
    (copy / "run.json").write_text(json.dumps(info))
    ran = call("predict", "--run", copy, "--masks", tmp_path / "m")
    assert ran.code == 2
    assert f"--masks is for runs of train --task segment, and {copy} classifies: leave it out." in ran.err


def test_values_may_be_classes(toy, tmp_path):
    place = make_masks(toy, tmp_path / "m", lambda label: 1 + (TOY_CLASSES.index(label) + 1) % 3)
    settings = TrainSettings.of(
        model="unet", task="segment", data=str(toy), masks=str(place), mask_values="index", image_size=32, store="off"
    )
    dataset = load_dataset(settings)
    labels = dataset.examples().labels
    for at in range(0, 60, 7):
        assert set(np.unique(dataset.masks[np.array([at])])) == {0, 1 + (labels[at] + 1) % 3}


def test_the_drawings_bring_their_masks(tmp_path):
    images = drawn_folder.write(tmp_path, 9, 32)
    settings = TrainSettings.of(model="unet", task="segment", image_size=32)
    found = scan(images)
    place = mask_set.folder_of(images, source_of(settings))
    assert place == Path(tmp_path) / "masks"
    mask_set.check_files(found, place, source_of(settings))
    assert mask_set.folder_of(images, source_of(TrainSettings())) is None


def test_one_class_is_enough(toy, toy_masks, tmp_path):
    shutil.copytree(toy / "circle", tmp_path / "circle")
    chosen = {"data": str(tmp_path), "masks": str(toy_masks), "image_size": 32, "store": "off"}
    dataset = load_dataset(TrainSettings.of(model="unet", task="segment", **chosen))
    assert dataset.class_names == ("circle",)
    assert set(np.unique(dataset.masks[np.arange(5)])) == {0, 1}
    with pytest.raises(UserError, match="only one class, circle"):
        load_dataset(TrainSettings.of(auxiliary="mask", **chosen))
