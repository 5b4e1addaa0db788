"""`export` of a run whose images may have several labels, or none: each class is told by its own threshold."""

import contextlib
import io
import json
import re
import shutil
import sys

import numpy as np
import pytest
from helpers import call, fails, left_behind
from run_files import run_info, table
from structure.test_readme import FENCE, TEXTS

from data.split import read_split
from study.export import running
from study.runs.folder import hashes

ENGINES = {"onnx": "tf2onnx", "litert": "ai_edge_litert", "openvino": "openvino", "saved_model": "tensorflow"}
TAKES_LONG = [pytest.param(name, marks=pytest.mark.slow) for name in ("openvino", "saved_model")]
BLOCKS = [block for language, block in FENCE.findall(TEXTS["docs/export.md"]) if language == "python"]


def told_by(place, several):
    """Labels by the exported file alone, of each image: what stands in it names the thresholds."""
    told = json.loads((place / "export.json").read_text(encoding="utf-8"))["metadata"]
    files = sorted(several.parent.glob("*.png"))
    images = running.Images(files, told["resize"]["size"], told["resize"]["rule"], None)
    form = json.loads((place / "export.json").read_text(encoding="utf-8"))["file"]
    form = {"model.onnx": "onnx", "model.tflite": "litert", "model.xml": "openvino"}.get(form, "saved_model")
    found = running.answers_of(place, form, images, place.parent).outputs["probabilities"]
    names = told["class_names"]
    above = found >= np.array([told["thresholds"][name] for name in names])
    return {file.name: "|".join(np.array(names)[row]) for file, row in zip(files, above, strict=True)}


def predicted(run, several, folder):
    """What `predict` says of each image."""
    assert call("predict", "--run", run, *sorted(several.parent.glob("*.png")), "--csv", folder / "p.csv").code == 0
    return {row["path"].rpartition("/")[2]: row["predicted"] for row in table(folder / "p.csv")}


@pytest.mark.parametrize("name", ["onnx", "litert", *TAKES_LONG])
def test_the_file_and_its_thresholds_tell_the_labels_that_predict_does(several_run, several, tmp_path, name):
    pytest.importorskip(ENGINES[name])
    place = tmp_path / "exported"
    ran = call("export", several_run, "--format", name, "--out", place)
    assert ran.code == 0, ran.err
    assert re.search(r"^compared .* 0 answer\(s\) changed$", ran.out, re.MULTILINE)  # and no word of verdicts
    told = json.loads((place / "export.json").read_text(encoding="utf-8"))
    info = run_info(several_run)
    validation = [entry for entry in read_split(several_run / "split.csv") if entry.split == "val"]
    assert told["parity"]["images"] == len(validation)
    assert (told["parity"]["changed"], told["parity"]["changed_verdicts"]) == ([], None)
    assert told["parity"]["greatest"] < 1e-4
    assert told["parity"]["accuracy"] == told["parity"]["accuracy_of_run"]
    metrics = json.loads((several_run / "metrics.json").read_text(encoding="utf-8"))
    assert told["parity"]["accuracy"] == pytest.approx(metrics["val"]["accuracy"])
    assert told["metadata"]["thresholds"] == info["thresholds"]
    assert told["metadata"]["task"] == "multilabel"
    assert told["metadata"]["verdicts"] == {"unlike_above": None, "unsure_below": None, "right": None}
    assert (place / "labels.txt").read_text(encoding="utf-8").split() == ["blue", "red"]
    expected = predicted(several_run, several, tmp_path)
    assert told_by(place, several) == expected
    assert len(set(expected.values())) == 4  # red, blue, both and none


def test_the_lines_of_the_docs_name_the_labels_that_predict_names(several_run, several, tmp_path, monkeypatch):
    pytest.importorskip("tf2onnx")
    square, onnx, *_, labels = BLOCKS
    assert call("export", several_run, "--out", tmp_path / "exported").code == 0
    (tmp_path / "square.py").write_text(square, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "square", raising=False)
    monkeypatch.chdir(tmp_path)
    lines = onnx.strip().splitlines()
    for number in (0, 1, 2, 3):
        shutil.copy(several.parent / f"{number}.png", tmp_path / "photo.jpg")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile("\n".join([*lines[:-1], labels]), "docs", "exec"), {"__name__": "snippet"})
        assert call("predict", "--run", several_run, "photo.jpg", "--csv", "out.csv").code == 0
        (row,) = table(tmp_path / "out.csv")
        assert said.getvalue().strip() == str(row["predicted"].split("|") if row["predicted"] else [])


@pytest.mark.slow
def test_labels_that_change_are_counted_and_refused(several_run, several, tmp_path):
    """What is exported is `model.keras`, and `predict` answers by `model.xml`: here they are two networks."""
    pytest.importorskip("tf2onnx")
    pytest.importorskip("openvino")
    import keras

    damaged = shutil.copytree(several_run, tmp_path / "run")
    network = keras.saving.load_model(damaged / "model.keras")
    _, bias = network.layers[-1].get_layer("probabilities").weights
    bias.assign(np.array(bias) + np.array([50, 0], np.float32))  # every image has the first label
    network.save(damaged / "model.keras")
    info = run_info(damaged)
    info["files"] |= hashes(damaged, ["model.keras"])
    (damaged / "run.json").write_text(json.dumps(info), encoding="utf-8")
    first = info["class_names"][0]
    validation = [entry.path for entry in read_split(several_run / "split.csv") if entry.split == "val"]
    before = predicted(several_run, several, tmp_path)
    without = sum(first not in before[path].split("|") for path in validation)
    ran = call("export", damaged, "--out", tmp_path / "out" / "new")
    assert f"error: {without} of " in ran.err
    assert ran.err.endswith(f"so nothing was written. To accept that: --allow-changed {without}.\n")
    assert left_behind(tmp_path / "out") == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["onnx", "litert", "openvino"])
def test_in_integers_a_probability_is_no_multiple_of_a_coarse_step(several_run, several, tmp_path, name):
    """In steps of 1/256 it could not be held against a threshold such as 0.003."""
    pytest.importorskip({**ENGINES, "openvino": "nncf"}[name])
    place = tmp_path / "out"
    ran = call("export", several_run, "--format", name, "--int8", "--allow-changed", 99, "--out", place)
    assert ran.code == 0, ran.err
    assert re.search(r"^price: exact match on these images [\d.]+ %, in float [\d.]+ %$", ran.out, re.MULTILINE)
    files = sorted(several.parent.glob("*.png"))
    images = running.Images(files, 32, run_info(several_run)["resize"], None)
    found = running.answers_of(place, name, images, tmp_path).outputs["probabilities"]
    steps = found * 256
    assert np.abs(steps - np.rint(steps)).max() > 0.1


def test_segmentation_alone_is_refused(several_run, tmp_path):
    copy = shutil.copytree(several_run, tmp_path / "run")
    (copy / "run.json").write_text(json.dumps(run_info(copy) | {"task": "segment"}), encoding="utf-8")
    told = f"export is for runs that classify images. Received: {copy}, of --task segment."
    fails(call("export", copy, "--out", tmp_path / "out"), told, tmp_path / "out")
