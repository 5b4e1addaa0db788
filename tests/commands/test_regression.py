"""Lesson zero: both answers, the words and the image of regression.py."""

import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

import regression
from scratch.linear_regression import DIVERGED, X, Y, gradient_descent, largest_curvature, outcome

SCRIPT = Path(regression.__file__)
LIMIT = 2 / largest_curvature(X)


def run(*arguments, python_options=(), **kwargs):
    command = [sys.executable, *python_options, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=120, **kwargs)


@pytest.fixture(scope="module")
def default_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("regression") / "default.png"
    return run("--out", out), out


def answer(text, name):
    w, b = re.search(rf"^{name} +(\S+) +(\S+)$", text, re.MULTILINE).groups()
    return float(w), float(b)


def assert_is_picture(path):
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        assert 1000 <= image.width <= 2500
        assert 400 <= image.height <= 1200
        assert len(image.convert("RGB").getcolors(1_000_000)) > 50  # not an empty page


# ---- the table ----


@pytest.mark.parametrize("learning_rate", [1e150, 1e308])
def test_overflow_counts_as_diverged_and_is_drawn(learning_rate, tmp_path):
    history = gradient_descent(X, Y, learning_rate, 5)
    assert outcome(history) == DIVERGED
    (tmp_path / "overflow.png").write_bytes(regression.draw(history, learning_rate))
    assert_is_picture(tmp_path / "overflow.png")


def test_the_table_shows_all_of_few_steps_and_ten_then_some_of_many():
    few = regression.table(gradient_descent(X, Y, 0.02, 12), 0.02)
    many = regression.table(gradient_descent(X, Y, 0.02, 405), 0.02)
    assert "all steps" in few
    assert "the first ten steps, then one in 40, and the last" in many

    def steps(table):
        return [int(number) for number in re.findall(r"^ *(\d+) .*\|", table, re.MULTILINE)]

    assert steps(few) == list(range(13))
    assert steps(many) == [*range(10), *range(40, 401, 40), 405]


# ---- what is printed ----


