"""The program as its user meets it: whole commands, what they print, what they leave behind, how they fail."""

import contextlib
import csv
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from helpers import QUICK, ROOT, TOY_CLASSES, call, make_toy, toy_picture
from PIL import Image

import models
from data import image
from data.augment.pipeline import DEFAULT_AUGMENT
from data.store.store import Store
from models.parts.weights import build_backbone
from study.runs.folder import FILES
from study.runtime import hardware
from study.settings.resolve import defaults_of, recipe_of, resolve
from study.settings.source import load_dataset, store_of
from study.settings.train import TrainSettings

PICTURES = {"curves.png", "confusion.png", "mistakes.png"}
FOR_OPENVINO = {"model.xml", "model.bin"} if hardware.openvino_available() else set()
PYTHON_FILES = ("main.py", "errors.py", "study", "data", "models")


def command(*arguments, cwd=ROOT, **variables):
    """Give a command line and an environment for a process of its own."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TF_", "KERAS_", "PYTHON"))}
    return {
        "args": [sys.executable, "main.py", *map(str, arguments)],
        "cwd": cwd,
        "env": environment | {key: str(value) for key, value in variables.items()},
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }


def process(*arguments, cwd=ROOT, **variables):
    return subprocess.run(**command(*arguments, cwd=cwd, **variables), timeout=100, check=False)


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run_info(run):
    return json.loads((run / "run.json").read_text(encoding="utf-8"))


def shares(row):
    return np.array([float(row[f"p_{label}"]) for label in TOY_CLASSES])


def left_behind(folder):
    return sorted(path.name for path in folder.rglob("*")) if folder.is_dir() else []


def quick_transfer(run, data, runs, *more, told=""):
    """The cheapest training there is: the head of an earlier run once more, for one epoch."""
    ran = call(
        *("train", "-m", "original", "--image-size", 32, "--weights", run, "--learning", "transfer", "--epochs", 1),
        *("--data", data, "--runs", runs, *more),
    )
    assert (ran.code, ran.err) == (0, told)
    return newest(runs), ran


def newest(runs):
    return max(runs.iterdir(), key=lambda path: path.stat().st_mtime_ns)


@pytest.fixture(scope="module")
def own(run, tmp_path_factory):
    """A data folder and a run of it that a test may disturb, if it puts everything back."""
    place = tmp_path_factory.mktemp("own")
    made, ran = quick_transfer(run, make_toy(place / "toy"), place / "runs")
    return place / "toy", made, ran


# ---- train ---------------------------------------------------------------------------------------------------------


def test_run_folder_has_all_files_and_no_other(run):
    assert {path.name for path in run.iterdir()} == {*FILES, *PICTURES, *FOR_OPENVINO}
    assert re.fullmatch(r"\d{8}-\d{6}-original", run.name)
    assert all((run / name).stat().st_size > 0 for name in (*FILES, *PICTURES))
    assert all((run / name).read_bytes().startswith(b"\x89PNG") for name in PICTURES)


def test_toy_is_learned_and_screen_tells_plan_epochs_and_run_folder(trained):
    run, ran = trained
    assert ran.err == ""
    assert "48 training images / batch of 16 = 3 iterations per epoch, at most 3 epochs" in ran.out
    for epoch in (1, 2, 3):
        assert re.search(rf"^scratch epoch   {epoch}/3  loss \d+\.\d+  accuracy [\d.]+  val_loss", ran.out, re.M)
    assert f"run folder: {run}" in ran.out
    assert "there are no pretrained weights to begin with" in ran.out
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["test"]["accuracy"] >= 0.8  # chance is 0.33


def test_run_json_tells_resolved_settings(run, toy):
    info = run_info(run)
    assert {
        *("schema", "model", "created", "command", "settings", "learning", "stages", "class_names", "image_size"),
        *("resize", "data", "seconds", "versions", "git_commit", "machine"),
    } <= set(info)
    settings = info["settings"]
    assert settings["data"] == str(toy)
    assert settings["split"] == [8, 1, 1]
    assert (settings["learning"], settings["weights"]) == ("scratch", "none")
    assert (settings["epochs"], settings["batch_size"], settings["learning_rate"]) == (3, 16, 2e-3)
    assert settings["augment"] == DEFAULT_AUGMENT
    assert info["class_names"] == list(TOY_CLASSES)
    assert info["image_size"] == settings["image_size"] == 32
    (stage,) = info["stages"]
    assert (stage["name"], stage["images"], stage["iterations"], stage["epochs_run"]) == ("scratch", 48, 3, 3)
    assert 1 <= stage["kept_epoch"] <= 3
    assert info["data"]["counts"] == {
        "train": dict.fromkeys(TOY_CLASSES, 16),
        "val": dict.fromkeys(TOY_CLASSES, 2),
        "test": dict.fromkeys(TOY_CLASSES, 2),
    }
    assert info["data"]["left_out"] == []
    assert info["command"].startswith(f"python main.py train --data {toy} -m original")


def test_a_folder_of_photos_is_learned_by_what_suits_photos(toy, tmp_path):
    ran = call(
        *("train", "-m", "original", "--data", toy, "--image-size", 48, "--progressive", "32,40", "--width", 4),
        *("--epochs", 3, "--runs", tmp_path),
    )
    assert (ran.code, ran.err) == (0, "")
    (made,) = tmp_path.iterdir()
    assert [row["image_size"] for row in table(made / "history.csv")] == ["32", "32", "40"]
    assert "epochs: 2 at 32 pixels, 1 at 40 pixels" in ran.out
    settings, photos = run_info(made)["settings"], models.get("original").SPEC.photos
    assert (settings["width"], settings["image_size"], settings["progressive"]) == (4, 48, [32, 40])
    for name in ("learning_rate", "l2", "first_layer", "label_smoothing", "augment", "batch_size"):
        assert settings[name] == photos[name], name
    flags = {"model": "original", "data": str(toy), "weights": str(made)}
    again = resolve(flags, defaults_of(models.get("original").SPEC, flags))  # of the same width and size, unasked
    assert (again.network.width, again.data.image_size, again.data.resize) == (4, 48, "crop")
    network = build_backbone("original", 48, str(made), recipe_of(again.network, again.regularization))
    assert network.output_shape == (None, 16)
    assert defaults_of(models.get("plain").SPEC, flags | {"model": "plain"})["image_size"] == 32  # not that of another


def test_what_weights_have_learned_from_is_no_test(run, toy, tmp_path):
    other, ran = quick_transfer(run, toy, tmp_path / "other", "--split-seed", 1)
    seen = run_info(other)["data"]["held_out_but_learned_before"]
    assert 0 < seen <= 12
    told = f"has learned from {seen} of the validation and test images"
    assert f"careful: {run} {told} here, which flatters their figures; with the same classes" in ran.out
    page = " ".join((other / "report.html").read_text("utf-8").split())
    assert f"had learned from {seen} of the validation and test images" in page
    same, ran = quick_transfer(run, toy, tmp_path / "same", "--split-seed", 1, "--split-file", run / "split.csv")
    assert run_info(same)["data"]["held_out_but_learned_before"] == 0
    assert "careful" not in ran.out


@pytest.mark.skipif(not hardware.openvino_available(), reason="needs OpenVINO")
def test_a_copy_for_openvino_that_answers_otherwise_is_dropped(run, toy, tmp_path, monkeypatch):
    monkeypatch.setattr("study.train.export.MOST_DIFFERENCE", -1.0)
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


def test_split_covers_every_file_once(run, toy):
    rows = table(run / "split.csv")
    assert list(rows[0]) == ["path", "sha256", "label", "part"]
    files = sorted(path.relative_to(toy).as_posix() for path in toy.rglob("*.png"))
    assert sorted(row["path"] for row in rows) == files
    assert all(row["path"].startswith(row["label"] + "/") for row in rows)
    assert [sum(row["part"] == part for row in rows) for part in ("train", "val", "test")] == [48, 6, 6]


def test_history_has_a_row_an_epoch(run):
    rows = table(run / "history.csv")
    columns = "epoch stage loss accuracy val_loss val_accuracy learning_rate seconds"
    assert set(columns.split()) <= set(rows[0])
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert {row["stage"] for row in rows} == {"scratch"}
    rates = [float(row["learning_rate"]) for row in rows]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 1e-6  # a cosine down to 0


def test_metrics_agree_with_predictions(run):
    rows = table(run / "predictions.csv")
    assert list(rows[0]) == ["path", "label", "predicted", "probability", *(f"p_{label}" for label in TOY_CLASSES)]
    tests = [row for row in table(run / "split.csv") if row["part"] == "test"]
    assert [(row["path"], row["label"]) for row in rows] == [(row["path"], row["label"]) for row in tests]
    for row in rows:
        assert shares(row).sum() == pytest.approx(1, abs=2e-6)
        assert row["predicted"] == TOY_CLASSES[shares(row).argmax()]
        assert float(row["probability"]) == shares(row).max()
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert set(metrics) == {"val", "test"}
    test = metrics["test"]
    assert {"n", "accuracy", "accuracy_interval", "loss", "per_class", "macro_f1", "confusion"} <= set(test)
    right = sum(row["label"] == row["predicted"] for row in rows)
    assert (test["n"], test["accuracy"]) == (6, right / 6)
    assert test["accuracy_interval"][0] < test["accuracy"] <= test["accuracy_interval"][1] + 1e-9
    expected = [
        [sum((row["label"], row["predicted"]) == (true, said) for row in rows) for said in TOY_CLASSES]
        for true in TOY_CLASSES
    ]
    assert test["confusion"] == expected
    assert {label: entry["support"] for label, entry in test["per_class"].items()} == dict.fromkeys(TOY_CLASSES, 2)
    loss = -np.mean([np.log(float(row[f"p_{row['label']}"])) for row in rows])
    assert test["loss"] == pytest.approx(loss, rel=1e-3)


def test_report_needs_no_network(run):
    page = (run / "report.html").read_text(encoding="utf-8")
    sources = re.findall(r"""\bsrc=['"]?([^'"\s>]+)""", page)
    assert len(sources) == 3
    assert all(source.startswith("data:image/png;base64,") and len(source) > 5000 for source in sources)
    assert not re.search(r"<(link|iframe|object)\b|<script [^>]*src|@import|url\(", page)
    assert all(link.startswith("https://arxiv.org/") for link in re.findall(r"""\bhref=['"]?([^'"\s>]+)""", page))
    for text in (*TOY_CLASSES, "No file was left out", "python main.py train", "accuracy "):
        assert text in page


