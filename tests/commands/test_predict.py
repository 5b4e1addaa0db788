"""`predict`: the same answers as in training, whatever names the images and wherever the run is."""

import json
import re
import shutil
import warnings

import numpy as np
import pytest
from helpers import ROOT, TOY_CLASSES, call, process, toy_image
from run_files import shares, table

import main
from data import image
from study.runtime.format import significant

PYTHON_FILES = ("main.py", "errors.py", "study", "data", "models")


def test_training_predict_and_keras_alone_give_the_same_probabilities(run, toy, tmp_path):
    import keras

    saved = {row["path"]: shares(row) for row in table(run / "predictions.csv")}
    files = [toy / name for name in saved]
    ran = call("predict", "--run", run, *files, "--csv", tmp_path / "all.csv")
    assert ran.code == 0
    rows = table(tmp_path / "all.csv")
    header = ["path", "predicted", "probability", *(f"p_{label}" for label in TOY_CLASSES), "error"]
    header += ["verdict", "distance"]
    assert list(rows[0]) == header
    assert [row["path"] for row in rows] == [str(file) for file in files]
    call("predict", "--run", run, files[0], "--csv", tmp_path / "one.csv")
    (alone,) = table(tmp_path / "one.csv")
    classifier = keras.saving.load_model(run / "model.keras")
    pixels = np.stack([image.load(file.read_bytes(), 32, "crop") for file in files]).astype(np.float32)
    by_keras = classifier.predict(pixels, verbose=0)
    for row, file, direct in zip(rows, files, by_keras, strict=True):
        expected = saved[file.relative_to(toy).as_posix()]
        np.testing.assert_allclose(shares(row), expected, atol=2e-6)
        np.testing.assert_allclose(direct, expected, atol=2e-6)
        said = rf"{re.escape(str(file))} +({row['predicted']}|unlike)  {significant(float(row['probability']), 4)}"
        assert re.search(said, ran.out)
    np.testing.assert_allclose(shares(alone), shares(rows[0]), atol=2e-6)


@pytest.mark.parametrize("which", ["scratch", "transfer"])
def test_saved_model_opens_in_keras_without_a_warning(which, run, own):
    import keras

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        classifier = keras.saving.load_model((run if which == "scratch" else own[1]) / "model.keras")
    assert classifier.output_shape == (None, 3)


def test_folders_and_list_on_standard_input(run, toy, tmp_path):
    folder, table_path = toy / "circle", tmp_path / "answers.csv"
    assert call("predict", "--run", run, folder, "--csv", table_path).code == 0
    assert [row["path"] for row in table(table_path)] == [str(folder / f"{number}.png") for number in range(20)]
    names = f"{toy}/square/3.png\r\n\n{toy}/circle/7.png".encode()
    ran = call("predict", "--run", run, "-", "--csv", table_path, stdin=names)
    assert ran.code == 0
    assert [row["path"] for row in table(table_path)] == [f"{toy}/square/3.png", f"{toy}/circle/7.png"]
    *lines, last = ran.out.splitlines()
    assert len({len(line) - len(line.split(" ", 1)[1].lstrip()) for line in lines}) == 1  # aligned
    assert re.fullmatch(r"2 images: \w+ \d(, \w+ 1)?", last)


def test_a_list_may_begin_with_the_mark_that_some_editors_write(run, toy, tmp_path):
    path = toy / "circle" / "7.png"
    ran = call("predict", "--run", run, "-", "--csv", tmp_path / "a.csv", stdin=f"\ufeff{path}\r\n{path}\n".encode())
    assert (ran.code, [row["path"] for row in table(tmp_path / "a.csv")]) == (0, [str(path)])
    ran = call("predict", "--run", run, "-", stdin="\ufeff\n \n".encode())
    assert (ran.code, ran.err) == (2, "error: There is no image in the list: give image files or folders.\n")


def test_an_empty_path_is_not_the_working_folder(run, toy, monkeypatch):
    monkeypatch.chdir(toy)
    ran = call("predict", "--run", run, toy / "circle" / "0.png", "")
    assert ran.code == 2
    assert ran.err == "error: A path is empty, perhaps a variable that is not set: give a file or folder.\n"