def columns(line):
    """Places that a line takes on a screen, where a Japanese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


@pytest.mark.parametrize(
    ("learning_rate", "steps"),
    [(0.02, 400), (0.02, 1), (0.1, 400), (0.0673411234, 12_345), (1.23456e150, 5), (1e308, 5), (1.23456e-300, 2)],
)
def test_everything_fits_eighty_columns(learning_rate, steps, capsys):
    history = gradient_descent(X, Y, learning_rate, steps)
    regression.print_numpy_part(history, learning_rate, steps)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 50
    assert [line for line in lines if columns(line) > 80] == []


TERMS = ("回帰", "重み", "バイアス", "予測", "損失", "平均二乗誤差", "勾配", "学習率", "勾配降下法")
EXPLAINED = {  # the plain words -> the name that comes after them
    "which straight line runs through them": "regression",
    "how steep it is": "weight",
    "how high it is at x = 0": "bias",
    "how far off is the line at each point": "error",
    "square the errors": "loss",
    "if w were a little larger": "gradient",
    "how far? the slope, times a number that you choose": "learning rate",
    "step after step downhill": "gradient descent",
}


def test_each_idea_is_said_in_plain_words_before_it_is_named():
    text = " ".join(regression.introduction(0.02, 400).lower().split())
    for plain, name in EXPLAINED.items():
        assert plain in text
        assert text.index(plain) < text.index(name), name
    assert all(term in text for term in TERMS)


# ---- the picture ----


def test_a_picture_that_is_there_stays_and_the_new_one_is_named(tmp_path):
    out, command = tmp_path / "line.png", ("--no-keras", "--steps", 1, "--out", tmp_path / "line.png")
    out.write_bytes(b"my own picture")
    (tmp_path / "line-2.png").write_bytes(b"another")
    result = run(*command)
    assert (result.returncode, result.stderr) == (0, "")
    new = tmp_path / "line-3.png"
    assert result.stdout.endswith(f"Picture: {new}\n({out} was there before and is unchanged.)\n")
    assert (out.read_bytes(), (tmp_path / "line-2.png").read_bytes()) == (b"my own picture", b"another")
    assert_is_picture(new)


def test_a_new_picture_has_the_name_that_was_asked_for(default_run):
    result, out = default_run
    assert result.stdout.endswith(f"Picture: {out}\n")
    assert [path.name for path in out.parent.iterdir()] == [out.name]


# ---- the command ----


def test_default_run_converges_and_both_answers_agree(default_run):
    result, out = default_run
    assert result.returncode == 0
    assert result.stderr == ""
    assert "The line is found: at step 400 w is 0.00042 and b is 0.0019 off" in result.stdout
    assert [line for line in result.stdout.splitlines()[:-1] if columns(line) > 80] == []  # the last one is a path
    numpy_answer, keras_answer = answer(result.stdout, "NumPy"), answer(result.stdout, "Keras")
    assert numpy_answer == pytest.approx((2, 1), abs=1e-2)
    assert keras_answer == pytest.approx((2, 1), abs=1e-2)
    assert keras_answer == pytest.approx(numpy_answer, abs=1e-2)
    assert "NumPy and Keras agree" in result.stdout
    assert_is_picture(out)


def test_default_run_shows_the_first_step_worked_out(default_run):
    text = default_run[0].stdout
    assert "[0 -3 -21 -55 -78]\n         = 2 * -157 / 5 = -62.8\n" in text
    assert "0 - 0.02 * (-62.8) = 1.256" in text
    for term in ("学習率", "勾配", "損失", "誤差逆伝播法"):
        assert term in text


def test_keras_neuron_learns_the_same_after_few_steps():
    # Far from the minimum a wrong loss, start or learning rate would show at once.
    last = gradient_descent(X, Y, 0.02, 3)[-1]
    assert regression.keras_neuron(X, Y, 0.02, 3) == pytest.approx((last.w, last.b), abs=1e-4)


def test_too_high_a_learning_rate_is_said_and_drawn(tmp_path):
    result = run("--learning-rate", 0.1, "--out", tmp_path / "high.png")
    assert result.returncode == 0
    assert result.stderr == ""
    assert "the loss grew from 69.8 to 2.095e+08 by step 11." in result.stdout
    assert "Learning rate 0.1 is too large: the training diverges" in result.stdout
    assert f"2/lambda_max = {LIMIT:.5g}" in result.stdout
    assert "Keras neuron: left out" in result.stdout
    assert_is_picture(tmp_path / "high.png")


def test_too_few_steps_are_said(tmp_path):
    result = run("--steps", 1, "--no-keras", "--out", tmp_path / "few.png")
    assert result.returncode == 0
    assert result.stderr == ""
    assert "The line is not found yet: at step 1 w is 0.74 and b is 0.72 off" in result.stdout
    assert_is_picture(tmp_path / "few.png")


def test_no_keras_imports_neither_keras_nor_tensorflow(tmp_path):
    result = run("--no-keras", "--out", tmp_path / "a.png", python_options=("-X", "importtime"))
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in result.stderr.splitlines()}
    assert "matplotlib" in imported  # the list is the real one
    assert not imported & {"keras", "tensorflow"}


def test_nobody_reads_on(tmp_path):
    read, write = os.pipe()
    os.close(read)  # as `| head` does when it has enough
    words = [sys.executable, SCRIPT, "--no-keras", "--out", tmp_path / "a.png"]
    ended = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.parametrize("encoding", ["cp932", "cp1252"])
def test_a_console_without_all_characters_does_not_crash(encoding, tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    result = run("--no-keras", "--out", tmp_path / "a.png", env=environment)
    assert result.returncode == 0
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "received", "right"),
    [
        (["--learning-rate", "-1"], "'-1'", "positive finite number"),
        (["--learning-rate", "0"], "'0'", "positive finite number"),
        (["--learning-rate", "nan"], "'nan'", "positive finite number"),
        (["--learning-rate", "inf"], "'inf'", "positive finite number"),
        (["--learning-rate", "fast"], "'fast'", "positive finite number"),
        (["--steps", "0"], "'0'", "whole number from 1"),
        (["--steps", "1.5"], "'1.5'", "whole number from 1"),
        (["--out", "no/such/folder/a.png"], "'no/such/folder/a.png'", "a folder that exists"),
        (["--out", "a.jpg"], "'a.jpg'", "ends in .png"),
        (["--colour"], "--colour", ""),
    ],
)
def test_a_wrong_flag_is_one_line_and_exit_code_2(arguments, received, right):
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert received in result.stderr
    assert right in result.stderr


def test_a_folder_that_may_not_be_written_is_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(regression.os, "access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(SystemExit) as stopped:
        regression.main(["--out", str(tmp_path / "a.png")])
    assert stopped.value.code == 2
    assert "can be written" in capsys.readouterr().err


def test_ctrl_c_ends_with_130(monkeypatch, tmp_path, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(regression, "gradient_descent", interrupted)
    assert regression.main(["--out", str(tmp_path / "a.png")]) == 130
    assert capsys.readouterr().err == ""