# ---- predict -------------------------------------------------------------------------------------------------------


def test_training_predict_and_keras_alone_give_the_same_probabilities(run, toy, tmp_path):
    import keras

    saved = {row["path"]: shares(row) for row in table(run / "predictions.csv")}
    files = [toy / name for name in saved]
    ran = call("predict", "--run", run, *files, "--csv", tmp_path / "all.csv")
    assert ran.code == 0
    rows = table(tmp_path / "all.csv")
    header = ["path", "predicted", "probability", *(f"p_{label}" for label in TOY_CLASSES), "error"]
    assert list(rows[0]) == header
    assert [row["path"] for row in rows] == [str(file) for file in files]
    call("predict", "--run", run, files[0], "--csv", tmp_path / "one.csv")
    (alone,) = table(tmp_path / "one.csv")
    classifier = keras.saving.load_model(run / "model.keras")
    pixels = np.stack([image.load(file.read_bytes(), 32, "crop") for file in files]).astype(np.float32)
    by_keras = classifier.predict(pixels, verbose=0)
    for row, file, direct in zip(rows, files, by_keras, strict=True):
        expected = saved[file.relative_to(toy).as_posix()]
        np.testing.assert_allclose(shares(row), expected, atol=2e-6)
        np.testing.assert_allclose(direct, expected, atol=2e-6)
        said = rf"{re.escape(str(file))} +{row['predicted']}  {float(row['probability']):.4f}"
        assert re.search(said, ran.out)
    np.testing.assert_allclose(shares(alone), shares(rows[0]), atol=2e-6)


