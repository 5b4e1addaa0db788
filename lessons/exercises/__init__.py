"""The exercises, one file a lesson: solution, arguments to try, typical wrong answers with their hints."""

from __future__ import annotations

import importlib
from pathlib import Path

from lessons.checking import Exercise


def of_lesson(number: str) -> tuple[Exercise, ...]:
    """Return the exercises of lesson "04"; none where it has none."""
    if not (Path(__file__).parent / f"lesson_{number}.py").is_file():
        return ()
    return importlib.import_module(f"lessons.exercises.lesson_{number}").EXERCISES


def numbers() -> list[str]:
    """Return the numbers of the lessons that have exercises."""
    return sorted(path.stem.removeprefix("lesson_") for path in Path(__file__).parent.glob("lesson_*.py"))


def find(name: str) -> Exercise:
    """Return the exercise of a name. Raise KeyError where there is none."""
    by_name = {exercise.name: exercise for number in numbers() for exercise in of_lesson(number)}
    return by_name[name]