def test_a_list_is_asked_of_standard_input_that_is_closed(run, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    ran = call("predict", "--run", run, "-")
    told = "standard input is closed: lead a list of paths into it for -, or give files and folders."
    assert (ran.code, ran.err) == (2, f"error: {told}\n")


def test_closed_output_is_silence(run, toy, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    words = ["predict", "--run", str(run), str(toy / "circle" / "0.png"), "--csv", str(tmp_path / "a.csv")]
    assert main.main(words) == 0
    assert len(table(tmp_path / "a.csv")) == 1


def test_without_paths_reports_own_test_part(run, toy, tmp_path):
    ran = call("predict", "--runs", run.parent, "--csv", tmp_path / "test.csv")
    assert (ran.code, ran.err.count("\n")) == (0, 1)
    assert f"{run}: its own test split" in ran.out
    test = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert f"test: accuracy {100 * test['accuracy']:.1f} %" in ran.out
    assert "precision" in ran.out
    assert all(label in ran.out for label in TOY_CLASSES)
    saved = [row["predicted"] for row in table(run / "predictions.csv")]
    assert [row["predicted"] for row in table(tmp_path / "test.csv")] == saved


def test_bad_file_among_good_ones_is_named_and_counted(run, toy, tmp_path):
    bad = tmp_path / "page.jpg"
    bad.write_bytes(b"<!doctype html><p>404")
    paths = [toy / "circle" / "0.png", bad, tmp_path / "gone.png", toy / "square" / "0.png"]
    ran = call("predict", "--run", run, *paths, "--csv", tmp_path / "answers.csv")
    assert ran.code == 0
    assert f"{bad}: not an image" in ran.err
    assert f"{tmp_path / 'gone.png'}: no such file or folder" in ran.err
    assert ran.err.splitlines()[-1] == "2 of 4 files could not be used."
    rows = {row["path"]: row for row in table(tmp_path / "answers.csv")}
    assert set(rows) == set(map(str, paths))
    assert rows[str(bad)]["error"].startswith("not an image")
    assert rows[str(bad)]["predicted"] == rows[str(bad)]["p_circle"] == ""
    assert rows[str(paths[0])]["error"] == ""
    assert rows[str(paths[0])]["predicted"] in TOY_CLASSES


def test_all_files_bad_ends_with_2(run, tmp_path):
    (tmp_path / "page.jpg").write_bytes(b"<!doctype html>")
    (tmp_path / "empty.png").write_bytes(b"")
    ran = call("predict", "--run", run, tmp_path / "page.jpg", tmp_path / "empty.png", "--csv", tmp_path / "a.csv")
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == "error: None of the 2 file(s) could be used; the reasons stand above."
    assert "empty.png: the file is empty" in ran.err
    assert len(table(tmp_path / "a.csv")) == 2


@pytest.mark.parametrize("name", ["猫の写真.png", "two words.png", "cat 🐱.png", "[red]a,\"b'.png", "-x.png"])
def test_any_name_is_answered(name, run, toy, tmp_path):
    file = tmp_path / name
    shutil.copy(toy / "circle" / "0.png", file)
    ran = call("predict", "--run", run, file, "--csv", tmp_path / "answers.csv")
    assert ran.code == 0
    assert ran.err.startswith(f"{run}: original, 3 classes (circle, square, stripes); test: accuracy ")
    assert ran.out.startswith(f"{file}  ")
    assert table(tmp_path / "answers.csv")[0]["path"] == str(file)


@pytest.mark.parametrize("listed", [b"\xff\xfe.png\n", b"a\0b\n"])
def test_garbage_on_standard_input_is_no_crash(listed, run):
    ran = call("predict", "--run", run, "-", stdin=listed)
    assert ran.code == 2
    assert ran.err.splitlines()[-1].startswith("error: ")


def test_run_answers_elsewhere_without_its_model_file_and_on_a_western_console(run, toy, tmp_path):
    project, moved, file = tmp_path / "project", tmp_path / "moved run", tmp_path / "猫 🐱.png"
    project.mkdir()
    for name in PYTHON_FILES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, project / name)
    (project / "models" / "original.py").unlink()
    shutil.copytree(run, moved)
    first = table(run / "predictions.csv")[0]
    shutil.copy(toy / first["path"], file)
    arguments = ("predict", "--run", moved, file, "--csv", tmp_path / "answers.csv")
    ended = process(*arguments, cwd=project, PYTHONIOENCODING="cp1252")
    assert ended.returncode == 0
    assert b"Traceback" not in ended.stderr
    assert first["predicted"].encode() in ended.stdout
    (row,) = table(tmp_path / "answers.csv")
    assert row["path"] == str(file)
    np.testing.assert_allclose(shares(row), shares(first), atol=2e-6)


REMEDIES = "Put them back, name the folder that holds them now by --data DIR, or name files or folders to predict."


def test_moved_data_is_told(own):
    data, run, _ = own
    away = data.rename(data.parent / "away")
    try:
        ran = call("predict", "--run", run)
    finally:
        away.rename(data)
    assert ran.code == 2
    expected = re.escape(f"error: 6 of 6 images of the run's test split are missing or changed in {data}, such as ")
    assert re.fullmatch(rf"{expected}circle/\d+\.png\. {re.escape(REMEDIES)}\n", ran.err)


@pytest.mark.parametrize("how", ["missing", "changed", "a folder"])
def test_the_test_picture_that_is_missing_or_changed_is_named_and_no_figure_is_that_of_the_split(how, own):
    data, run, _ = own
    name = [row["path"] for row in table(run / "split.csv") if row["part"] == "test"][3]
    file, kept = data / name, data.parent / "kept.png"
    file.rename(kept)
    try:
        if how == "changed":
            toy_image("circle", 999).save(file)
        elif how == "a folder":
            file.mkdir()
        ran = call("predict", "--run", run)
    finally:
        if how == "a folder":
            file.rmdir()
        kept.rename(file)
    assert ran.code == 0, ran.err
    careful = (
        f"careful: 1 of 6 images of the run's test split are missing or changed in {data}, such as {name}: the figures "
        "are those of the 5 that are left, not of the whole split. Put them back, or name the folder that holds them "
        f"now by --data DIR.\n{run}: its own test split, 5 of its 6 images\n5 of 6 test images: accuracy "
    )
    assert ran.out.startswith(careful)
    assert "\ntest: accuracy" not in ran.out