@pytest.mark.parametrize("which", ["scratch", "transfer"])
def test_saved_model_opens_in_keras_without_a_warning(which, run, own):
    import keras

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        classifier = keras.saving.load_model((run if which == "scratch" else own[1]) / "model.keras")
    assert classifier.output_shape == (None, 3)


def test_folders_and_list_on_standard_input(run, toy, tmp_path):
    folder, table_path = toy / "circle", tmp_path / "answers.csv"
    assert call("predict", "--run", run, folder, "--csv", table_path).code == 0
    assert [row["path"] for row in table(table_path)] == [str(folder / f"{number}.png") for number in range(20)]
    names = f"{toy}/square/3.png\r\n\n{toy}/circle/7.png".encode()
    ran = call("predict", "--run", run, "-", "--csv", table_path, stdin=names)
    assert ran.code == 0
    assert [row["path"] for row in table(table_path)] == [f"{toy}/square/3.png", f"{toy}/circle/7.png"]
    *lines, last = ran.out.splitlines()
    assert len({len(line) - len(line.split(" ", 1)[1].lstrip()) for line in lines}) == 1  # aligned
    assert re.fullmatch(r"2 images: \w+ \d(, \w+ 1)?", last)


def test_without_paths_reports_own_test_part(run, toy, tmp_path):
    ran = call("predict", "--runs", run.parent, "--csv", tmp_path / "test.csv")
    assert (ran.code, ran.err.count("\n")) == (0, 1)
    assert f"{run}: its own test part" in ran.out
    test = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert f"test: accuracy {100 * test['accuracy']:.1f} %" in ran.out
    assert "precision" in ran.out
    assert all(label in ran.out for label in TOY_CLASSES)
    saved = [row["predicted"] for row in table(run / "predictions.csv")]
    assert [row["predicted"] for row in table(tmp_path / "test.csv")] == saved


def test_bad_file_among_good_ones_is_named_and_counted(run, toy, tmp_path):
    bad = tmp_path / "page.jpg"
    bad.write_bytes(b"<!doctype html><p>404")
    paths = [toy / "circle" / "0.png", bad, tmp_path / "gone.png", toy / "square" / "0.png"]
    ran = call("predict", "--run", run, *paths, "--csv", tmp_path / "answers.csv")
    assert ran.code == 0
    assert f"{bad}: not an image" in ran.err
    assert f"{tmp_path / 'gone.png'}: no such file or folder" in ran.err
    assert ran.err.splitlines()[-1] == "2 of 4 files could not be used."
    rows = {row["path"]: row for row in table(tmp_path / "answers.csv")}
    assert set(rows) == set(map(str, paths))
    assert rows[str(bad)]["error"].startswith("not an image")
    assert rows[str(bad)]["predicted"] == rows[str(bad)]["p_circle"] == ""
    assert rows[str(paths[0])]["error"] == ""
    assert rows[str(paths[0])]["predicted"] in TOY_CLASSES


def test_all_files_bad_ends_with_2(run, tmp_path):
    (tmp_path / "page.jpg").write_bytes(b"<!doctype html>")
    (tmp_path / "empty.png").write_bytes(b"")
    ran = call("predict", "--run", run, tmp_path / "page.jpg", tmp_path / "empty.png", "--csv", tmp_path / "a.csv")
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == "error: None of the 2 file(s) could be used; the reasons stand above."
    assert "empty.png: the file is empty" in ran.err
    assert len(table(tmp_path / "a.csv")) == 2


@pytest.mark.parametrize("name", ["猫の写真.png", "two words.png", "cat 🐱.png", "[red]a,\"b'.png", "-x.png"])
def test_any_name_is_answered(name, run, toy, tmp_path):
    file = tmp_path / name
    shutil.copy(toy / "circle" / "0.png", file)
    ran = call("predict", "--run", run, file, "--csv", tmp_path / "answers.csv")
    assert ran.code == 0
    assert ran.err.startswith(f"{run}: original, 3 classes (circle, square, stripes); test: accuracy ")
    assert ran.out.startswith(f"{file}  ")
    assert table(tmp_path / "answers.csv")[0]["path"] == str(file)


@pytest.mark.parametrize("listed", [b"\xff\xfe.png\n", b"a\0b\n"])
def test_garbage_on_standard_input_is_no_crash(listed, run):
    ran = call("predict", "--run", run, "-", stdin=listed)
    assert ran.code == 2
    assert ran.err.splitlines()[-1].startswith("error: ")


def test_run_answers_elsewhere_without_its_model_file_and_on_a_western_console(run, toy, tmp_path):
    project, moved, file = tmp_path / "project", tmp_path / "moved run", tmp_path / "猫 🐱.png"
    project.mkdir()
    for name in PYTHON_FILES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, project / name)
    (project / "models" / "original.py").unlink()
    shutil.copytree(run, moved)
    first = table(run / "predictions.csv")[0]
    shutil.copy(toy / first["path"], file)
    arguments = ("predict", "--run", moved, file, "--csv", tmp_path / "answers.csv")
    ended = process(*arguments, cwd=project, PYTHONIOENCODING="cp1252")
    assert ended.returncode == 0
    assert b"Traceback" not in ended.stderr
    assert first["predicted"].encode() in ended.stdout
    (row,) = table(tmp_path / "answers.csv")
    assert row["path"] == str(file)
    np.testing.assert_allclose(shares(row), shares(first), atol=2e-6)


def test_moved_data_is_told(own):
    data, run, _ = own
    away = data.rename(data.parent / "away")
    try:
        ran = call("predict", "--run", run)
    finally:
        away.rename(data)
    assert ran.code == 2
    expected = re.escape(f"error: 6 of 6 images of the run's test part are missing or changed in {data}, such as ")
    assert re.fullmatch(rf"{expected}circle/\d+\.png\. Put them back, or name files or folders to predict\.\n", ran.err)


