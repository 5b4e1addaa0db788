"""Why a split is empty, or a class cannot be evaluated: the reason is told, with counts."""

import shutil

import numpy as np
import pytest
from helpers import QUICK, call, message
from PIL import Image, ImageDraw

from data.dataset import load
from data.duplicate_groups import single_label
from data.source import Source
from data.split import SplitEntry
from data.split_notes import unevaluated


def picture(*seed):
    """Coloured blobs, unlike those of any other seed."""
    blobs = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(blobs).resize((40, 40), Image.Resampling.BICUBIC)


def fill(folder, kind, count, first=0):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        picture(kind, number).save(folder / f"{number}.png")


def outcome(source):
    """What is noted, and the error."""
    notes = []
    return message(load, source, note=notes.append), notes


def test_a_copy_of_the_classes_among_them_is_named(tmp_path):
    for kind, label in enumerate(("healthy", "infected")):
        fill(tmp_path / label, kind, 25)
        shutil.copytree(tmp_path / label, tmp_path / "cells" / label)
    error, notes = outcome(Source(tmp_path, 32))
    cause = "25 of 25 images of healthy are also in cells: is one a copy of the other?"
    assert error == f"The split has no image for val, test: all of train, val, test are needed. {cause}"
    assert notes[0].startswith("check: 100 images; 50 exact duplicates, 50 images in two classes; ")
    assert notes[1] == f"careful: {cause}"
    assert notes[-1] == "images: cells 50, healthy 25, infected 25"
    fill(tmp_path / "cells", 5, 30)  # now there is something to divide: it is told all the same
    fill(tmp_path / "healthy", 6, 10, first=100)
    fill(tmp_path / "infected", 7, 10, first=100)
    notes = []
    load(Source(tmp_path, 32), note=notes.append)
    assert "careful: 25 of 35 images of healthy are also in cells: is one a copy of the other?" in notes


def test_a_few_shared_images_are_no_copy_of_a_class(tmp_path):
    fill(tmp_path / "a", 0, 20)
    fill(tmp_path / "b", 1, 20)
    fill(tmp_path / "b", 0, 3, first=0)
    notes = []
    load(Source(tmp_path, 32), note=notes.append)
    assert not [line for line in notes if "copy of the other" in line]


@pytest.fixture
def panoramas(tmp_path):
    """Ten times as wide as high, the subject at the left or right end; the middle looks the same in all."""
    for left, label in ((60, "left"), (2700, "right")):
        (tmp_path / label).mkdir()
        for number in range(12):
            wide = Image.new("RGB", (3000, 300), (100 + number * 5, 120, 140))
            ImageDraw.Draw(wide).ellipse((left, 60, left + 200, 240), fill=(220, 40, 20))
            wide.save(tmp_path / label / f"{number}.jpg")
    return tmp_path


def test_panoramas_that_look_alike_after_the_crop_are_told_and_padding_is_advised(panoramas):
    error, notes = outcome(Source(panoramas, 32))
    cause = (
        "24 of 24 images look nearly the same after the crop to a square, which cuts away 90 % of each: `resize` pad"
    )
    assert error == (
        "The split has no image for val, test: all of train, val, test are needed. " + cause + " keeps them whole."
    )
    assert f"careful: {cause} keeps them whole" in notes
    assert load(Source(panoramas, 32, resize="pad")).sizes()["test"] > 0
    ran = call("train", *QUICK, "--data", panoramas)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--resize pad keeps them whole." in ran.err


def test_images_that_are_alike_in_two_classes_are_told_as_the_cause(tmp_path):
    for shift, label in enumerate(("a", "b")):
        (tmp_path / label).mkdir()
        for number in range(6):
            pixels = np.asarray(picture(number)).astype(int) + shift
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(tmp_path / label / f"{number}.png")
    error, _ = outcome(Source(tmp_path, 32))
    assert error == (
        "The split has no image for val, test: all of train, val, test are needed. 12 of 12 images have a near "
        "duplicate in another class, most between a and b, and images that look alike are not divided."
    )


@pytest.mark.slow
def test_a_class_without_test_images_is_said_not_to_be_evaluated(tmp_path):
    for at, split in enumerate(("train", "val", "test")):
        for kind, label in enumerate(("cat", "dog", "owl")):
            fill(tmp_path / "data" / split / label, 10 * at + kind, 6)
    shutil.rmtree(tmp_path / "data/test/owl")
    ran = call("train", *QUICK, "--epochs", 1, "--data", tmp_path / "data", "--runs", tmp_path / "runs")
    assert ran.code == 0, ran.err
    assert "careful: no test image of owl: not evaluated there, so the figures of such a class are –\n" in ran.out
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["owl", "–", "–", "–", "0"] in rows
    assert "No image of owl: not evaluated." in ran.out
    (run,) = (tmp_path / "runs").iterdir()
    assert "<td>–</td>" in (run / "report.html").read_text(encoding="utf-8")
    predicted = call("predict", "--run", run)
    assert predicted.code == 0, predicted.err
    assert ["owl", "–", "–", "–", "0"] in [line.split() for line in predicted.out.splitlines()]


def test_of_many_classes_without_test_images_the_first_are_named():
    names = [f"c{number}" for number in range(15)]
    rows = [SplitEntry("a", "1", name, "train") for name in names] + [
        SplitEntry("b", "2", "c0", "test"),
        SplitEntry("c", "3", "c0", "val"),
    ]
    lines = unevaluated(rows, names, single_label)
    assert len(lines) == 2
    assert "no validation image of c1, c2, c3, c4, c5, c6, c7, c8, c9, c10 and 4 more: not evaluated there" in lines[0]
