"""`export`: a file that answers as the run does and says what it needs to be used, or no file at all."""

import contextlib
import io
import json
import re
import shutil
import sys
import time
import zipfile

import numpy as np
import pytest
from helpers import TOY_CLASSES, call, fails, left_behind, message, project_of_another, toy_image
from PIL import Image
from run_files import run_info, shares, table
from structure.test_readme import FENCE, TEXTS

from data.image import load
from study.export import formats, running
from study.export.formats import litert
from study.export.run import check_run
from study.runs.folder import Run, hashes
from study.runtime import hardware

SQUARE, *SNIPPETS = [block for language, block in FENCE.findall(TEXTS["docs/export.md"]) if language == "python"]
FILES = {"onnx": "model.onnx", "litert": "model.tflite", "openvino": "model.xml", "saved_model": "saved_model"}
ENGINES = {"onnx": "onnxruntime", "litert": "ai_edge_litert", "openvino": "openvino", "saved_model": "tensorflow"}
TAKES_LONG = [pytest.param(name, marks=pytest.mark.slow) for name in ("openvino", "saved_model")]


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    """A function that exports the trained run in a format, once, and returns the folder and what the command said."""
    made = {}

    def export(name):
        pytest.importorskip(ENGINES[name])
        if name == "onnx":
            pytest.importorskip("tf2onnx")
        if name not in made:
            place = tmp_path_factory.mktemp("exports") / name
            made[name] = place, call("export", run, "--format", name, "--out", place, "--json")
        return made[name]

    return export


@pytest.mark.parametrize("name", ["onnx", "litert", *TAKES_LONG])
def test_the_file_is_there_with_its_labels_and_how_far_it_is_from_the_run(exported, run, name):
    place, ran = exported(name)
    assert ran.code == 0, ran.err
    assert {FILES[name], "labels.txt", "export.json"} <= {path.name for path in place.iterdir()}
    assert (place / "labels.txt").read_text(encoding="utf-8").split() == list(TOY_CLASSES)
    told = json.loads((place / "export.json").read_text(encoding="utf-8"))
    info = run_info(run)
    assert told["parity"]["images"] == sum(info["data"]["counts"]["val"].values())
    assert told["parity"]["changed"] == []
    assert told["parity"]["greatest"] < 1e-4
    assert told["parity"]["greatest_distance"] < 1e-3
    assert told["metadata"]["verdicts"]["unlike_above"] == info["verdicts"]["unlike"]["limit"]
    assert "0 answer(s) changed" in ran.err
    assert json.loads(ran.out)["greatest"] == told["parity"]["greatest"]


@pytest.mark.parametrize("name", ["onnx", "litert", *TAKES_LONG])
def test_the_lines_of_the_docs_answer_as_predict_does(exported, run, name, tmp_path, monkeypatch):
    snippet, (place, _) = SNIPPETS[list(FILES).index(name)], exported(name)
    assert len(snippet.strip().splitlines()) <= 13
    toy_image("square", 77).resize((32, 32)).save(tmp_path / "photo.jpg", quality=95)
    shutil.copytree(place, tmp_path / "exported")
    (tmp_path / "square.py").write_text(SQUARE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "square", raising=False)  # of another test
    monkeypatch.chdir(tmp_path)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(snippet, name, "exec"), {"__name__": "snippet"})
    assert call("predict", "--run", run, "photo.jpg", "--csv", "out.csv").code == 0
    (row,) = table(tmp_path / "out.csv")
    label, probability = said.getvalue().split()
    assert label == row["predicted"]
    assert float(probability) == pytest.approx(shares(row).max(), abs=1e-3)


@pytest.mark.parametrize("rule", ["crop", "pad", "squash"])
def test_the_lines_of_the_docs_make_the_pixels_that_the_run_sees(tmp_path, rule):
    made, size = {}, 33
    exec(compile(SQUARE, "square.py", "exec"), made)
    for path in photos_of_all_kinds(tmp_path):
        pixels = made["square"](path, {"size": size, "rule": rule, "pixel_range": {"16-bit": [300, 3300]}})
        expected = load(path.read_bytes(), size, rule, {"16-bit": (300.0, 3300.0)})
        np.testing.assert_array_equal(pixels, expected, err_msg=f"{path.name}, {rule}")


