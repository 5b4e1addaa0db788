"""The range of values, from the folder to the run and to what asks it."""

import json

import numpy as np
import pytest
import tifffile
from helpers import TOY_CLASSES, call, toy_image
from PIL import Image

COMMON = ("-m", "original", "--image-size", "32", "--epochs", "1", "--batch-size", "16", "--width", "0",
          "--precision", "float32")  # fmt: skip


def grey(label, number):
    return np.asarray(toy_image(label, number).convert("L")) / 255


@pytest.fixture(scope="module")
def microscope(tmp_path_factory):
    """Images of 12 bits in files of 16, and floating-point ones that begin below 0."""
    root = tmp_path_factory.mktemp("microscope")
    for label in TOY_CLASSES:
        (root / label).mkdir()
        for number in range(8):
            values = (grey(label, number) * 3900 + 100).astype(np.uint16)
            Image.fromarray(values).save(root / label / f"{number}.png")
        for number in range(8, 12):
            values = (grey(label, number) * 3 - 1).astype(np.float32)
            tifffile.imwrite(root / label / f"{number}.tif", values, photometric="minisblack")
    return root


@pytest.fixture(scope="module")
def trained(microscope, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    ran = call("train", *COMMON, "--data", microscope, "--runs", runs)
    assert ran.code == 0, ran.err
    return next(runs.glob("2*")), ran


def test_train_prints_the_ranges_once_and_keeps_them(trained):
    run, ran = trained
    lines = [line for line in ran.out.splitlines() if "black to white" in line]
    assert len(lines) == len(set(lines)) == 2
    assert any(line.startswith("16-bit images: values ") for line in lines)
    assert any(line.startswith("floating-point images: values ") for line in lines)
    ranges = json.loads((run / "run.json").read_text())["pixel_range"]
    assert sorted(ranges) == ["16-bit", "float"]
    assert ranges["float"][0] < 0 < ranges["float"][1] <= 2.1
    assert 100 <= ranges["16-bit"][0] < 500 < 2000 < ranges["16-bit"][1] <= 4000


def answers(run, *paths):
    ran = call("predict", "--run", run, *paths)
    return ran, [line.split()[1:] for line in ran.out.splitlines() if line.strip()]


def test_predict_sees_one_file_as_training_saw_it_among_all(trained, microscope):
    run, _ = trained
    low, high = json.loads((run / "run.json").read_text())["pixel_range"]["float"]
    path = microscope / "circle" / "9.tif"
    share = np.clip((tifffile.imread(path) - low) / (high - low), 0, 1)
    plain = run.parent / "plain.png"
    Image.fromarray((share * 255 + 0.5).astype(np.uint8)).save(plain)
    first, second = answers(run, path)[1], answers(run, plain)[1]
    assert first == second != []


def test_predict_refuses_values_that_the_run_has_not_learned_from(trained, tmp_path):
    tifffile.imwrite(tmp_path / "1.tif", np.arange(900, dtype=np.int32).reshape(30, 30), photometric="minisblack")
    ran, _ = answers(trained[0], tmp_path / "1.tif")
    assert ran.code == 2
    assert "nothing says which values of 32-bit images are black and white" in ran.err


@pytest.mark.slow
def test_inspect_reads_the_run_s_images_by_its_range(trained, tmp_path):
    ran = call("inspect", "--run", trained[0], "--steps", "2", "--inspects", tmp_path)
    assert ran.code == 0, ran.err


@pytest.mark.slow
def test_a_range_of_ones_own(microscope, tmp_path):
    ran = call("train", *COMMON, "--data", microscope, "--runs", tmp_path, "--range=-2000:8,000")
    assert ran.code == 0, ran.err
    assert "16-bit images: values -2,000 to 8,000 are shown as black to white" in ran.out
    info = json.loads((next(tmp_path.glob("2*")) / "run.json").read_text())
    assert info["settings"]["range"] == [-2000, 8000]
    assert set(map(tuple, info["pixel_range"].values())) == {(-2000, 8000)}
    assert "of 36 images have fewer than 20 levels" in ran.out
    assert "; --range gives another" in ran.out


@pytest.mark.parametrize("text", ["5", "a:b", "3:2", "1:1", "0:inf", "nan:1", "1:2:3"])
def test_a_range_that_is_none(text):
    ran = call("train", "--range", text)
    assert (ran.code, ran.err.strip()) == (
        2,
        f"error: --range takes LOW:HIGH, two numbers, the lower first, such as 100:4000. Received: {text}",
    )


def test_a_range_that_would_change_nothing(tmp_path):
    for label in ("a", "b"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for number in range(4):
            toy_image("circle", number).save(tmp_path / "data" / label / f"{number}.png")
    ran = call("train", *COMMON, "--data", tmp_path / "data", "--runs", tmp_path / "runs", "--range", "0:4000")
    assert ran.code == 2
    assert ran.err.startswith("error: --range is for images that do not state their range")


@pytest.mark.slow
def test_check_uses_one_range_too(microscope, tmp_path):
    ran = call("check", "--data", microscope, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert "16-bit images: values " in ran.out
    assert "plain" not in (tmp_path / "out" / "check.csv").read_text()


def test_the_closing_error_names_the_commonest_reason(tmp_path):
    for number in range(4):
        for label, content in (("cat", b"\0" * 128 + b"DICM"), ("dog", None)):
            path = tmp_path / "data" / label / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            toy_image("circle", number).save(path) if content is None else path.write_bytes(content + b"\0" * 60)
    (tmp_path / "data/cat/9.jpg").write_bytes(b"")
    ran = call("train", *COMMON, "--data", tmp_path / "data", "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert ran.err.strip().splitlines()[-1] == (
        "error: Class 'cat' has 0 usable image(s): at least 3 different ones are needed, one for each of train, val, "
        "test. 5 could not be used, 4 for this reason: a DICOM file, which is not read here: export it as 16-bit PNG "
        "or TIFF. Add images or take the class out."
    )
