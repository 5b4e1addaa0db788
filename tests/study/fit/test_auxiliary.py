# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import csv
import json
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import QUICK, TOY_CLASSES, call
from PIL import Image

from data import auxiliary_labels
from data.batches import Examples, eval_batches
from data.store.store import Store
from errors import UserError
from models.parts.head import classifier, freeze, head, unfreeze
from study.fit import auxiliary, loop, objective
from study.fit.auxiliary import AuxiliaryTraining
from study.fit.targets import keras_batches
from study.fit.training_copy import training_copy
from study.settings.source import load_dataset
from study.settings.stages import Stage
from study.settings.train import TrainSettings

SIZE, CLASSES = 16, 2
STAGE = Stage("scratch", 12, 8, 1e-2)


def tiny():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((SIZE, SIZE, 3), name="image")
    x = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", name="conv")(x)
    x = keras.layers.BatchNormalization(momentum=0.8, name="norm")(x)
    x = keras.layers.ReLU()(x)
    pooled = keras.layers.GlobalAveragePooling2D()(x)
    return classifier(keras.Model(inputs, pooled, name="backbone"), head(8, CLASSES, 0.2))


def examples(n=72):
    """Red or green squares on noise; how bright the blue is, is the second label, unknown for some."""
    rng = np.random.default_rng(0)
    labels, bright = (np.arange(n) % 2).astype(np.int32), (np.arange(n) // 2 % 2).astype(np.int32)
    pixels, masks = rng.integers(0, 40, (n, SIZE, SIZE, 3)), np.zeros((n, SIZE, SIZE), np.uint8)
    for at in range(n):
        top, left = rng.integers(0, 8, 2)
        masks[at, top : top + 8, left : left + 8] = 1
        pixels[at, top : top + 8, left : left + 8, labels[at]] = 200
        pixels[at, ..., 2] += 150 * bright[at]
    bright[rng.random(n) < 0.25] = -1
    rows = {"train": np.arange(48), "val": np.arange(48, 64), "test": np.arange(64, n)}
    names = auxiliary_labels.AuxiliaryLabels(("dim", "bright"), bright)
    return Examples(pixels.astype(np.uint8), labels, rows, masks=masks, auxiliary=names)


def settings(kind, weight=0.3, **changes):
    base = {"augment": {}, "dropout": 0.2, "learning": "scratch", "precision": "float32", "patience": 0}
    return TrainSettings.of(**base | {"auxiliary": kind, "auxiliary_weight": weight} | changes)


@pytest.fixture
def joined():
    """A function: kind of auxiliary task -> the classifier and, on the same backbone, what learns in its place."""

    def make(kind):
        found, whole = examples(), tiny()
        plain = replace(found, masks=None, auxiliary=None)
        return whole, plain, auxiliary.build_auxiliary_training(whole, plain, found, settings(kind))

    return make


# ---- where second labels come from -----------------------------------------------------------------------------------


def told(call, *arguments):
    with pytest.raises(UserError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_table_of_labels_is_read_and_its_faults_are_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("path,label\ncat/1.jpg,indoors\ncat/2.jpg,\ncat/3.jpg, outdoors\ncat/3.jpg,outdoors\n")
    label_of = auxiliary_labels.read(path)
    assert label_of == {"cat/1.jpg": "indoors", "cat/3.jpg": "outdoors"}
    found = auxiliary_labels.from_names(["cat/0.jpg", "cat/1.jpg", "cat/2.jpg", "cat/3.jpg"], label_of)
    assert found.names == ("indoors", "outdoors")
    np.testing.assert_array_equal(found.labels, [-1, 0, -1, 1])
    path.write_text("path,label\na,x\na,y\n")
    assert told(auxiliary_labels.read, path) == f"`auxiliary` {path} gives a two labels: x and y."
    path.write_text("file,label\na,x\n")
    assert told(auxiliary_labels.read, path) == (
        f"`auxiliary` {path} has no column path: give none, coat, mask or a CSV file path,label. It has: file, label."
    )
    assert told(auxiliary_labels.read, tmp_path / "no") == (
        f"Cannot read `auxiliary` {tmp_path / 'no'}: No such file or directory. Give none, coat, mask or a CSV file "
        "path,label."
    )
    assert told(auxiliary_labels.from_names, ["a", "b"], {"a": "x"}) == (
        "`auxiliary`: at least two different labels are needed to learn from. There is only 'x'."
    )


# ---- learning together -----------------------------------------------------------------------------------------------


SIZES_AND_MIXING = {"progressive": (12, 16), "augment": {"flip": 1.0, "cutmix": 0.3}}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "changes"), [("colour", SIZES_AND_MIXING), ("mask", {})])
def test_both_are_learned_together_by_one_backbone(joined, kind, changes):
    whole, plain, both = joined(kind)
    outcome = loop.run_stage(both.model, STAGE, both.examples, settings(kind, 1.0, **changes))
    history = outcome.history
    figure = "auxiliary_iou" if kind == "mask" else "auxiliary_accuracy"
    assert history[-1]["auxiliary_loss"] < 0.7 * history[0]["auxiliary_loss"]
    assert history[-1]["loss"] < history[0]["loss"]
    assert history[-1][f"val_{figure}"] > 0.5
    assert {row["image_size"] for row in history} == set(changes.get("progressive", [0]))
    judged = auxiliary.evaluate(both, "val")
    kept = history[outcome.kept_epoch - 1]
    assert judged["iou" if kind == "mask" else "accuracy"] == pytest.approx(kept[f"val_{figure}"], abs=1e-3)
    shares = whole.predict_on_batch(plain.inputs[plain.indices["val"]].astype(np.float32))
    assert (shares.argmax(axis=1) == plain.labels[plain.indices["val"]]).mean() == pytest.approx(kept["val_accuracy"])


