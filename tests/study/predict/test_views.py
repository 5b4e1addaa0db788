"""Test-time augmentation: what is averaged, and that flip-paired labels are swapped back."""

import csv
import json
import shutil

import numpy as np
import pytest
from helpers import TOY_CLASSES, call

from errors import UserError
from study.predict.views import CROP, average_views, number_of_views, views
from study.settings import declare, parsers
from study.settings.commands import PredictSettings

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (5, 32, 32, 3), np.uint8)
TTA = PredictSettings.__dataclass_fields__["tta"]


def halves(pixels):
    """The shares of light in the left and in the right half: two classes that a mirror swaps."""
    left, right = (split.mean(axis=(1, 2, 3)) for split in (pixels[:, :, :16], pixels[:, :, 16:]))
    return np.stack([left / (left + right), right / (left + right)], axis=1).astype(np.float32)


def test_flip_is_the_mean_over_the_picture_and_its_mirror():
    expected = (halves(PIXELS) + halves(PIXELS[:, :, ::-1])) / 2
    np.testing.assert_allclose(average_views(halves, 2)(PIXELS), expected, atol=1e-6)
    np.testing.assert_allclose(expected, 0.5, atol=1e-6)  # so it has lost what it knew


def test_mirror_classes_are_swapped_back():
    swapped = average_views(halves, 2, np.array([1, 0]))(PIXELS)
    np.testing.assert_allclose(swapped, halves(PIXELS), atol=1e-6)


def test_without_tta_the_answer_is_the_networks_own():
    assert average_views(halves, number_of_views("none")) is halves


def test_each_view_is_another_and_the_first_are_the_picture_and_its_mirror():
    made = [view(PIXELS) for _, view in views(parsers.MAX_VIEWS)]
    assert all(one.shape == PIXELS.shape and one.dtype == np.uint8 for one in made)
    assert len({one.tobytes() for one in made}) == parsers.MAX_VIEWS
    np.testing.assert_array_equal(made[0], PIXELS)
    np.testing.assert_array_equal(made[1], PIXELS[:, :, ::-1])
    turned = [flag for flag, _ in views(parsers.MAX_VIEWS)]
    assert turned == [False, True] + 5 * [False] + 5 * [True]


def test_a_crop_shows_its_corner_larger():
    pixels = np.zeros((1, 32, 32, 3), np.uint8)
    pixels[0, :4, :4] = 255  # lies within an upper left crop alone, which makes it larger
    light = [float(view(pixels).mean()) for _, view in views(7)]
    plain, corner, others = light[0], light[3], light[4:]
    assert corner == pytest.approx(plain / CROP**2, rel=0.1)
    assert max(others) < plain / 2


@pytest.mark.parametrize(("text", "views"), [("none", 1), ("flip", 2), ("2", 2), ("12", 12)])
def test_tta_is_read(text, views):
    assert declare.read(TTA, text) == text
    assert number_of_views(text) == views


@pytest.mark.parametrize("text", ["1", "13", "0", "-2", "2.5", "mirror", ""])
def test_what_is_no_tta_is_refused(text):
    with pytest.raises(UserError) as caught:
        declare.read(TTA, text)
    assert str(caught.value) == f"--tta takes none, flip, or a number of views, 2 to 12. Received: {text}"


# ---- the command ---------------------------------------------------------------------------------------------------


def answers(path):
    with path.open(encoding="utf-8", newline="") as file:
        return np.array([[float(row[f"p_{name}"]) for name in TOY_CLASSES] for row in csv.DictReader(file)])


@pytest.fixture(scope="module")
def by_keras(run, tmp_path_factory):
    """The run as it is where OpenVINO is missing."""
    copy = tmp_path_factory.mktemp("by_keras") / "20250101-000000-original"
    shutil.copytree(run, copy)
    for name in ("model.xml", "model.bin"):
        (copy / name).unlink(missing_ok=True)
    return copy


@pytest.mark.parametrize("engine", ["openvino", "keras"])
def test_both_parts_are_judged_by_the_mean(run, by_keras, tmp_path, engine):
    place, shares = run if engine == "openvino" else by_keras, {}
    for tta in ("none", "3"):
        ran = call("predict", "--run", place, "--part", "val", "--tta", tta, "--csv", tmp_path / f"{tta}.csv")
        assert (ran.code, ran.err.count("\n")) == (0, 1)  # which run it is
        told = f"{place}: its own validation split" + ", mean over 3 views of each image (--tta 3)" * (tta == "3")
        assert told in ran.out.splitlines()
        assert "validation: " in ran.out
        shares[tta] = answers(tmp_path / f"{tta}.csv")
        assert shares[tta].sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert shares["none"].shape == shares["3"].shape == (6, 3)
    assert np.abs(shares["none"] - shares["3"]).max() > 1e-4


def test_validation_as_it_is_agrees_with_the_run(run, tmp_path):
    ran = call("predict", "--run", run, "--part", "val")
    val = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["val"]
    assert f"validation: accuracy {100 * val['accuracy']:.1f} %" in ran.out


def test_files_are_answered_by_the_mean_too(run, toy, tmp_path):
    picture = toy / "circle" / "0.png"
    for name, more in (("plain", ()), ("flip", ("--tta", "flip"))):
        assert call("predict", "--run", run, picture, "--csv", tmp_path / f"{name}.csv", *more).code == 0
    assert np.abs(answers(tmp_path / "plain.csv") - answers(tmp_path / "flip.csv")).max() > 1e-5


def test_a_part_goes_without_files(run, toy):
    ran = call("predict", "--run", run, toy, "--part", "val")
    assert (ran.code, ran.err) == (2, "error: --part val goes without files and folders. Leave one of the two out.\n")


def test_a_run_that_tells_left_from_right_is_not_mirrored(by_keras, toy, tmp_path):
    run = tmp_path / "20250101-000000-original"
    shutil.copytree(by_keras, run)
    info = json.loads((run / "run.json").read_text(encoding="utf-8"))
    info["settings"]["label"] = "facing"
    (run / "run.json").write_text(json.dumps(info), encoding="utf-8")
    picture = toy / "circle" / "0.png"
    ran = call("predict", "--run", run, picture, "--tta", "flip")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith(
        "error: --tta flip looks at mirror images, and this run tells left from right (--label facing). "
        "Leave --tta out, or train with --labels and a row left<->right.\n"
    )
    (run / "labels.csv").write_text("folder,class\ncircle<->square,\n", encoding="utf-8")
    for name, more in (("mirrored", ("--tta", "flip")), ("plain", ())):
        assert call("predict", "--run", run, picture, "--csv", tmp_path / f"{name}.csv", *more).code == 0
    (plain,), (swapped,) = answers(tmp_path / "plain.csv"), answers(tmp_path / "mirrored.csv")
    assert plain[0] > 0.5
    assert abs(plain[0] - plain[1]) > 0.3
    assert swapped[1] > plain[1] + 0.1  # half of circle's share came from square's