@pytest.mark.parametrize("how", ["missing", "changed", "a folder"])
def test_the_test_picture_that_is_missing_or_changed_is_named(how, own):
    data, run, _ = own
    name = [row["path"] for row in table(run / "split.csv") if row["part"] == "test"][3]
    file, kept = data / name, data.parent / "kept.png"
    file.rename(kept)
    try:
        if how == "changed":
            toy_picture("circle", 999).save(file)
        elif how == "a folder":
            file.mkdir()
        ran = call("predict", "--run", run)
    finally:
        if how == "a folder":
            file.rmdir()
        kept.rename(file)
    assert ran.code == 2
    assert f"1 of 6 images of the run's test part are missing or changed in {data}, such as {name}. " in ran.err


# ---- learning types ------------------------------------------------------------------------------------------------


def test_transfer_from_own_run(own):
    _, run, ran = own
    info = run_info(run)
    assert (info["settings"]["learning"], info["settings"]["augment"]) == ("transfer", {})
    assert "learning type       transfer: as asked for" in ran.out
    assert "48 training images / batch of 256 = 1 iterations per epoch" in ran.out
    assert [row["stage"] for row in table(run / "history.csv")] == ["head"]


def test_transfer_leaves_the_backbone_as_it_was(own, run):
    import keras

    after, before = (keras.saving.load_model(folder / "model.keras", compile=False) for folder in (own[1], run))
    for ours, theirs in zip(after.layers[1].get_weights(), before.layers[1].get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_augmented_views_under_transfer(run, toy, tmp_path):
    made, ran = quick_transfer(run, toy, tmp_path / "runs", "--augment", "flip")
    (stage,) = run_info(made)["stages"]
    assert (stage["images"], stage["iterations"]) == (3 * 48, 1)
    assert "144 training images / batch of 256 = 1 iterations per epoch" in ran.out
    assert run_info(made)["settings"]["augment"] == {"flip": 1.0}


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


# ---- data ----------------------------------------------------------------------------------------------------------


def test_split_file_keeps_assignments_and_restores_the_ratio(run, tmp_path):
    data = make_toy(tmp_path / "toy", 30)
    again = load_dataset(
        TrainSettings.of(data=str(data), image_size=32, split_file=str(run / "split.csv"), seed=5), Store(None)
    )
    before = {row["path"]: row["part"] for row in table(run / "split.csv")}
    after = {row.path: row.part for row in again.rows}
    assert before.items() <= after.items()
    for label in TOY_CLASSES:
        parts = [part for path, part in after.items() if path.startswith(label)]
        counts = [parts.count(part) for part in ("train", "val", "test")]
        assert np.abs(np.subtract(counts, [24, 3, 3])).max() <= 1  # a near copy of a kept picture follows it


def test_ready_made_folders_are_used_as_they_are(run, tmp_path):
    data = tmp_path / "toy"
    counts = {"train": 6, "validation": 3, "test": 4}
    for i, (part, count) in enumerate(counts.items()):
        make_toy(data / part, count, first=10 * i)
    made, _ = quick_transfer(run, data, tmp_path / "runs")
    rows = table(made / "split.csv")
    assert all(row["path"].split("/")[0].startswith(row["part"]) for row in rows)
    assert [sum(row["part"] == part for row in rows) for part in ("train", "val", "test")] == [18, 9, 12]
    assert run_info(made)["class_names"] == list(TOY_CLASSES)
    page = " ".join((made / "report.html").read_text("utf-8").split())
    assert "39 images, in the parts that its folders give; every image" in page


def test_broken_files_are_left_out_and_named_hidden_ones_passed_over(run, tmp_path):
    data = make_toy(tmp_path / "toy", 8)
    toy_picture("circle", 100).resize((200, 200)).save(tmp_path / "whole.jpg")
    (data / "circle" / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:1500])
    (data / "circle" / "page.jpg").write_bytes(b"<!doctype html><p>404")
    (data / "square" / "empty.png").write_bytes(b"")
    (data / "square" / ".hidden.png").write_bytes(b"junk")
    (data / "square" / "Thumbs.db").write_bytes(b"junk")
    made, ran = quick_transfer(run, data, tmp_path / "runs")
    left_out = {entry["path"]: entry["reason"] for entry in run_info(made)["data"]["left_out"]}
    assert set(left_out) == {"circle/cut.jpg", "circle/page.jpg", "square/empty.png"}
    assert left_out["circle/cut.jpg"].startswith("truncated")
    assert left_out["circle/page.jpg"].startswith("not an image")
    assert left_out["square/empty.png"] == "the file is empty"
    assert "3 file(s) left out:" in ran.out
    for name, reason in left_out.items():
        assert f"  {name}: {reason}\n" in ran.out
    assert "hidden" not in ran.out
    assert "Thumbs" not in ran.out
    assert len(table(made / "split.csv")) == 24
    assert "circle/cut.jpg" in (made / "report.html").read_text(encoding="utf-8")


def test_data_folder_whose_name_is_no_unicode(run, tmp_path):
    data = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        data.mkdir()
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    made, _ = quick_transfer(run, make_toy(data, 6), tmp_path / "runs")
    assert call("predict", "--run", made).code == 0  # the folder is found again


# ---- what the user can mend ----------------------------------------------------------------------------------------


def folder(path, files):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    path.mkdir(exist_ok=True)
    return path


def less_toy(path, classes, count):
    make_toy(path, count)
    for label in set(TOY_CLASSES) - set(classes):
        shutil.rmtree(path / label)
    return path


def changed_run(run, path, name, change):
    """A copy of a run with one file changed."""
    shutil.copytree(run, path)
    (path / name).write_bytes(change((path / name).read_bytes()))
    (path / "model.xml").unlink(missing_ok=True)  # else OpenVINO answers, and nobody looks at model.keras
    return path


