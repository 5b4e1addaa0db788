"""A run folder that was damaged or mixed up says so in one line, on every road; it never predicts by chance."""

import json
import random
import shutil
import zipfile

import numpy as np
import pytest
from helpers import call

from study.runs import folder as run_folder
from study.runtime import hardware

ROADS = ["keras", *(["openvino"] if hardware.openvino_available() else [])]


@pytest.fixture
def damaged(run, tmp_path):
    """A copy of the trained run; a change to its `run.json`, and which of its networks is left."""
    copy = shutil.copytree(run, tmp_path / "run")

    def damage(road="openvino", **changes):
        info = json.loads((copy / "run.json").read_text())
        info |= changes
        (copy / "run.json").write_text(json.dumps(info))
        if road == "keras":
            for name in ("model.xml", "model.bin"):
                (copy / name).unlink(missing_ok=True)
        return copy

    return damage


def refused(*words):
    ran = call(*words)
    assert (ran.code, ran.out) == (2, "")
    lines = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "Traceback" not in ran.err
    return lines[0]


@pytest.mark.parametrize("road", ROADS)
def test_bytes_that_were_changed_are_noticed(damaged, toy, road):
    folder = damaged(road)
    name = "model.keras" if road == "keras" else "model.bin"
    content = bytearray((folder / name).read_bytes())
    for place in random.Random(0).sample(range(len(content)), 50):
        content[place] ^= 255
    (folder / name).write_bytes(content)
    said = refused("predict", "--run", folder, toy / "circle")
    assert said == f"error: {folder / name} is not the file that training saved: it was changed. Train again."


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"class_names": ["circle", "square", "stripes", "dots"]}, "tells 3 classes, and run.json names 4"),
        ({"image_size": 48}, "takes images of 32 × 32 × 3, and run.json says 48 pixels"),
    ],
)
def test_a_run_json_of_another_network_is_refused(damaged, toy, road, changes, error):
    folder = damaged(road, **changes)
    name = "model.keras" if road == "keras" else "model.xml"
    assert refused("predict", "--run", folder, toy / "circle") == f"error: {folder}: {name} {error}. Train again."


def with_nan(folder):
    import keras

    classifier = keras.saving.load_model(folder / "model.keras", compile=False)
    layer = next(layer for layer in classifier.layers[-1].layers if layer.weights)
    weights = layer.get_weights()
    weights[0][:] = np.nan
    layer.set_weights(weights)
    classifier.save(folder / "model.keras")
    return classifier


def test_weights_that_are_no_numbers_are_refused_by_every_command(damaged, toy, tmp_path):
    folder = damaged("keras", files={})
    with_nan(folder)
    for words in (("predict", "--run", folder, toy / "circle"), ("inspect", "--run", folder)):
        said = refused(*words)
        assert said.startswith(f"error: {folder / 'model.keras'}: weights of ")
        assert said.endswith(" are no numbers. Train again.")
    again = ("train", "--data", toy, "-m", "lenet", "--weights", folder, "--runs", tmp_path / "runs")
    ran = call(*again)
    assert ran.code == 2
    assert f"The weights in {folder / 'model.keras'} " in ran.err


@pytest.mark.skipif("openvino" not in ROADS, reason="needs OpenVINO")
def test_a_network_for_openvino_that_gives_no_numbers_gives_no_class(damaged, toy):
    from study.inference import openvino_ir

    folder = damaged(files={})
    classifier = with_nan(folder)
    openvino_ir.save(openvino_ir.accept_uint8(openvino_ir.convert(openvino_ir.trace(classifier))), folder)
    ran = call("predict", "--run", folder, toy / "circle" / "0.png")
    assert ran.code == 2
    assert "0.png: the network gives no numbers (nan) for it\n" in ran.err
    assert "circle  " not in ran.out
    own = call("predict", "--run", folder)
    assert own.err.endswith(f"error: {folder}: the network gives no numbers (nan) for some images. Train again.\n")


