"""A finished run whose images were renamed, moved or deleted since: they are found by content, or it is told."""

import json
import shutil
from pathlib import Path

import npm
import pytest
from helpers import call, left_behind, make_toy, message
from run_files import run_info, table

from data.split import read_split
from data.store.hashes import hash_file
from study.commands.predict import check_of
from study.predict.outcome import Predicted
from study.runs.folder import read_run
from study.runs.images import located, with_data


@pytest.fixture
def moved(run, tmp_path):
    """Images, and a run that learned from them."""
    return make_toy(tmp_path / "toy"), run_on(run, tmp_path / "toy", tmp_path / "run")


def run_on(run, images, copy, **more):
    shutil.copytree(run, copy)
    info = run_info(run)
    info |= {"data": info["data"] | {"folder": str(images)} | more}
    (copy / "run.json").write_text(json.dumps(info), encoding="utf-8")
    return copy


def files_of(run, images, split):
    return [images / entry.path for entry in read_split(run / "split.csv") if entry.split == split]


def renamed(images):
    """Give every image another name and every class folder too."""
    for number, file in enumerate(sorted(images.rglob("*.png"))):
        file.rename(file.with_name(f"renamed {number}.png"))
    for folder in list(images.iterdir()):
        folder.rename(images / f"all of {folder.name}")


def note(count, place):
    return (
        f"note: {count} of the run's images are no longer at their paths in {place} and were found there by their "
        "content\n"
    )


def figures(ran):
    return ran.out[ran.out.index("test: accuracy") :]


def test_renamed_images_are_found_and_the_figures_are_the_same(moved, tmp_path):
    images, run = moved
    before = call("predict", "--run", run)
    assert "note:" not in before.err
    renamed(images)
    after = call("predict", "--run", run, "--csv", tmp_path / "answers.csv")
    assert after.code == 0, after.err
    assert after.err.startswith(note(6, images))
    assert figures(after) == figures(before)
    assert "careful" not in after.out
    assert all(" of " in row["path"] and Path(row["path"]).is_file() for row in table(tmp_path / "answers.csv"))


def test_deleted_images_of_another_split_do_not_matter(moved):
    images, run = moved
    files_of(run, images, "train")[0].unlink()
    ran = call("predict", "--run", run)
    assert ran.code == 0
    assert "note:" not in ran.err
    assert "careful" not in ran.out


def test_names_that_were_given_anew_do_not_mix_images_up(moved):
    images, run = moved
    before = call("predict", "--run", run)
    test, (first, *_) = files_of(run, images, "test"), files_of(run, images, "train")
    last = first.with_name("last.png")
    first.rename(last)
    for one, other in zip([first, *test], [*test, first], strict=True):  # each gets the place of the one before it
        if other.is_file():
            other.rename(one)
    after = call("predict", "--run", run)
    assert after.err.startswith(note(6, images))
    assert figures(after) == figures(before)


@pytest.mark.parametrize("left", ["all", "without the first"])
def test_an_image_whose_path_is_empty_is_found_at_the_path_of_another(moved, left):
    """Numbered anew: no file is at the path of the test image, which has taken that of a training image."""
    images, run = moved
    before = call("predict", "--run", run)
    test, learned = (
        next(file for file in files_of(run, images, split) if "circle" in str(file)) for split in ("test", "train")
    )
    learned.rename(images / "circle" / "another.png") if left == "all" else learned.unlink()
    test.rename(learned)
    after = call("predict", "--run", run)
    assert after.err.startswith(note(1, images))
    assert figures(after) == figures(before)


def test_another_folder_is_named_by_data_whatever_the_files_are_called_there(moved, tmp_path):
    images, run = moved
    before = call("predict", "--run", run)
    same = images.rename(tmp_path / "same names")
    assert call("predict", "--run", run).code == 2
    ran = call("predict", "--run", run, "--data", same)
    assert (ran.code, figures(ran)) == (0, figures(before))
    assert "note:" not in ran.err
    flat = tmp_path / "flat"
    flat.mkdir()
    for number, file in enumerate(sorted(same.rglob("*.png"))):
        file.rename(flat / f"{number}.png")
    ran = call("predict", "--run", run, "--part", "val", "--data", flat)
    assert ran.code == 0
    assert ran.err.startswith(note(6, flat))
    suggested = check_of(Predicted(with_data(read_run(run), str(flat)), []))
    assert suggested == f"python main.py check --data {flat}"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--data", "none"], "--data takes the folder that holds the run's images now. Received: none, which is not"),
        (["--data", "split.csv"], "--data takes the folder that holds the run's images now. Received: split.csv, a"),
        (["--data", ".", "split.csv"], "--data . is where the run's own images are, which are predicted for without"),
    ],
)
def test_data_that_is_no_folder_or_says_nothing_is_refused(run, words, text, monkeypatch):
    monkeypatch.chdir(run)
    ran = call("predict", "--run", run, *words)
    assert ran.code == 2
    assert ran.err.startswith(f"error: {text}")