def cut(content):
    return content[: len(content) // 2]


def scratched(content):
    middle = len(content) // 2
    return content[:middle] + bytes(byte ^ 0x55 for byte in content[middle : middle + 300]) + content[middle + 300 :]


def other_network(path):
    import keras

    network = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    network.save(path) if path.suffix == ".keras" else network.save_weights(path)
    return path


LONG = "x" * 5000
DATA_ERRORS = {
    "no folder": (lambda tmp: tmp / "none", "no such file or folder; give a folder"),
    "a file": (lambda tmp: folder(tmp, {"a.png": b"x"}) / "a.png", "is a file; give a folder"),
    "empty folder": (lambda tmp: folder(tmp / "d", {}), "no images found"),
    "one class": (lambda tmp: less_toy(tmp / "d", ["circle"], 4), "only one class, circle; at least two"),
    "two images": (lambda tmp: less_toy(tmp / "d", ["circle", "square"], 2), "Class 'circle' has 2 usable image(s)"),
    "texts": (lambda tmp: folder(tmp / "d", {"a/1.txt": b"x", "b/2.txt": b"x"}), "no images found (2 skipped"),
    "no class folders": (lambda tmp: folder(tmp / "d", {"1.png": b"x", "2.png": b"x"}), "but no class folders"),
    "long name": (lambda tmp: LONG, "name too long"),
}
TRAIN_ERRORS = {
    "progress from too small a size": (
        ["-m", "alexnet", "--image-size", "128", "--width", "8", "--progressive", "32,128"],
        "--progressive for alexnet begins at 57 pixels or above. Received: 32,128",
    ),
    "maps of one pixel": (
        ["--image-size", "64", "--norm", "instance", "--progressive", "32,64"],
        "--norm instance needs maps of more than one pixel in every layer",
    ),
    "split of two": (["--split", "8:1"], "--split takes three whole numbers above 0"),
    "split with 0": (["--split", "0:1:1"], "--split takes three whole numbers above 0"),
    "split of 5,000 digits": (["--split", "9" * 5000 + ":1:1"], "--split takes three whole numbers"),
    "epochs below 1": (["--epochs", "-3"], "--epochs takes 1 to 100,000. Received: -3"),
    "epochs in letters": (["--epochs", "x"], "--epochs takes a whole number. Received: x"),
    "l2 no number": (["--l2", "nan"], "--l2 takes 0 to 10. Received: nan"),
    "seed too large": (["--seed", "4294967296"], "--seed takes 0 to 4"),
    "batch too large": (["--batch-size", "9" * 30], "--batch-size takes"),
    "resize": (["--resize", "stretch"], "--resize takes crop, pad, squash. Received: stretch"),
    "augment": (["--augment", "flop"], "--augment takes none or some of flip"),
    "zoom too strong": (["--augment", "zoom=1"], "--augment zoom takes a strength above 0, "),
    "store": (["--store", "maybe"], "--store takes on, off. Received: maybe"),
    "no room in the store": (["--store-limit", "0"], "--store-limit takes 0.01 to 100,000. Received: 0.0"),
    "store limit no number": (["--store-limit", "nan"], "--store-limit takes 0.01 to 100,000. Received: nan"),
    "store limit in letters": (["--store-limit", "10GB"], "--store-limit takes a number. Received: 10GB"),
    "unknown flag": (["--epoch-count", "3"], "Unrecognized arguments: --epoch-count 3"),
    "image too small": (["--image-size", "8"], "--image-size takes 32 to 1,024. Received: 8"),
    "unknown model": (["-m", "orignal"], "Unknown model 'orignal'. Did you mean 'original'? Available: alexnet, "),
    "transfer without weights": (["--learning", "transfer"], "--learning transfer needs pretrained weights"),
    "finetune without weights": (
        ["--weights", "none", "--learning", "finetune"],
        "--learning finetune needs pretrained weights and original starts from random ones",
    ),
    "no weights file": (["--weights", "/none/a.weights.h5"], ", no such file or folder"),
    "weights' name too long": (["--weights", LONG], LONG),
    "no split file": (["--split-file", "/none/split.csv"], "Cannot read the split file /none/split.csv"),
}
RUN_ERRORS = {
    "no run": (lambda run, tmp: tmp / "none", "--run takes a run folder"),
    "long name": (lambda run, tmp: LONG, LONG),
    "no run folder": (lambda run, tmp: tmp, "is no complete run folder: model.keras, run.json"),
    "no JSON": (lambda run, tmp: changed_run(run, tmp / "r", "run.json", cut), "run.json cannot be read"),
    "JSON without keys": (
        lambda run, tmp: changed_run(run, tmp / "r", "run.json", lambda _: b'{"schema": 1}'),
        "run.json cannot be read",
    ),
    "later schema": (
        lambda run, tmp: changed_run(run, tmp / "r", "run.json", lambda c: c.replace(b'"schema": 1', b'"schema": 9')),
        "has schema 9; this program reads schema 1",
    ),
    "truncated model": (
        lambda run, tmp: changed_run(run, tmp / "r", "model.keras", cut),
        "model.keras is not the file that training saved",
    ),
    "scratched model": (
        lambda run, tmp: changed_run(run, tmp / "r", "model.keras", scratched),
        "model.keras is not the file that training saved",
    ),
}


def fails(ran, text, runs):
    """One line that begins with error, exit code 2, nothing left in the folder of runs."""
    assert ran.code == 2
    assert re.fullmatch(r"error: .+\n", ran.err), ran.err
    assert text in ran.err
    assert left_behind(runs) == []


@pytest.mark.parametrize("case", DATA_ERRORS)
def test_unusable_data(case, tmp_path):
    make, text = DATA_ERRORS[case]
    fails(call("train", *QUICK, "--data", make(tmp_path), "--runs", tmp_path / "runs"), text, tmp_path / "runs")


@pytest.mark.parametrize("case", TRAIN_ERRORS)
def test_unusable_flags(case, toy, tmp_path):
    words, text = TRAIN_ERRORS[case]
    fails(call("train", "--data", toy, *QUICK, "--runs", tmp_path / "r", *words), text, tmp_path / "r")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["-m", "original", "--engine", "openvino"],
            "--engine runs a frozen backbone, and here all learns from scratch",
        ),
        (["-m", "original", "--learning", "transfer"], "--learning transfer needs pretrained weights"),
        (
            ["-m", "efficientnet_lite", "--learning", "transfer", "--progressive", "64,80"],
            "--progressive needs --learning scratch or finetune",
        ),
    ],
)
def test_flags_that_contradict_each_other_are_refused_before_a_picture_is_looked_for(words, text, tmp_path):
    fails(call("train", "--data", tmp_path / "none", *words, "--runs", tmp_path / "r"), text, tmp_path / "r")


