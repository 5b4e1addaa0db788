import json
import shutil
from pathlib import Path

import pytest
from another_user import UNIX, may_only_read, shared_place
from helpers import call

from data.folder import list_images
from study.predict.stream import expand_paths
from study.predict.told import padded, width_of

SHORT = '{"test": {"accuracy_interval": [0, 1], "confusion": [[1], [2]]}}'  # a row ends before its diagonal


@pytest.fixture
def copied(run, tmp_path):
    """A copy of the trained run with other figures or facts."""

    def change(name, alter):
        copy = shutil.copytree(run, tmp_path / "run", dirs_exist_ok=True)
        content = json.loads((copy / name).read_text())
        alter(content)
        (copy / name).write_text(json.dumps(content))
        return copy

    return change


def test_the_run_that_predicts_is_named_with_its_figure(run, toy):
    ran = call("predict", "--runs", run.parent, toy / "circle" / "0.png")
    first = ran.err.splitlines()[0]
    assert first.startswith(f"{run}: original, 3 classes (circle, square, stripes); test: accuracy ")
    assert "always answering circle: 33.3 %" in first


def test_a_run_on_drawings_says_that_it_knows_nothing_of_photos(copied, toy):
    folder = copied("run.json", lambda info: info["data"].update(drawn=True))
    ran = call("predict", "--run", folder, toy / "circle" / "0.png")
    assert "It learned drawings made by the program, and knows nothing of photos." in ran.err.splitlines()
    assert "nothing of photos" not in call("predict", "--run", folder).err  # of its own images that goes without saying


def test_a_run_no_better_than_its_commonest_class_says_so(copied, toy):
    def always_circle(metrics):
        metrics["test"]["accuracy"] = 1 / 3

    folder = copied("metrics.json", always_circle)
    ran = call("predict", "--run", folder, toy / "circle" / "0.png")
    assert "This is no better than always answering circle: nothing was learned that helps." in ran.err.splitlines()


@pytest.mark.parametrize("content", ['{"test": [1, 2', "[" * 100_000, SHORT], ids=["cut", "nested", "short"])
def test_figures_that_cannot_be_read_do_not_keep_it_from_predicting(content, run, toy, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / "metrics.json").write_text(content)
    ran = call("predict", "--run", folder, toy / "circle" / "0.png")
    assert ran.code == 0
    assert ran.err.splitlines()[0].endswith("; its metrics.json cannot be read")


@pytest.mark.parametrize(("flags", "code"), [([], 0), (["--strict"], 4)])
def test_a_file_that_fails_is_an_error_only_where_that_was_asked_for(flags, code, run, toy, tmp_path):
    (tmp_path / "page.jpg").write_text("<!doctype html>")
    paths = (toy / "circle", tmp_path / "page.jpg")
    ran = call("predict", "--run", run, *paths, *flags)
    assert ran.code == code
    assert ran.err.splitlines()[-1] == "1 of 21 files could not be used."
    assert ran.out.splitlines()[-1].startswith("20 images: circle ")
    assert call("predict", "--run", run, toy / "circle", *flags).code == 0


def test_columns_are_aligned_whatever_letters_a_path_has():
    paths = [Path("猫.png"), Path("dog.png"), Path("x" * 200)]
    assert width_of(paths[:2]) == 7
    assert padded("猫.png", 7) == "猫.png "
    assert width_of(paths) == 60
    assert padded("x" * 200, 60) == "x" * 200


def test_a_pattern_that_the_shell_left_as_it_is_is_expanded(tmp_path):
    for name in ("10.jpg", "9.jpg", "b.png", "[1].jpg"):
        (tmp_path / name).write_text("x")
    assert list(expand_paths([str(tmp_path / "*.jpg")])) == [tmp_path / name for name in ("9.jpg", "10.jpg", "[1].jpg")]
    assert list(expand_paths([str(tmp_path / "[1].jpg")])) == [tmp_path / "[1].jpg"]  # a name before a pattern
    assert list(expand_paths([str(tmp_path / "*.gif")])) == [tmp_path / "*.gif"]  # which is told not to be there


@UNIX
def test_a_file_in_a_folder_that_may_not_be_opened_gets_a_reason_and_the_others_are_left(toy):
    with shared_place() as place:
        (place / "closed").mkdir()
        for path in (place / "closed" / "1.png", place / "2.png"):
            shutil.copy(toy / "circle" / "0.png", path)
        with may_only_read(place / "closed", mode=0):
            found, skipped = list_images(expand_paths([str(place / "closed" / "1.png"), str(place / "2.png")]))
        assert found == [place / "2.png"]
        assert [one.reason for one in skipped] == ["cannot be read (Permission denied)"]