def photos_of_all_kinds(folder):
    """Write an image of each kind that people have, and return the files."""
    values = np.random.default_rng(0).integers(0, 256, (301, 398, 4), np.uint8)
    see_through, upright = Image.fromarray(values), Image.fromarray(values[..., :3])
    icon = np.full((40, 60, 4), 255, np.uint8)
    icon[:10, :, 3] = 0
    turned = Image.Exif()
    turned[0x0112] = 6
    upright.save(folder / "turned.jpg", exif=turned)
    upright.resize((40, 33)).save(folder / "of-the-size.png")
    upright.resize((7, 5)).save(folder / "tiny.png")
    upright.resize((500, 3)).save(folder / "strip.png")
    upright.convert("L").save(folder / "grey.jpg")
    upright.convert("CMYK").save(folder / "cmyk.jpg")
    upright.convert("P").save(folder / "palette.png")
    see_through.save(folder / "transparent.png")
    Image.fromarray(icon).save(folder / "white-on-transparent.png")
    Image.fromarray(values[..., 0].astype(np.uint16) * 16).save(folder / "16-bit.png")
    return sorted(folder.iterdir())


def test_packages_of_the_working_folder_do_not_stand_in_for_those_of_the_program(exported, toy, tmp_path, monkeypatch):
    place, _ = exported("onnx")
    monkeypatch.chdir(project_of_another(tmp_path))
    images = running.Images([toy / "circle" / "1.png"], 32, "crop", None)
    found = running.answers_of(place, "onnx", images, tmp_path)
    assert found.outputs["probabilities"].shape == (1, len(TOY_CLASSES))


@pytest.mark.slow
def test_a_network_that_answers_otherwise_is_not_written(run, tmp_path):
    """What is exported is `model.keras`, and `predict` answers by `model.xml`: here they are two networks."""
    pytest.importorskip("tf2onnx")
    if not hardware.openvino_available():
        pytest.skip("predict would answer by the changed network too")
    damaged = with_changed_weights(run, tmp_path / "run")
    ran = call("export", damaged, "--out", tmp_path / "out" / "new")
    assert ran.code == 2
    count, all_images = map(
        int, re.search(r"error: (\d+) of (\d+) answers on the validation split changed", ran.err).groups()
    )
    assert 0 < count <= all_images
    assert ran.err.endswith(f"so nothing was written. To accept that: --allow-changed {count}.\n")
    assert left_behind(tmp_path / "out") == []
    assert call("export", damaged, "--out", tmp_path / "out" / "new", "--allow-changed", count - 1).code == 2
    assert left_behind(tmp_path / "out") == []
    ran = call("export", damaged, "--out", tmp_path / "out" / "new", "--allow-changed", count)
    assert ran.code == 0
    assert f"{count:,} answer(s) changed" in ran.out
    told = json.loads((tmp_path / "out" / "new" / "export.json").read_text(encoding="utf-8"))
    assert len(told["parity"]["changed"]) == count


def with_changed_weights(run, place):
    """A copy of a run whose `model.keras` tells one class of every image."""
    import keras

    shutil.copytree(run, place)
    network = keras.saving.load_model(place / "model.keras")
    _, bias = network.layers[-1].get_layer("probabilities").weights
    bias.assign(np.array([0, 0, 50], np.float32))
    network.save(place / "model.keras")
    info = run_info(place)
    info["files"] |= hashes(place, ["model.keras"])
    (place / "run.json").write_text(json.dumps(info), encoding="utf-8")
    return place


# ---- what is refused ----


def test_images_that_are_gone_are_told(run, tmp_path):
    copy, info = shutil.copytree(run, tmp_path / "run"), run_info(run)
    elsewhere = info | {"data": info["data"] | {"folder": str(tmp_path / "gone")}}
    (copy / "run.json").write_text(json.dumps(elsewhere), encoding="utf-8")
    ran = call("export", copy, "--out", tmp_path / "out")
    assert ran.code == 2
    remedies = "Put them back, or name the folder that holds them now by --data DIR."
    expected = r"images of the run's validation split are missing or changed in .*\. "
    assert re.search(f"{expected}{re.escape(remedies)}\n$", ran.err)
    assert left_behind(tmp_path / "out") == []


