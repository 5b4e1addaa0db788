"""Two stages: a network finds, and the run that was trained on what is cut out cuts new images in the same way."""

import json
import shutil

import keras
import numpy as np
import pytest
from helpers import TOY_CLASSES, call, fails, message, toy_image
from PIL import Image
from run_files import newest, run_info, table

from data import boxes as box_tables
from study.runs.folder import Run
from study.saved import finder
from study.saved.cut import given_boxes

pytestmark = pytest.mark.slow
SIDE = 96
QUICK = ("-m", "original", "--image-size", 32, "--width", 0, "--epochs", 1, "--batch-size", 16)


def make_scenes(root, count=12):
    """Toy images, each somewhere in a black scene; one is black altogether."""
    random = np.random.default_rng(0)
    boxes = {}
    for label in TOY_CLASSES:
        (root / label).mkdir(parents=True)
        for number in range(count):
            left, top = random.integers(0, SIDE - 40, 2).tolist()
            image = Image.new("RGB", (SIDE, SIDE))
            if (label, number) != ("circle", 0):
                shape = toy_image(label, number).point(lambda level: max(level, 100))
                image.paste(shape, (left, top))
                boxes[f"{label}/{number}.png"] = (left, top, left + shape.width, top + shape.height)
            image.save(root / label / f"{number}.png")
    return boxes