@pytest.mark.parametrize("kind", ["colour", "mask"])
def test_the_second_loss_reaches_the_backbone_with_its_weight(joined, kind):
    def gradient(weight):
        _, _, both = joined(kind)
        objective.compile_model(both.model, STAGE, settings(kind, weight, l2=0.0), 10)
        batches = keras_batches(eval_batches(both.examples, "val", 16), both.model)
        x, y, weights = next(iter(batches))
        with tf.GradientTape() as tape:
            loss = both.model.compute_loss(x, y, both.model(x, training=False), weights)
        return np.asarray(tape.gradient(loss, both.model.get_layer("backbone").get_layer("conv").kernel.value))

    none, once, twice = gradient(0.0), gradient(1.0), gradient(2.0)
    assert np.abs(once - none).max() > 1e-5
    np.testing.assert_allclose(twice - none, 2 * (once - none), atol=1e-5)


@pytest.mark.parametrize("kind", ["colour", "mask"])
def test_what_fine_tuning_frees_learns_under_both_heads(kind):
    found, whole = examples(), tiny()
    backbone = whole.get_layer("backbone")
    freeze(backbone)
    both = auxiliary.build_auxiliary_training(whole, found, found, settings(kind))

    def learning():
        copy = training_copy(both.model)
        names = [variable.path.split("/")[-2] for variable in copy.trainable_variables]
        assert names == [variable.path.split("/")[-2] for variable in both.model.trainable_variables]
        return set(names)

    assert not {"conv", "norm"} & learning()
    unfreeze(backbone)
    assert "conv" in learning()
    assert "norm" not in learning()


