"""The images that temperature and threshold are chosen by: out of fold where validation is small, under transfer."""

import re

import numpy as np
import pytest
from helpers import QUICK, TOY_CLASSES, call, make_patches, toy_image
from run_files import newest, quick_transfer, run_info

from data.split import read_split
from study.confidence import known
from study.confidence.calibration import OUT_OF_FOLD, VALIDATION
from study.train import calibrate
from study.train.calibrate import HeldOutAnswers

pytestmark = pytest.mark.slow  # networks are trained

HEADS = ("-m", "efficientnet_lite", "--image-size", 32, "--learning", "transfer", "--precision", "float32")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("calibrate") / "images")


@pytest.fixture(scope="module")
def transferred(images, tmp_path_factory):
    runs = tmp_path_factory.mktemp("transferred") / "runs"
    ran = call("train", "--data", images, *HEADS, "--epochs", 3, "--runs", runs)
    assert (ran.code, ran.err) == (0, "")
    return newest(runs), ran


def test_of_few_validation_images_all_but_the_test_split_are_chosen_by_out_of_fold(transferred):
    run, ran = transferred
    splits = [entry.split for entry in read_split(run / "split.csv")]
    number = len(splits) - splits.count("test")
    assert (
        f"temperature and threshold of the probabilities: chosen on {number} images out of fold, since the validation "
        f"split has only {splits.count('val')} images\n"
    ) in ran.out
    info = run_info(run)
    assert info["calibration"]["images"] == number
    assert info["verdicts"]["unsure"]["out_of_fold"] is True
    assert "loss_out_of_fold" in info["calibration"]
    assert "loss_on_validation" not in info["calibration"]
    kept = known.read(run, info)
    assert kept.what == OUT_OF_FOLD
    assert len(kept.right) == len(kept.probability) == len(kept.distance) == number
    judged = info["verdicts"]["unsure"]["images"]
    assert judged == int((kept.distance <= kept.limit).sum()) < number  # those that are unlike do not count
    assert (kept.distance > 1e-3).all()  # no image is compared with itself
    page = " ".join((run / "report.html").read_text(encoding="utf-8").split())
    assert f"since the {judged} images out of fold prove from no probability on" in page


def test_from_scratch_validation_is_used_and_what_more_would_cost_is_said(trained):
    run, ran = trained
    assert (
        "temperature and threshold of the probabilities: the validation split has only 6 images, and both are chosen "
        "by these\n"  # near duplicates leave a class too few units to divide
    ) in ran.out
    info = run_info(run)
    assert info["verdicts"]["unsure"]["out_of_fold"] is False
    assert known.read(run, info).what == VALIDATION


def test_what_folds_would_cost_is_said_where_they_can_be_made(tmp_path):
    data = make_patches(tmp_path / "data", 7)  # and a copy of one of each class
    ran = call("train", "--data", data, *QUICK, "--epochs", 1, "--keep-diverged", "--runs", tmp_path / "runs")
    assert ran.code == 0, ran.err
    told = r"both are chosen by these; out of fold they could be chosen by (\d+), for 5 more trainings\n"
    (images,) = re.findall(told, ran.out)
    assert 15 <= int(images) <= 21


def test_where_no_folds_can_be_made_validation_is_used_and_why_is_said(run, tmp_path):
    """Images of a class that look nearly the same are one unit."""
    for label in TOY_CLASSES:
        (tmp_path / "alike" / label).mkdir(parents=True)
        for number in range(10):
            image = toy_image(label, 0)
            image.putpixel((0, 0), (number, 0, 0))
            image.save(tmp_path / "alike" / label / f"{number}.png")
    for split in ("train", "val", "test"):  # given splits may tear them apart
        for label in TOY_CLASSES:
            target = tmp_path / "data" / split / label
            target.mkdir(parents=True)
            for number in {"train": range(6), "val": range(6, 8), "test": range(8, 10)}[split]:
                (tmp_path / "alike" / label / f"{number}.png").rename(target / f"{number}.png")
    made, ran = quick_transfer(run, tmp_path / "data", tmp_path / "runs")
    assert (
        "temperature and threshold of the probabilities: the validation split has only 6 images, and both are chosen "
        "by these. Class 'circle' has 24 image(s) in 1 unit(s), since near duplicates"
    ) in ran.out.replace("8 image(s)", "24 image(s)")
    assert run_info(made)["verdicts"]["unsure"]["out_of_fold"] is False


def test_a_network_with_a_temperature_gives_its_answers_out_of_fold_too():
    shares = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    answers = HeldOutAnswers(shares, np.array([0, 2]), OUT_OF_FOLD, np.zeros(2))
    softer = calibrate.calibrated(answers, 0.5).probabilities
    np.testing.assert_allclose(softer[0], [4 / 6, 1 / 6, 1 / 6], rtol=1e-6)
    np.testing.assert_allclose(calibrate.calibrated(answers, 1.0).probabilities, shares, rtol=1e-6)
    assert calibrate.calibrated(HeldOutAnswers(shares, np.array([0, 2])), 0.5) is None