def test_a_folder_that_holds_something_is_left_as_it_is(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    ran = call("export", run, "--out", tmp_path / "out")
    assert (ran.code, ran.err) == (
        2,
        "error: --out takes a new or empty folder, so that nothing is overwritten. Received: "
        f"{tmp_path / 'out'}, which is there.\n",
    )
    assert left_behind(tmp_path / "out") == ["mine.txt"]


@pytest.mark.parametrize(
    ("words", "missing", "text"),
    [
        (["--format", "onnx"], "tf2onnx", "--format onnx needs tf2onnx, which is not installed."),
        (["--format", "litert"], "ai_edge_litert", "--format litert needs ai-edge-litert, which is not installed."),
        (["--format", "openvino", "--int8"], "nncf", "--format openvino --int8 needs nncf, which is not installed."),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(run, tmp_path, monkeypatch, words, missing, text):
    for module in ("onnx", "onnxruntime", "tf2onnx", "ai_edge_litert", "nncf"):
        pytest.importorskip(module)
    monkeypatch.setitem(sys.modules, missing, None)
    ran = call("export", run, *words, "--out", tmp_path / "out")
    fails(ran, f"{text} Run: python -m pip install -r requirements-export.txt", tmp_path / "out")


def test_several_missing_packages_are_listed(monkeypatch):
    for module in ("onnx", "onnxruntime", "tf2onnx"):
        monkeypatch.setitem(sys.modules, module, None)
    assert message(formats.require, "onnx", True, "page").startswith(
        "page needs onnx, tf2onnx and onnxruntime, which are not installed. Run: "
    )


def test_what_cannot_be_exported_says_why(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / "run.json").write_text(json.dumps(run_info(run) | {"task": "segment"}), encoding="utf-8")
    out = tmp_path / "out"
    fails(call("export", copy, "--out", out), f"Received: {copy}, of --task segment.", out)
    ran = call("export", run, "--format", "saved_model", "--int8", "--out", out)
    fails(ran, "--int8: TensorFlow computes a SavedModel in float alone. Leave --int8 out, or give another", out)
    fails(call("export", run, run, "--out", out), "export takes one run. Received: ", out)
    fails(call("export", tmp_path / "none", "--out", out), "(there is none)", out)


@pytest.mark.parametrize("cut_by", ["box", "mask"])  # a table of boxes is no network
def test_a_run_that_learned_cut_images_is_refused_for_that(tmp_path, cut_by):
    told = message(check_run, Run(tmp_path, {"task": "classify", "crop": {"to": cut_by}}))
    assert told == (
        f"export writes a network that is given whole images, and {tmp_path} learned cut ones (--crop-to). Use predict."
    )


def test_a_range_of_pixel_values_is_told_and_a_page_which_cannot_apply_it_is_refused(run, tmp_path):
    pytest.importorskip("openvino")
    copy = shutil.copytree(run, tmp_path / "run")
    for ends, told in (([300, 3300], True), ([0, 65535], False)):
        (copy / "run.json").write_text(json.dumps(run_info(run) | {"pixel_range": {"16-bit": ends}}), encoding="utf-8")
        if told:
            ran = call("page", copy, "--out", tmp_path / "a.html")
            fails(
                ran,
                "learned from 16-bit images whose values 300 to 3,300 are black to white. Use predict or serve.",
                tmp_path / "runs",
            )
            assert not (tmp_path / "a.html").exists()
        ran = call("export", copy, "--format", "openvino", "--out", tmp_path / str(ends[1]))
        assert ran.code == 0
        line = "careful: the run learned from 16-bit images whose values 300 to 3,300 are black to white: whoever uses "
        assert (line in ran.out) == told


def test_what_a_litert_file_says_of_itself_is_written_whatever_the_clock_says(tmp_path, monkeypatch):
    monkeypatch.setattr(
        time, "time", lambda: 86400.0
    )  # a machine without a battery begins in 1970, a ZIP archive in 1980
    litert.save(b"network", {"class_names": ["cat", "dog"]}, tmp_path)
    with zipfile.ZipFile(tmp_path / litert.FILE) as archive:
        assert archive.read("labels.txt").decode().split() == ["cat", "dog"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize("name", ["litert", "saved_model"])
def test_a_disk_that_is_full_for_tensorflow_is_told_as_that(run, tmp_path, name):
    resource = pytest.importorskip("resource")
    pytest.importorskip(ENGINES[name])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))  # a longer file is refused: Python ignores SIGXFSZ
    try:
        ran = call("export", run, "--format", name, "--out", tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ran.code == 2
    assert ran.err.splitlines()[-1].startswith("error: No space left on device: free some space where the output goes")
    assert not (tmp_path / "out").exists()


# ---- 8-bit integers ----


@pytest.mark.slow
@pytest.mark.parametrize("name", ["onnx", "litert", "openvino"])
def test_integers_tell_what_they_cost_and_gain(run, tmp_path, name):
    pytest.importorskip({**ENGINES, "openvino": "nncf"}[name])
    ran = call("export", run, "--format", name, "--int8", "--allow-changed", 99, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert re.search(r"^price: accuracy on these images [\d.]+ %, in float [\d.]+ %$", ran.out, re.MULTILINE)
    assert re.search(r"^gain: [\d,]+ images/s, in float [\d,]+, measured now on this machine", ran.out, re.MULTILINE)
    told = json.loads((tmp_path / "out" / "export.json").read_text(encoding="utf-8"))
    assert told["metadata"]["int8"] is True
    assert told["float32"]["greatest"] < 1e-4 < told["parity"]["greatest"]
