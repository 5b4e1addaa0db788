"""Exercises check themselves: what is said of right, wrong and unfinished answers."""

import numpy as np
import pytest

from lessons import progress
from lessons.checking import Exercise, Wrong, check, judge, same


def double(x):
    return 2 * x


EXERCISE = Exercise(double, [(1.0,), (3.0,)], (Wrong(lambda x: x**2, "That is the square.", "それは二乗です。"),))


@pytest.mark.parametrize(
    ("given", "is_right", "en"),
    [
        (lambda x: x + x, True, "`double`: right."),
        (lambda x: 2 * x + 1e-12, True, "`double`: right."),
        (lambda x: None, False, "`double`: not answered yet."),
        (lambda x: x**2, False, "`double`: not yet. That is the square."),
        (lambda x: 5 * x, False, "`double(1.0)` gives 5.0: not yet, that is too large."),
        (lambda x: 2.0 if x == 1 else 0.0, False, "`double(3.0)` gives 0.0: not yet, that is too small."),
        (lambda x: [2.0], False, "`double(1.0)` gives [2.0]: not yet. The result's shape is (1,); () is asked for."),
        (lambda x: "two", False, "`double(1.0)` gives 'two': not yet. A result of another kind is asked for."),
        (lambda x: x.nothing, False, "`double` stops with AttributeError: 'float' object has no attribute 'nothing'"),
    ],
)
def test_an_answer_is_judged_by_what_it_gives(given, is_right, en):
    found = judge(given, EXERCISE)
    assert found[:2] == (is_right, en)
    assert found[2] != found[1]


def test_an_answer_that_changes_its_arguments_changes_no_case():
    def solution(x):
        return x + 1

    def in_place(x):
        x += 1
        return x

    exercise = Exercise(solution, [(np.zeros(2),)], ())
    assert judge(in_place, exercise)[0]
    assert judge(in_place, exercise)[0]


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ((1.0, "x"), (1.0, "x"), True),
        ((1.0, "x"), (1.0, "y"), False),
        ([1, 2], (1.0, 2.0), True),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1.0}, False),
        (np.ones(2), np.ones((2, 1)), False),
        (float("nan"), float("nan"), True),
        (True, True, True),
        ("1", 1, False),
        (None, 1.0, False),
    ],
)
def test_results_are_the_same_nearly(a, b, equal):
    assert same(a, b, 1e-6) is equal


def test_a_solved_exercise_is_noted_and_a_wrong_one_is_not(tmp_path, monkeypatch, capsys):
    from lessons.exercises.lesson_04 import cosine_rate

    monkeypatch.setenv("STUDY_CACHE", str(tmp_path))

    def wrong(first, epoch, epochs):
        return 0.0

    wrong.__name__ = "cosine_rate"
    check(wrong)
    assert progress.solved() == set()
    check(cosine_rate)
    assert progress.solved() == {"cosine_rate"}


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "file"))
    progress.note("anything")
    assert progress.solved() == set()