def make_finder(folder, **more):
    """A run of --task segment whose network calls an animal what is bright."""
    inputs = keras.Input((SIDE, SIDE, 3))
    outputs = keras.layers.Conv2D(2, 1, activation="softmax")(inputs)
    network = keras.Model(inputs, outputs)
    kernel = np.zeros((1, 1, 3, 2), np.float32)
    kernel[..., 1] = 1
    network.set_weights([kernel, np.array([0, -150], np.float32)])
    folder.mkdir(parents=True)
    network.save(folder / "model.keras")
    info = {"schema": 1, "model": "unet", "task": "segment", "class_names": ["background", "thing"],
            "image_size": SIDE, "resize": "pad", "data": {"folder": "."}, "settings": {}, "stages": []}  # fmt: skip
    info["files"] = {}
    (folder / "run.json").write_text(json.dumps(info | more))
    for name in ("split.csv", "history.csv", "metrics.json", "predictions.csv", "report.html"):
        (folder / name).write_text("path,sha256,label,part\n" if name == "split.csv" else "")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Scenes, the boxes of what they show, a finder, and a run that cuts by it."""
    place = tmp_path_factory.mktemp("two")
    boxes = make_scenes(place / "data")
    found = make_finder(place / "finder")
    ran = call("train", *QUICK, "--data", place / "data", "--runs", place / "runs",
               "--crop-to", "mask", "--finder", found)  # fmt: skip
    assert ran.code == 0, ran.err
    found.rename(place / "aside")
    return place, boxes, newest(place / "runs"), ran


def test_a_run_keeps_what_its_images_were_cut_to_and_the_network_that_found_it(made):
    _, boxes, run, ran = made
    assert "of 36 images, 1 without a found animal, such as circle/0.png: taken whole" in ran.out
    assert box_tables.read(run / "boxes.csv").boxes == boxes
    info = run_info(run)["crop"]
    assert (info["to"], info["cut"], info["whole"]) == ("mask", 35, 1)
    assert (run / "finder" / "model.keras").is_file()
    assert info["finder"]["files"].keys() == {"model.keras"}
    assert "35 of 36 images; the 1 in which no animal was found were taken whole" in (run / "report.html").read_text()


def test_predict_cuts_new_images_as_training_did(made, tmp_path):
    place, _, run, _ = made
    own = call("predict", "--run", run, "--csv", tmp_path / "own.csv")
    assert own.code == 0, own.err
    assert (place / "data").rename(tmp_path / "moved")
    try:
        new = call("predict", "--run", run, tmp_path / "moved", "--csv", tmp_path / "new.csv",
                   "--page", tmp_path / "p.html")  # fmt: skip
    finally:
        (tmp_path / "moved").rename(place / "data")
    assert new.code == 0, new.err
    assert "of 36 images, 1 without a found animal: taken whole\n" in new.err
    by_name = {row["path"].rpartition("moved/")[2]: row for row in table(tmp_path / "new.csv")}
    for row in table(tmp_path / "own.csv"):
        again = by_name[row["path"].rpartition("data/")[2]]
        assert float(again["probability"]) == pytest.approx(float(row["probability"]), abs=1e-5)
    assert "Of 36 images, 1 were taken whole." in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_predict_needs_the_finder_as_it_was(made, tmp_path):
    place, _, run, _ = made
    shutil.copytree(run, tmp_path / "run")
    with (tmp_path / "run" / "finder" / "model.keras").open("ab") as file:
        file.write(b"x")
    ran = call("predict", "--run", tmp_path / "run", place / "data")
    assert ran.code == 2
    assert "model.keras is not the file that training saved: it was changed" in ran.err


@pytest.mark.slow
def test_a_table_of_boxes_cuts_too_and_new_images_need_one(made, tmp_path):
    place, boxes, run, _ = made
    data = place / "data"
    words = ("--data", data, "--runs", tmp_path, "--crop-to", "box", "--boxes", run / "boxes.csv")
    trained = call("train", *QUICK, *words)
    assert trained.code == 0, trained.err
    assert f"of 36 images, 1 without a box in --boxes {run / 'boxes.csv'}, such as circle/0.png" in trained.out
    second = newest(tmp_path)
    assert box_tables.read(second / "boxes.csv").boxes == boxes
    whole = call("predict", "--run", second, data / "square")
    assert "of 12 images, 12 without a box: taken whole" in whole.err
    assert "Give predict --boxes FILE.csv." in whole.err
    shutil.copy(run / "boxes.csv", tmp_path / "new.csv")
    given = call("predict", "--run", second, data / "square", "--boxes", tmp_path / "new.csv")
    assert "all 12 images are cut to the animal" in given.err
    assert "Give predict --boxes" not in given.err
    listed = "".join(f"{file}\n" for file in sorted((data / "square").iterdir()))
    table = tmp_path / "listed.csv"
    words = ("-", "--boxes", tmp_path / "new.csv", "--csv", table)
    by_list = call("predict", "--run", second, *words, stdin=listed.encode())
    assert by_list.code == 0, by_list.err
    assert "all 12 images are cut to the animal" in by_list.err
    assert sorted(by_list.out.splitlines()) == sorted(given.out.splitlines())
    ran = call("predict", "--run", second, *words, stdin=b"\n")
    assert (ran.code, ran.err) == (2, "error: There is no image in the list: give image files or folders.\n")


def test_a_table_names_files_of_the_folder_predicted_for_before_those_of_the_working_folder(tmp_path, monkeypatch):
    for place in ("here", "there"):
        (tmp_path / place / "cat").mkdir(parents=True)
        toy_image("circle", 1).save(tmp_path / place / "cat" / "1.png")
    (tmp_path / "there" / "boxes.csv").write_text("path,left,top,right,bottom\ncat/1.png,1,2,9,9\n")
    run = Run(tmp_path, {"crop": {"to": "box"}})
    monkeypatch.chdir(tmp_path / "here")
    for folder in ("there", "there/cat", "there/cat/1.png"):
        found = given_boxes(run, str(tmp_path / "there" / "boxes.csv"), [str(tmp_path / folder)])
        assert found == {tmp_path / "there" / "cat" / "1.png": (1, 2, 9, 9)}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--crop-to", "mask"), "give --finder RUN, a run of train --task segment"),
        (("--crop-to", "box"), "give --boxes FILE.csv with path,left,top,right,bottom"),
        (("--finder", "x"), "--finder goes with --crop-to mask. Received: --crop-to none"),
        (
            ("--crop-to", "mask", "--finder", "x", "--task", "segment", "-m", "unet"),
            "--crop-to is for --task classify or",
        ),
        (
            ("--crop-to", "mask", "--finder", "x", "--auxiliary", "mask"),
            "--auxiliary mask learns masks of whole images",
        ),
    ],
)
def test_train_refuses_what_does_not_go_with_a_cut(tmp_path, words, text):
    fails(call("train", "--runs", tmp_path, *words), text, tmp_path)


def test_only_a_run_that_tells_an_animal_from_the_background_finds(made, tmp_path):
    _, _, run, _ = made
    assert f"Received: {run}, of --task classify" in message(finder.opened, str(run), "")
    nothing = make_finder(tmp_path / "a", settings={"mask_values": "0=background,1=ignore"})
    assert "name no class but the background" in message(finder.opened, str(nothing), "")
    all_of_it = make_finder(tmp_path / "b", settings={"mask_values": "0=ignore,1=own"})
    assert "have no background" in message(finder.opened, str(all_of_it), "")


def test_boxes_are_refused_where_a_run_has_no_use_for_them(made, tmp_path):
    _, _, run, _ = made
    of_finder = Run(run, run_info(run))
    assert "finds the animal by itself: leave it out" in message(given_boxes, of_finder, str(run / "boxes.csv"), [])
    assert "learned whole images: leave it out" in message(given_boxes, Run(run, {}), str(run / "boxes.csv"), [])
    by_box = Run(run, {"crop": {"to": "box"}})
    shutil.copy(run / "boxes.csv", tmp_path)
    assert "has no box of a file that is there" in message(given_boxes, by_box, str(tmp_path / "boxes.csv"), [])


def test_what_sees_whole_images_refuses_such_a_run(made, tmp_path):
    _, _, run, _ = made
    fails(call("inspect", "--run", run, "--inspects", tmp_path), "inspect reads whole images", tmp_path)
    again = shutil.copytree(run, tmp_path / "runs" / "again")
    assert "A vote is of runs that see whole images." in call("ensemble", run, again, "--runs", tmp_path).err
