"""Trimaps from the first message to a run that is judged again: 1 the animal, 2 the background, 3 a rim, never 0."""

import csv
import json

import numpy as np
import pytest
from helpers import call, left_behind
from PIL import Image, ImageDraw

from study.settings.source import load_dataset
from study.settings.train import TrainSettings

pytestmark = pytest.mark.slow
QUICK = ("--image-size", 32, "--epochs", 2, "--precision", "float32", "--seed", 1)
MAPPING = "1=own,2=background,3=ignore"
SHAPES = {"cat": "rectangle", "dog": "ellipse"}


@pytest.fixture(scope="module")
def trimaps(tmp_path_factory):
    place = tmp_path_factory.mktemp("trimaps")
    for label, shape in SHAPES.items():
        for kind in ("photos", "masks"):
            (place / kind / label).mkdir(parents=True)
        for number in range(14):
            noise = np.random.default_rng([len(label), ord(label[0]), number]).integers(0, 90, (40, 40, 3), np.uint8)
            image, mask = Image.fromarray(noise), Image.new("L", (40, 40), 2)
            box = (4 + number, 8, 22 + number, 30)
            getattr(ImageDraw.Draw(image), shape)(box, fill=(200, 60, 40))
            getattr(ImageDraw.Draw(mask), shape)(box, fill=1, outline=3, width=2)
            image.save(place / "photos" / label / f"{number}.png")
            mask.save(place / "masks" / label / f"{number}.png")
    return place


def segment(place, *flags):
    data = ("--data", place / "photos", "--masks", place / "masks")
    return call("train", "--task", "segment", *QUICK, "--width", 8, *data, *flags)


@pytest.fixture(scope="module")
def trained(trimaps, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    flags = ("--mask-values", MAPPING, "--class-weight", "balanced", "--augment", "flip,rotation")
    ran = segment(trimaps, "--runs", runs, *flags)
    assert ran.code == 0, ran.err
    (run,) = runs.iterdir()
    return run, ran


def test_training_says_before_it_starts_that_there_is_no_background(trimaps, tmp_path):
    ran = segment(trimaps, "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert ran.err.startswith("error: No pixel of a mask is background: the values of the 28 masks are 1 (")
    assert ran.err.endswith(
        " at 32 × 32. Only 0 is that by --mask-values own: say what each means, such as --mask-values "
        "1=own,2=background,3=ignore; if every pixel is of a class, give --mask-values 1=own,2=own,3=own.\n"
    )
    assert ran.err.count("\n") == 1
    assert left_behind(tmp_path / "runs") == []


def test_a_run_keeps_the_mapping_and_counts_the_pixels_that_are_not_ignored(trimaps, trained):
    run, ran = trained
    settings = json.loads((run / "run.json").read_text())["settings"]
    assert settings["mask_values"] == MAPPING
    metrics = json.loads((run / "metrics.json").read_text())
    chosen = {"data": str(trimaps / "photos"), "masks": str(trimaps / "masks"), "image_size": 32, "seed": 1}
    dataset = load_dataset(TrainSettings.of(task="segment", model="unet", store="off", mask_values=MAPPING, **chosen))
    for split in ("val", "test"):
        masks = dataset.masks[np.flatnonzero([entry.split == split for entry in dataset.entries])]
        pixels = {name: entry["pixels"] for name, entry in metrics[split]["per_class"].items()}
        assert pixels == {name: int((masks == i).sum()) for i, name in enumerate(("background", "cat", "dog"))}
        assert 0 < metrics[split]["pixels"] == sum(pixels.values()) < masks.size
        assert metrics[split]["n"] == len(masks)
    assert "Traceback" not in ran.err
    assert "Warning" not in ran.err


def kept_epoch(run):
    with (run / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    return history[json.loads((run / "run.json").read_text())["stages"][0]["kept_epoch"] - 1]


def test_validation_of_an_epoch_and_of_the_kept_network_agree(trained):
    run, _ = trained
    kept = kept_epoch(run)
    val = json.loads((run / "metrics.json").read_text())["val"]
    assert val["accuracy"] == pytest.approx(float(kept["val_accuracy"]), abs=1e-4)
    assert val["mean_iou"] == pytest.approx(float(kept["val_mean_iou"]), abs=1e-4)


def test_predict_judges_by_the_same_mapping(trained):
    run, _ = trained
    ran = call("predict", "--run", run, "--part", "test")
    assert ran.code == 0, ran.err
    test = json.loads((run / "metrics.json").read_text())["test"]
    assert f"test: mean IoU {test['mean_iou']:.3f}, mean Dice {test['mean_dice']:.3f}" in ran.out
    lines = [line.split() for line in ran.out.splitlines()]
    for name, entry in test["per_class"].items():
        assert [line[-1] for line in lines if line[:1] == [name]] == [f"{entry['pixels']:,}"]


def test_predict_refuses_a_mask_that_has_a_new_value(trimaps, trained):
    run, _ = trained
    with (run / "split.csv").open() as file:
        path = next(row["path"] for row in csv.DictReader(file) if row["part"] == "test")
    mask = trimaps / "masks" / path
    before = mask.read_bytes()
    Image.new("L", (40, 40), 7).save(mask)
    ran = call("predict", "--run", run)
    mask.write_bytes(before)
    assert ran.code == 2
    assert ran.err.endswith(
        f"{mask} has the value 7, of which --mask-values {MAPPING} says nothing: say what it means too, such as "
        "7=ignore.\n"
    )


@pytest.mark.slow
def test_an_auxiliary_mask_may_ignore_pixels_too(trimaps, tmp_path):
    data = ("--data", trimaps / "photos", "--masks", trimaps / "masks", "--mask-values", MAPPING)
    flags = ("-m", "original", "--width", 0, "--auxiliary", "mask", "--batch-size", 8, "--runs", tmp_path / "runs")
    ran = call("train", *QUICK, *data, *flags)
    assert ran.code == 0, ran.err
    (run,) = (tmp_path / "runs").iterdir()
    auxiliary = json.loads((run / "metrics.json").read_text())["val"]["auxiliary"]
    assert auxiliary["n"] == 4
    assert auxiliary["iou"] == pytest.approx(float(kept_epoch(run)["val_auxiliary_iou"]), abs=1e-3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("both", "--mask-values takes own, index, or what each value of 0 to 255 means, such as "
         "0=ignore,1=own,2=background. Received: both"),
        ("1=own,1=ignore", "--mask-values names the value 1 twice: give it one meaning. Received: 1=own,1=ignore"),
        ("1=cow", "--mask-values 1=cow: there is no class cow. There are: background, own, ignore, cat, dog."),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_meant_is_refused(trimaps, tmp_path, text, told):
    ran = segment(trimaps, "--runs", tmp_path / "runs", "--mask-values", text)
    assert (ran.code, ran.err) == (2, f"error: {told}\n")