@pytest.mark.parametrize("case", RUN_ERRORS)
def test_unusable_run(case, run, toy, tmp_path):
    make, text = RUN_ERRORS[case]
    fails(call("predict", "--run", make(run, tmp_path), toy / "circle" / "0.png"), text, tmp_path / "runs")


@pytest.mark.parametrize("name", ["other.weights.h5", "other.keras"])
def test_weights_of_another_network(name, toy, tmp_path):
    weights, runs = other_network(tmp_path / name), tmp_path / "runs"
    ran = call("train", *QUICK, "--data", toy, "--weights", weights, "--runs", runs)
    fails(ran, f"The weights in {weights} do not fit original: ", runs)


def test_weights_of_a_scratched_run(run, toy, tmp_path):
    weights, runs = changed_run(run, tmp_path / "r", "model.keras", scratched), tmp_path / "runs"
    ran = call("train", *QUICK, "--data", toy, "--weights", weights, "--runs", runs)
    fails(ran, f"{weights / 'model.keras'}", runs)


def test_split_file_of_other_classes(run, toy_copy, tmp_path):
    data, runs = toy_copy(), tmp_path / "runs"
    (data / "stripes").rename(data / "bands")
    ran = call("train", *QUICK, "--data", data, "--split-file", run / "split.csv", "--runs", runs)
    fails(ran, "name different classes: bands, stripes. ", runs)


def test_tables_of_other_pictures_are_refused(run, toy, tmp_path):
    (tmp_path / "check.csv").write_text("path,drop\ntoy/circle/1.png,yes\n")
    ran = call("train", *QUICK, "--data", toy, "--exclude", tmp_path / "check.csv", "--runs", tmp_path / "runs")
    fails(ran, f"marks 1 image(s), such as toy/circle/1.png, none of which is in {toy}", tmp_path / "runs")
    data = make_toy(tmp_path / "toy", 8, first=1000)
    ran = call("train", *QUICK, "--data", data, "--split-file", run / "split.csv", "--runs", tmp_path / "runs")
    fails(ran, f"split.csv knows none of the images in {data}", tmp_path / "runs")


def test_results_among_the_pictures_are_refused(run, toy_copy):
    data = toy_copy()
    ran = call("train", *QUICK, "--data", data, "--runs", data / "runs")
    text = f"--runs {data / 'runs'} lies within the images, which stay as they are. Give another --runs DIR."
    fails(ran, text, data / "runs")
    ran = call("inspect", "-m", "original", "--data", data, "--inspects", data)
    fails(ran, f"--inspects {data} lies within the images", data / "inspects")


def test_runs_under_a_file_cannot_be_written(toy, tmp_path):
    (tmp_path / "file").write_text("x")
    ran = call("train", *QUICK, "--data", toy, "--runs", tmp_path / "file" / "runs")
    fails(ran, f"Cannot write to --runs {tmp_path / 'file' / 'runs'}: Not a directory", tmp_path / "runs")


@pytest.mark.parametrize("name", ["none/a.csv", ".", LONG], ids=["no folder", "a folder", "long name"])
def test_table_that_cannot_be_written(name, run, toy, tmp_path):
    ran = call("predict", "--run", run, toy, "--csv", tmp_path / name)
    fails(ran, str(tmp_path / name), tmp_path / "runs")
    assert name == LONG or "error: Cannot write --csv" in ran.err
    assert ran.out == ""  # told before the work, not after


def test_model_without_a_run(run, tmp_path):
    text = f"There is no complete run of model 'resnet' in {run.parent}. Train first (python main.py train -m resnet)"
    fails(call("predict", "--runs", run.parent, "-m", "resnet"), text, tmp_path / "runs")
    text = f"There is no complete run in {tmp_path / 'none'}."
    fails(call("predict", "--runs", tmp_path / "none"), text, tmp_path / "runs")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "The following arguments are required: COMMAND. See: python main.py --help"),
        (
            ["lern"],
            "invalid choice: 'lern' (choose from 'summary', 'check', 'train', 'compare', 'inspect', 'store', "
            "'predict')",
        ),
        (["train", "photos"], "Unrecognized arguments: photos. See: python main.py train --help"),
        (["train", "--epochs"], "Argument --epochs: expected one argument. See: python main.py train --help"),
        (["store", "clear"], "Unrecognized arguments: clear"),
        (["predict", "--store", "off"], "Unrecognized arguments: --store"),
        (["summary", "-m", "resnett"], "Unknown model 'resnett'. Did you mean 'resnet'?"),
        (["summary", "-m", "original", "--image-size", "16"], "--image-size takes 32 to 1,024. Received: 16"),
    ],
)
def test_unusable_commands(words, text, tmp_path):
    fails(call(*words), text, tmp_path)


def test_process_ends_with_2_and_one_line():
    ended = process("train", "-m", "orignal")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.startswith(b"error: Unknown model 'orignal'")
    assert ended.stderr.count(b"\n") == 1