def test_pictures_without_a_second_label_have_no_second_loss(joined):
    _, _, both = joined("colour")
    unknown = replace(both.examples.auxiliary, labels=np.full(72, -1, np.int32))
    some = replace(both.examples, auxiliary=unknown)
    objective.compile_model(both.model, STAGE, settings("colour"), 10)
    batches = keras_batches(eval_batches(some, "val", 16), both.model)
    logs = both.model.evaluate(batches, verbose=0, return_dict=True)
    assert logs["auxiliary_loss"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("kind", ["colour", "mask"])
def test_the_training_copy_takes_any_size_with_both_heads(joined, kind):
    _, plain, both = joined(kind)
    copy = training_copy(both.model, any_size=True)
    pixels = plain.inputs[:4].astype(np.float32)
    for mine, theirs in zip(copy.predict_on_batch(pixels), both.model.predict_on_batch(pixels), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_tells_the_second_task_and_at_weight_0_ends_as_without(toy, run, tmp_path):
    table = tmp_path / "side.csv"
    with table.open("w", newline="") as file:
        rows = [
            (f"{label}/{n}.png", "wide" if Image.open(toy / label / f"{n}.png").width > 28 else "narrow")
            for label in TOY_CLASSES
            for n in range(0, 20, 1 + (label == "circle"))
        ]
        csv.writer(file).writerows([("path", "label"), *rows])
    flags = ("--data", toy, *QUICK, "--auxiliary", table, "--auxiliary-weight", 0, "--runs", tmp_path / "runs")
    ran = call("train", *flags)
    assert ran.code == 0, ran.err
    assert "second label: 50 of 60 images have one" in ran.out
    assert f"validation, auxiliary task {table}: " in ran.out
    (mine,) = (tmp_path / "runs").iterdir()
    network = keras.saving.load_model(mine / "model.keras", safe_mode=True)
    without = keras.saving.load_model(run / "model.keras", safe_mode=True)
    for one, other in zip(network.get_weights(), without.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)
    assert [layer.name for layer in network.layers] == ["image", "backbone", "head"]
    assert network.output_shape == (None, 3)
    metrics = json.loads((mine / "metrics.json").read_text())
    assert metrics["val"]["auxiliary"]["labels"] == ["narrow", "wide"]
    assert json.loads((mine / "run.json").read_text())["settings"]["auxiliary"] == str(table)
    with (mine / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    assert {"auxiliary_loss", "val_auxiliary_accuracy"} <= set(history[0])
    page = (mine / "report.html").read_text()
    assert "auxiliary task side.csv" in page
    assert "no part of the saved network" in page


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (("--auxiliary", "coat", "--learning", "transfer", "-m", "efficientnet_lite"),
         "--auxiliary needs --learning scratch or finetune: under transfer the backbone, which the auxiliary "
         "task is to "
         "help, does not learn. Leave it out, or choose another learning type."),
        (("--auxiliary", "coat", "--data", "photos"),
         "--auxiliary coat is for the drawings only: leave --data out, or give a CSV file path,label."),
        (("--auxiliary", "coat", "--task", "segment"),
         "--auxiliary is for --task classify. Received: coat; leave it out."),
        (("--auxiliary-weight", "0.5"), "--auxiliary-weight is for --auxiliary: give that, or leave it out."),
        (("--auxiliary", "mask", "--data", "photos"), "Masks are missing: give --masks DIR"),
        (("--auxiliary", "mask", "--augment", "mixup"), "--augment mixup cannot be done to masks: leave it out."),
    ],
)  # fmt: skip
def test_flags_that_do_not_go_together_are_refused(flags, error):
    ran = call("train", *flags)
    assert ran.code == 2
    assert error in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_table_of_other_pictures_is_refused(toy, tmp_path):
    (tmp_path / "a.csv").write_text("path,label\ncircle/1.png,a\nother/1.png,b\n")
    ran = call("train", "--data", toy, *QUICK, "--auxiliary", tmp_path / "a.csv", "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert f"names 1 image(s) that are not in {toy}, such as other/1.png: give paths below that folder" in ran.err


def test_a_table_may_name_pictures_that_are_left_out(toy, tmp_path):
    rows = [f"{label}/{n}.png,{n % 2}" for label in TOY_CLASSES for n in range(20)]
    (tmp_path / "a.csv").write_text("\n".join(["path,label", *rows]))
    (tmp_path / "check.csv").write_text("path,drop\ncircle/0.png,1\n")
    flags = {"auxiliary": str(tmp_path / "a.csv"), "exclude": str(tmp_path / "check.csv")}
    found = load_dataset(TrainSettings.of(data=str(toy), image_size=32, **flags), Store(None))
    assert len(found.auxiliary.labels) == len(found.entries) == 59


def test_a_joint_network_shares_the_classifiers_layers(joined):
    whole, _, both = joined("colour")
    assert isinstance(both, AuxiliaryTraining)
    assert both.model.get_layer("backbone") is whole.get_layer("backbone")
    assert both.model.get_layer("head") is whole.get_layer("head")


def test_two_heads_of_a_network_for_images_of_any_size_have_all_variables_before_they_learn():
    image = keras.Input((None, None, 3))
    pooled = keras.layers.Dense(CLASSES, activation="softmax")(keras.layers.GlobalAveragePooling2D()(image))
    model = keras.Model(image, [pooled, keras.layers.Conv2D(2, 1, activation="softmax")(image)])
    auxiliary.compile_two_heads(model, keras.optimizers.Adam(), keras.losses.CategoricalCrossentropy(), [], 1.0)
    objective.make_variables(model)
    assert len(model.optimizer.variables) > 2 * len(model.trainable_variables)