def test_a_model_file_that_would_unpack_to_far_more_is_not_unpacked(damaged, toy):
    folder = damaged("keras", files={})
    with zipfile.ZipFile(folder / "model.keras", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50_000_000))
    said = refused("predict", "--run", folder, toy / "circle")
    assert said == f"error: {folder / 'model.keras'} is damaged or incomplete. Train again."


def test_hashes_are_noted_of_every_file_of_the_network(run):
    noted = json.loads((run / "run.json").read_text())["files"]
    assert noted == run_folder.hashes(run, ["model.keras", "model.xml", "model.bin", "known.npz"])
    assert "model.keras" in noted


def test_a_label_that_is_no_class_of_the_run_is_refused(damaged):
    folder = damaged()
    table = (folder / "split.csv").read_text().replace(",circle,", ",\x1b[2Jcirkel,")
    (folder / "split.csv").write_text(table)
    said = refused("predict", "--run", folder)
    shown = "\\x1b[2Jcirkel"
    assert said == (
        f"error: {folder / 'split.csv'} has the label '{shown}', which is no class of run.json. Train again."
    )


def arrays_of(folder, **changes):
    with np.load(folder / "known.npz") as kept:
        return {name: kept[name] for name in kept} | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"probability": np.full(6, np.nan, np.float32)},
        {"distance": np.full(6, "a")},
        {"right": np.ones((6, 1), bool)},
        {"directions": np.full((5, 512), np.inf, np.float16)},
        {"directions": np.ones((5, 0), np.float16)},
        {"probability": np.ones(5, np.float32)},
    ],
    ids=["nan", "texts", "two dimensions", "infinite", "no features", "too few"],
)
def test_arrays_that_cannot_be_of_known_images_are_refused(damaged, toy, changes):
    folder = damaged(files={})
    np.savez(folder / "known.npz", **arrays_of(folder, **changes))
    said = refused("predict", "--run", folder, toy / "circle" / "0.png")
    assert said == f"error: {folder / 'known.npz'} is damaged: remove it to predict without verdicts, or train again."


def test_features_of_another_network_are_refused(damaged, toy):
    folder = damaged(files={})
    kept = arrays_of(folder)
    features = kept["directions"].shape[1]
    np.savez(folder / "known.npz", **kept | {"directions": np.ones((5, 7), np.float16)})
    ran = call("predict", "--run", folder, toy / "circle" / "0.png")
    assert ran.code == 2
    said = f"{folder / 'known.npz'} has 7 features of an image and the network gives {features}: remove the file"
    assert f"error: {said} to predict without verdicts, or train again.\n" in ran.err


def test_a_pair_of_classes_that_the_run_has_not_is_refused(damaged, toy):
    folder = damaged()
    (folder / "labels.csv").write_text("folder,class\ncircle<->oval,\n")
    said = refused("predict", "--run", folder, toy / "circle" / "0.png", "--tta", "flip")
    assert said == f"error: {folder / 'labels.csv'} pairs oval, which is no class of {folder}. Train again."


def test_names_of_a_stranger_do_not_reach_the_terminal_as_they_are(damaged, run, toy, tmp_path):
    odd = "\x1b[2J\x9b31m"
    info = json.loads((run / "run.json").read_text())
    settings, data = info["settings"] | {"name": odd}, info["data"] | {"folder": odd}
    folder = damaged(class_names=[odd, "square", "stripes"], data=data, settings=settings)
    runs = tmp_path / "runs"
    shutil.copytree(folder, runs / "20260101-000000-original")
    for words in (("runs",), ("runs", "best"), ("predict",), ("predict", toy / "circle" / "0.png")):
        ran = call(*words, "--runs", runs)
        shown = ran.out + ran.err + ran.next
        assert words == ("runs", "best") or "\\x1b[2J\\x9b31m" in shown
        assert "\x1b" not in shown
        assert "\x9b" not in shown