@pytest.mark.parametrize("largest", [2_000, 200_000], ids=["run.json", "model.keras"])
def test_full_disk_while_saving(largest, run, toy, tmp_path):
    runs = tmp_path / "runs"
    arguments = ("--weights", run, "--learning", "transfer", "--epochs", 1, "--runs", runs)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, limits[1]))  # a longer file is EFBIG: Python ignores SIGXFSZ
    try:
        ran = call("train", "-m", "original", "--image-size", 32, "--data", toy, *arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    fails(ran, f"The disk is full: the run could not be saved in {runs}. Free some space", runs)


# ---- the store -----------------------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of this test's own."""
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def kept_table():
    """What `store` prints: (kind, rows, MB) of each line, and (all, MB) of the last; long names go on below."""
    ran = call("store")
    assert (ran.code, ran.err) == (0, "")
    lines = [re.split(r" {2,}", line.strip()) for line in ran.out.splitlines()]
    return [tuple(line[:3]) for line in lines if re.fullmatch(r"[\d,.]+", line[1] if len(line) > 1 else "")]


def test_store_on_again_and_off_give_the_same_run(cache, run, toy, tmp_path):
    without, ran = quick_transfer(run, toy, tmp_path / "without", "--store", "off")
    assert left_behind(cache) == []
    assert "is not used" not in ran.out
    first, _ = quick_transfer(run, toy, tmp_path / "first")
    kept = left_behind(cache)
    again, _ = quick_transfer(run, toy, tmp_path / "again")
    assert left_behind(cache) == kept
    for name in ("predictions.csv", "metrics.json", "split.csv"):
        assert (again / name).read_bytes() == (first / name).read_bytes(), name
    for ours, theirs in zip(table(first / "predictions.csv"), table(without / "predictions.csv"), strict=True):
        np.testing.assert_allclose(shares(ours), shares(theirs), atol=0.02)  # of bfloat16, if that was faster only once
    assert (without / "split.csv").read_bytes() == (first / "split.csv").read_bytes()


def test_store_shows_what_is_kept_and_is_emptied(cache, run, toy, tmp_path):
    assert kept_table() == [("all", "0.0")]
    quick_transfer(run, toy, tmp_path / "runs")
    *entries, total = kept_table()
    rows = Counter()
    for kind, count, _ in entries:
        rows[kind.split()[0]] += int(count)
    compared = 6 if hardware.openvino_available() else 0  # of the validation part, by TensorFlow too
    assert (rows["pixels"], rows["fingerprints"], rows["features"]) == (60, 60, 60 + compared)
    kept = [path for path in (cache / "store").iterdir() if path.suffix in (".rows", ".blob")]
    size = sum(path.stat().st_size for path in kept) / 1e6
    assert total == ("all", f"{size:.1f}")
    size += (cache / "store" / "index.sqlite3").stat().st_size / 1e6
    ran = call("store", "--clear")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"emptied {cache / 'store'}: {size:.1f} MB\n"
    assert left_behind(cache / "store") == []
    assert kept_table() == [("all", "0.0")]


def test_store_limit_bounds_what_is_kept(cache, toy):
    settings = TrainSettings.of(data=str(toy), image_size=256, store_limit=0.01)
    pictures = load_dataset(settings, store_of(settings.data)).pictures  # 12 MB
    assert sum(path.stat().st_size for path in (cache / "store").glob("*.rows")) <= 10e6
    assert pictures.pixels[np.arange(60)].shape == (60, 256, 256, 3)


def test_a_store_that_is_over_a_new_limit_shrinks_though_nothing_new_is_kept(cache, toy):
    settings = TrainSettings.of(data=str(toy), image_size=256)
    load_dataset(settings, store_of(settings.data))
    assert sum(path.stat().st_size for path in (cache / "store").glob("*.rows")) > 10e6
    store_of(settings.but(store_limit=0.01).data)
    assert sum(path.stat().st_size for path in (cache / "store").glob("*.rows")) <= 10e6


def test_a_damaged_store_is_told_and_does_no_harm(cache, run, toy, tmp_path):
    (cache / "store").mkdir(parents=True)
    (cache / "store" / "index.sqlite3").write_bytes(b"spilt milk " * 1000)
    told = f"note: the index of the store in {cache / 'store'} is damaged (file is not a database): set aside"
    quick_transfer(run, toy, tmp_path / "runs", told=f"{told}, and a new one begun\n")
    assert len(kept_table()) > 1
    assert call("store", "--clear").code == 0
    assert left_behind(cache / "store") == []


def has_open(process, folder):
    """Say whether a process has a file below a folder open."""
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if link.readlink().is_relative_to(folder):
                return True
    return False


def waits(process):
    """Say whether a process's main thread did nothing for half a second."""
    before = processor_time(process)
    time.sleep(0.5)
    return processor_time(process) == before


def processor_time(process):
    """Return what the main thread has used, in hundredths of a second."""
    fields = Path(f"/proc/{process.pid}/task/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])  # the user's and the system's


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux which files are open")
@pytest.mark.parametrize("idle", [False, True])
def test_ctrl_c_while_images_are_read_in_the_background(idle, tmp_path):
    """At first TensorFlow is being imported meanwhile, later the program only waits for the images."""
    data, picture = tmp_path / "data", tmp_path / "large.png"
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), np.uint8)
    Image.fromarray(noise).save(picture, compress_level=1)
    for label in ("a", "b"):
        (data / label).mkdir(parents=True)
        for number in range(500):  # a minute
            os.link(picture, data / label / f"{number}.png")
    words = ("train", "--data", data, *QUICK, "--runs", tmp_path / "runs")
    with subprocess.Popen(**command(*words, STUDY_CACHE=tmp_path / "cache")) as training:
        until = time.monotonic() + 60
        while not has_open(training, data) and time.monotonic() < until:
            time.sleep(0.02)
        while idle and not waits(training) and time.monotonic() < until:
            pass
        assert training.poll() is None
        started = time.monotonic()
        training.send_signal(signal.SIGINT)
        _, err = training.communicate(timeout=60)
    assert training.returncode == 130
    assert time.monotonic() - started < 15
    assert err.decode().strip().startswith("stopped; nothing was left half-written. ")
    assert err.count(b"\n") == 2
    assert left_behind(tmp_path / "runs") == []


# ---- processes -----------------------------------------------------------------------------------------------------


def test_quiet_start_on_a_japanese_console_and_the_same_run_again(run, toy, tmp_path):
    """Another process, another folder, the same seed: the same figures to the last digit."""
    data, runs = tmp_path / "写真 🐱", tmp_path / "runs"
    shutil.copytree(toy, data)
    ended = process("train", "--data", data, *QUICK, "--runs", runs, PYTHONIOENCODING="cp932")
    assert ended.returncode == 0
    assert b"Traceback" not in ended.stderr
    assert "写真 ?" in ended.stdout.decode("cp932")
    (again,) = runs.iterdir()
    for name in ("predictions.csv", "metrics.json", "split.csv"):
        assert (again / name).read_bytes() == (run / name).read_bytes(), name
    assert run_info(again)["data"]["fingerprint"] == run_info(run)["data"]["fingerprint"]


