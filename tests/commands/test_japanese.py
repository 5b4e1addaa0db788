"""`train --language ja`: reports without English of every kind of training, and a terminal without Japanese."""

import csv
import re

import numpy as np
import pytest
from english_left import JAPANESE, english_left
from helpers import QUICK, call
from PIL import Image
from run_files import newest, run_info


def trained(runs, *flags):
    """A run whose report is Japanese, that page, and what `run.json` holds."""
    ran = call("train", *flags, "--runs", runs, "--language", "ja")
    assert ran.code == 0, ran.err
    assert not JAPANESE.search(ran.out + ran.err + ran.next)
    run = newest(runs)
    return run, (run / "report.html").read_text(encoding="utf-8"), run_info(run)


@pytest.mark.slow
def test_a_report_in_japanese_has_no_english_and_its_run_keeps_the_language(toy_copy, tmp_path):
    data = toy_copy()
    (data / "readme.txt").write_text("not an image")
    (data / "circle" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    flags = ("--data", data, *QUICK, "--epochs", 1, "--learning-rate", "0.00001", "--split", "3:1:4")
    _, page, info = trained(tmp_path / "runs", *flags)
    assert info["settings"]["language"] == "ja"
    assert "除外したファイル：2 個" in page
    assert not english_left(page, info)
    assert info["learning"]["reason"].isascii()  # files for scripts stay as they are
    assert all(stage["ended"].isascii() for stage in info["stages"])
    command = re.search(r"<pre[^>]*><code>(.+?)</code>", page).group(1)
    assert "--language ja" in command


@pytest.mark.slow
@pytest.mark.parametrize("learning", ["transfer", "finetune"])
def test_the_reports_of_transfer_and_fine_tuning_have_no_english(run, toy, tmp_path, learning):
    more = ("--weights", run, "--learning", learning, "--epochs", 2, "--batch-size", 16)
    _, page, info = trained(tmp_path, "-m", "original", "--image-size", 32, "--data", toy, *more)
    assert not english_left(page, info, *run.parts)


@pytest.mark.slow
def test_the_report_of_an_auxiliary_task_has_no_english(toy, tmp_path):
    with (tmp_path / "coats.csv").open("w", newline="") as file:
        rows = [(path.relative_to(toy).as_posix(), "ab"[i % 2]) for i, path in enumerate(sorted(toy.rglob("*.png")))]
        csv.writer(file).writerows([("path", "label"), *rows])
    flags = ("--data", toy, *QUICK, "--epochs", 1, "--auxiliary", tmp_path / "coats.csv", "--keep-diverged")
    _, page, info = trained(tmp_path / "runs", *flags)
    assert "補助タスク coats.csv：正解率" in page
    assert not english_left(page, info)


@pytest.mark.slow
def test_several_labels_have_pages_without_english(tmp_path):
    rng = np.random.default_rng(0)
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "red", "green"))
        for number in range(60):
            truth = rng.random(2) < 0.5
            pixels = rng.integers(0, 50, (32, 32, 3)).astype(np.uint8)
            pixels[..., :2] += (200 * truth).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"{number}.png")
            rows.writerow((f"{number}.png", *truth.astype(int)))
    flags = ("--task", "multilabel", "--data", tmp_path / "labels.csv", *QUICK, "--epochs", 1)
    run, page, info = trained(tmp_path / "runs", *flags)
    assert "平均適合率" in page
    assert not english_left(page, info)
    out = tmp_path / "out.html"
    ran = call("predict", "--run", run, tmp_path / "labels.csv", "--labelled", "--page", out, "--language", "ja")
    assert ran.code == 0, ran.err
    assert not english_left(out.read_text(encoding="utf-8"), info, *tmp_path.parts)


@pytest.mark.slow
def test_the_report_of_masks_has_no_english(toy, tmp_path):
    for path in toy.rglob("*.png"):
        target = tmp_path / "masks" / path.relative_to(toy)
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((np.asarray(Image.open(path)).max(axis=2) > 100).astype(np.uint8) * 255).save(target)
    flags = ("--task", "segment", "--image-size", 32, "--width", 8, "--epochs", 1, "--masks", tmp_path / "masks")
    _, page, info = trained(tmp_path / "runs", "--data", toy, *flags, "--keep-diverged")
    assert "ピクセル正解率" in page
    assert not english_left(page, info, "background")


def test_a_language_without_a_page_is_refused(run, tmp_path):
    ran = call("predict", "--run", run, "--language", "ja")
    assert (ran.code, ran.err) == (
        *(2, "error: --language ja goes with --page FILE.html. Received: no --page; leave --language out.\n"),
    )
    ran = call("train", "--language", "fr", "--runs", tmp_path)
    assert (ran.code, "--language" in ran.err) == (2, True)