def test_of_deleted_images_the_others_are_answered_for_and_json_counts_them(moved):
    images, run = moved
    renamed(images)
    gone = {entry.sha256 for entry in read_split(run / "split.csv") if entry.split == "test"}
    next(file for file in images.rglob("*.png") if hash_file(file) in gone).unlink()
    ran = call("predict", "--run", run, "--json")
    told = json.loads(ran.out)
    assert (told["missing"], told["metrics"]["n"], len(told["predictions"])) == (1, 5, 5)
    assert "careful: 1 of 6 images of the run's test split are missing or changed in" in ran.err
    assert "\n5 of 6 test images: accuracy " in ran.err
    assert json.loads(call("predict", "--run", run, "--part", "val", "--json").out)["missing"] == 0


def test_a_page_says_of_how_many_images_it_is(moved, tmp_path):
    images, run = moved
    files_of(run, images, "test")[0].unlink()
    for language, text in (
        ("en", "the run's own test split, 5 of its 6 images"),
        ("ja", "テストデータ 6 枚のうち 5 枚"),
    ):
        page = tmp_path / f"{language}.html"
        assert call("predict", "--run", run, "--page", page, "--language", language).code == 0
        assert text in page.read_text(encoding="utf-8").replace("&#39;", "'")


def test_where_a_class_has_no_image_left_nothing_is_answered(moved):
    images, run = moved
    shutil.rmtree(images / "circle")
    ran = call("predict", "--run", run)
    assert (ran.code, ran.out) == (2, "")
    assert ", and none of circle is left. Put them back, name the folder that holds them now by --data DIR, or " in (
        ran.err
    )


def test_an_export_finds_its_images_and_refuses_where_one_is_gone(moved, tmp_path):
    pytest.importorskip("tf2onnx")
    images, run = moved
    renamed(images)
    away = images.rename(tmp_path / "away")
    ran = call("export", run, "--out", tmp_path / "out", "--data", away, "--json")
    assert ran.code == 0, ran.err
    assert (json.loads(ran.out)["images"], json.loads(ran.out)["changed"]) == (6, [])
    assert note(6, away) in ran.err
    gone = {entry.sha256 for entry in read_split(run / "split.csv") if entry.split == "val"}
    next(file for file in away.rglob("*.png") if hash_file(file) in gone).unlink()
    ran = call("export", run, "--out", tmp_path / "none", "--data", away)
    assert ran.code == 2
    assert "error: 1 of 6 images of the run's validation split are missing or changed in " in ran.err
    assert ran.err.endswith(". Put them back, or name the folder that holds them now by --data DIR.\n")
    assert left_behind(tmp_path / "none") == []


def test_a_page_has_examples_of_images_that_were_found(moved, tmp_path):
    pytest.importorskip("tf2onnx")
    images, run = moved
    renamed(images)
    away = images.rename(tmp_path / "away")
    words = ("page", run, "--out", tmp_path / "page.html", "--runtime", npm.package(tmp_path / "npm"), "--examples", 3)
    assert call(*words).code == 2
    ran = call(*words, "--data", away, "--json")
    assert ran.code == 0, ran.err
    assert (json.loads(ran.out)["examples"], json.loads(ran.out)["images"]) == (3, 6)
    assert ran.err.count("note:") == 1
    assert note(12, away) in ran.err


def test_integers_of_a_network_need_the_training_images_that_choose_their_ranges(moved, tmp_path):
    from study.export.run import calibration_images

    images, run = moved
    renamed(images)
    found = located(read_run(run), ("train",))
    assert calibration_images(found).shape == (48, 32, 32, 3)
    found.files.pop(read_split(run / "split.csv")[0].path)
    told = message(calibration_images, found)
    assert told.endswith("Put them back, name the folder that holds them now by --data DIR, or leave --int8 out.")


def test_a_look_into_a_network_finds_its_images(moved, tmp_path):
    images, run = moved
    renamed(images)
    ran = call("inspect", "--run", run, "--page", tmp_path / "layers.html")
    assert ran.code == 0, ran.err
    assert ran.err.startswith(note(54, images))


def test_where_all_paths_hold_files_none_is_read(moved):
    images, run = moved
    file = files_of(run, images, "test")[0]
    file.rename(images / "moved.png")
    file.write_text("another content")
    assert file in located(read_run(run), ("train", "val", "test")).files.values()
    assert "careful: 1 of 6 images" in call("predict", "--run", run).out
