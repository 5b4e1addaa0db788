"""`train`: the run folder it leaves, what it prints, what it learns from photos and from earlier weights."""

import json
import re

import numpy as np
import pytest
from helpers import TOY_CLASSES, call
from run_files import FOR_OPENVINO, PICTURES, run_info, shares, table

import models
from data.augment.pipeline import DEFAULT_AUGMENT
from models.parts.weights import build_backbone
from study.runs.folder import FILES
from study.settings.resolve import defaults_of, options_of, resolve


def test_run_folder_has_all_files_and_no_other(run):
    assert {path.name for path in run.iterdir()} == {*FILES, *PICTURES, *FOR_OPENVINO, "known.npz"}
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


@pytest.mark.slow
def test_a_folder_of_photos_is_learned_by_what_suits_photos(toy, tmp_path):
    ran = call(
        *("train", "-m", "original", "--data", toy, "--image-size", 48, "--progressive", "32,40", "--width", 4),
        *("--epochs", 3, "--runs", tmp_path),
    )
    assert (ran.code, ran.err) == (0, "")
    (made,) = tmp_path.iterdir()
    assert [row["image_size"] for row in table(made / "history.csv")] == ["32", "32", "40"]
    assert "epochs: 2 at 32 pixels, 1 at 40 pixels" in ran.out
    settings, photos = run_info(made)["settings"], models.get("original").SPEC.defaults_from_scratch
    assert (settings["width"], settings["image_size"], settings["progressive"]) == (4, 48, [32, 40])
    for name in ("learning_rate", "l2", "first_layer", "label_smoothing", "augment", "batch_size"):
        assert settings[name] == photos[name], name
    flags = {"model": "original", "data": str(toy), "weights": str(made)}
    again = resolve(flags, defaults_of(models.get("original").SPEC, flags))  # of the same width and size, unasked
    assert (again.network.width, again.data.image_size, again.data.resize) == (4, 48, "crop")
    network = build_backbone("original", 48, str(made), options_of(again.network, again.regularization))
    assert network.output_shape == (None, 16)
    assert defaults_of(models.get("plain").SPEC, flags | {"model": "plain"})["image_size"] == 32  # not that of another


def test_split_covers_every_file_once(run, toy):
    rows = table(run / "split.csv")
    assert list(rows[0]) == ["path", "sha256", "label", "part", "unit"]  # many of them look alike
    files = sorted(path.relative_to(toy).as_posix() for path in toy.rglob("*.png"))
    assert sorted(row["path"] for row in rows) == files
    assert all(row["path"].startswith(row["label"] + "/") for row in rows)
    assert [sum(row["part"] == split for row in rows) for split in ("train", "val", "test")] == [48, 6, 6]


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