def test_ctrl_c_leaves_nothing(toy, tmp_path):
    words = ("train", "--data", str(toy), *QUICK, "--epochs", "1000", "--patience", "0", "--runs", str(tmp_path / "r"))
    with subprocess.Popen(**command(*words)) as training:
        for line in training.stdout:
            if line.startswith(b"scratch epoch"):
                break
        training.send_signal(signal.SIGINT)
        _, err = training.communicate(timeout=60)
    assert training.returncode == 130
    assert err.decode().strip() == (
        f"stopped; nothing was left half-written. To begin again: python main.py {' '.join(words)}"
    )
    assert left_behind(tmp_path / "r") == []


def test_two_at_once_share_runs_and_an_empty_cache(tmp_path):
    runs, cache = tmp_path / "runs", tmp_path / "cache"
    words = ("train", *QUICK, "--epochs", 1, "--batch-size", 64, "--augment", "none", "--runs", runs)
    quick = "import sys; from data.drawn.folder import cached; cached.__defaults__ = (300, *cached.__defaults__[1:]); "
    start = command(*words, STUDY_CACHE=cache)
    start["args"][1:2] = ["-c", f"{quick}import main; sys.exit(main.main())"]  # not 1,500 drawings
    both = [subprocess.Popen(**start) for _ in range(2)]
    texts = [training.communicate(timeout=250) for training in both]
    assert [training.returncode for training in both] == [0, 0]
    assert [err for _, err in texts] == [b"", b""]
    assert all(b"drawings made by the program, not photos" in out for out, _ in texts)
    made = sorted(runs.iterdir())
    assert len(made) == 2
    assert all({path.name for path in run.iterdir()} == {*FILES, *PICTURES, *FOR_OPENVINO} for run in made)
    assert (made[0] / "predictions.csv").read_bytes() == (made[1] / "predictions.csv").read_bytes()
    assert run_info(made[0])["data"]["drawn"] is True
    assert sum(path.name != "store" for path in cache.iterdir()) == 1


@pytest.mark.parametrize(
    "words", [["--help"], ["summary", "--help"], ["train", "--help"], ["predict", "--help"], ["summary"]]
)
def test_help_and_table_of_models_start_without_keras(words):
    arguments = command(*words)
    arguments["args"][1:1] = ["-X", "importtime"]
    ended = subprocess.run(**arguments, timeout=60, check=False)
    imported = {line.rsplit(b"|", 1)[-1].strip().split(b".")[0] for line in ended.stderr.splitlines()}
    assert ended.returncode == 0
    assert b"argparse" in imported
    assert not imported & {b"keras", b"tensorflow", b"matplotlib", b"sklearn"}
    expected = [b"usage: python main.py"] if "--help" in words else [name.encode() for name in models.available()]
    assert all(text in ended.stdout for text in expected)


def test_nobody_reads_on():
    read, write = os.pipe()
    os.close(read)  # as `| head` does when it has enough
    ended = subprocess.run(**command("summary") | {"stdout": write}, timeout=60, check=False)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (1, b"")


# ---- summary -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def summaries():
    return {}


def summary_of(name, summaries):
    if name not in summaries:
        ran = call("summary", "-m", name)
        assert (ran.code, ran.err) == (0, "")
        summaries[name] = ran.out
    return summaries[name]


def figure(text, key):
    return int(re.search(rf"^{key} +([\d,]+)", text, re.M)[1].replace(",", ""))


@pytest.mark.parametrize("name", models.available())
def test_summary_tells_everything(name, summaries):
    text, spec = summary_of(name, summaries), models.get(name).SPEC
    for key in ("parameters", "multiply-adds", "size", "input", "output", "learning", "weights", "paper"):
        assert re.search(rf"^{key} +\S", text, re.M), key
    assert f"{spec.image_size} × {spec.image_size} pixels" in text
    assert spec.source in text
    assert spec.weights_source in text
    assert f"size             {4 * figure(text, 'parameters') / 2**20:.1f} MiB" in text
    assert "Conv2D" in text


def test_summary_of_original_by_hand():
    text = call("summary", "-m", "original", "--image-size", 64).out
    one, two, three, four = models.get("original").FILTERS
    kernels = [5 * 5 * 3 * one, 3 * 3 * one * two, 3 * 3 * two * three, 3 * 3 * three * four]
    normalisation = 4 * (one + two + three + four)  # scale, shift, and two statistics that do not learn
    assert figure(text, "parameters") == sum(kernels) + normalisation
    assert f"{sum(kernels) + normalisation // 2:,} learn from scratch, {normalisation // 2:,} never" in text
    sides = (32, 16, 8, 4)  # stride 2, then a pooling before each further block
    costs = [kernel * side**2 for kernel, side in zip(kernels, sides, strict=True)]
    assert figure(text, "multiply-adds") == sum(costs)
    (line,) = [line for line in text.splitlines() if "block1_conv" in line]
    assert line.split()[-2:] == [f"{kernels[0]:,}", f"{costs[0]:,}"]


@pytest.mark.parametrize(
    ("name", "parameters", "least", "most"),
    [
        ("resnet", 23_587_712, 3.8e9, 4.1e9),  # https://arxiv.org/abs/1512.03385, table 1: 3.8 billion
        ("efficientnet", 4_049_571, 0.36e9, 0.41e9),  # https://arxiv.org/abs/1905.11946, table 2: 0.39 billion
        ("efficientnet_lite", None, 0.38e9, 0.41e9),  # its authors give 407 million
    ],
)
def test_summary_agrees_with_the_papers(name, parameters, least, most, summaries):
    text = summary_of(name, summaries)
    assert least <= figure(text, "multiply-adds") <= most
    if parameters:
        assert figure(text, "parameters") == parameters


def test_summary_counts_as_keras_does(summaries):
    from models.parts.weights import build_backbone

    counted = build_backbone("original", 64, "none").count_params()
    assert figure(summary_of("original", summaries), "parameters") == counted
    assert figure(summary_of("original", summaries), "frozen backbone +0 of") == counted
