"""Exercises that check themselves: by what a function does, not by how it is written.

An exercise holds its solution, arguments to try it with, and typical wrong answers, each with a hint of its own. A
function is right where it gives what the solution gives; where it gives what a wrong answer gives, it gets its hint.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons import progress
from lessons.telling import say


@dataclass(frozen=True)
class Wrong:
    """A typical wrong answer, and the hint that leads on from it, in English and Japanese."""

    answer: Callable
    en: str
    ja: str


@dataclass(frozen=True)
class Exercise:
    """A function that a reader writes.

    Args:
        solution: the right function; its name is the exercise's.
        cases: arguments that it is tried with.
        wrong: typical wrong answers.
        tolerance: relative and absolute, of numbers.
    """

    solution: Callable
    cases: Sequence[tuple]
    wrong: Sequence[Wrong]
    tolerance: float = 1e-6

    @property
    def name(self) -> str:
        """Return what the function is called."""
        return self.solution.__name__


def same(a: Any, b: Any, tolerance: float) -> bool:  # noqa: ANN401
    """Say whether two results are equal: numbers and arrays of numbers nearly, all else exactly."""
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(same(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key], tolerance) for key in a)
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    try:
        x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    except (TypeError, ValueError):
        return type(a) is type(b) and a == b
    return x.shape == y.shape and np.allclose(x, y, tolerance, tolerance, equal_nan=True)


def results(function: Callable, exercise: Exercise) -> list[Any]:
    """Return what a function gives for all cases, each with arguments of its own, which it may change."""
    return [function(*copy.deepcopy(case)) for case in exercise.cases]


def judge(given: Callable, exercise: Exercise) -> tuple[bool, str, str]:
    """Return whether a function is right, and what to say of it in English and Japanese."""
    name = exercise.name
    try:
        found = results(given, exercise)
    except Exception as error:  # whatever a reader's function raises is told, not raised
        told = f"{type(error).__name__}: {error}"
        return False, f"`{name}` stops with {told}", f"`{name}` がエラーで止まりました:{told}"
    if all(result is None for result in found):
        return False, f"`{name}`: not answered yet.", f"`{name}`:まだ解答がありません。"
    right = results(exercise.solution, exercise)
    if same(found, right, exercise.tolerance):
        return True, f"`{name}`: right.", f"`{name}`:正解です。"
    for wrong in exercise.wrong:
        if same(found, results(wrong.answer, exercise), exercise.tolerance):
            return False, f"`{name}`: not yet. {wrong.en}", f"`{name}`:まだ違います。{wrong.ja}"
    return False, *_describe(name, exercise, found, right)


def _describe(name: str, exercise: Exercise, found: Sequence[Any], right: Sequence[Any]) -> tuple[str, str]:
    """Say for which arguments the result is off, and how, without the right one."""
    number = next(i for i, pair in enumerate(zip(found, right, strict=True)) if not same(*pair, exercise.tolerance))
    arguments = ", ".join(_short(argument) for argument in exercise.cases[number])
    given, asked = found[number], right[number]
    en, ja = f"`{name}({arguments})` gives {_short(given)}", f"`{name}({arguments})` の値は {_short(given)} です"
    try:
        shapes = np.shape(given), np.shape(asked)
        ends = np.asarray(given, np.float64), np.asarray(asked, np.float64)
    except (TypeError, ValueError):
        return f"{en}: not yet. A result of another kind is asked for.", f"{ja}。返す値の種類が違います。"
    if shapes[0] != shapes[1]:
        return f"{en}: not yet. The result's shape is {shapes[0]}; {shapes[1]} is asked for.", (
            f"{ja}。結果の形は {shapes[0]} ですが、求めるのは {shapes[1]} です。"
        )
    near = np.isclose(*ends, exercise.tolerance, exercise.tolerance, equal_nan=True)
    first = int(np.flatnonzero(~near)[0])
    off = ("small", "小さすぎます") if ends[0].flat[first] < ends[1].flat[first] else ("large", "大きすぎます")
    return f"{en}: not yet, that is too {off[0]}.", f"{ja}。{off[1]}。"


def _short(value: object) -> str:
    """Return a value in at most 60 letters."""
    text = repr(value).replace("\n", " ")
    return text if len(text) <= 60 else text[:57] + "…"


def check(given: Callable) -> None:
    """Say whether a reader's function solves the exercise of its name, and note it where it does.

    Raises:
        KeyError: no exercise has the name.
    """
    from lessons.exercises import find

    is_right, en, ja = judge(given, find(given.__name__))
    say(en, ja)
    if is_right:
        progress.note(given.__name__)
