"""List the lessons, or open one."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import Any

from errors import UserError
from lessons import progress
from lessons.catalogue import LANGUAGES, Lesson, lessons
from study.runtime import hardware, module
from study.runtime.result import Result
from study.settings.commands import LessonsSettings


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """List the lessons with their questions and what was solved of their exercises, or open one in Jupyter."""
    settings = LessonsSettings(**flags)
    if len(settings.paths) > 1:
        raise UserError(f"lessons takes one number of a lesson, or none. Received: {' '.join(settings.paths)}")
    if settings.paths:
        return open_lesson(find(settings.paths[0]), settings.language)
    return show(settings.language)


def show(language: str) -> Result:
    """Print the table of all lessons."""
    from study.runtime import console

    column, solved = LANGUAGES.index(language), progress.solved()
    values = [
        {
            "number": lesson.number,
            "title": lesson.titles[column],
            "question": lesson.questions[column].replace("*", ""),  # of Markdown
            "notebook": str(lesson.notebook(language)),
            "exercises": len(lesson.exercises),
            "solved": len(solved & set(lesson.exercises)),
        }
        for lesson in lessons()
    ]
    rows = [(one["number"], one["title"], one["question"], f"{one['solved']} of {one['exercises']}") for one in values]
    console.table("Lessons", ("#", "lesson", "question", "exercises solved"), rows, left=3)
    begun = next((one for one in values if one["solved"] < one["exercises"]), values[0])
    return Result({"lessons": values}, f"python main.py lessons {begun['number']}", "open one")


def find(number: str) -> Lesson:
    """Return the lesson of a number. Raise UserError where there is none."""
    known = lessons()
    for lesson in known:
        if number.zfill(2) == lesson.number:
            return lesson
    raise UserError(f"There is no lesson {number}. There are: {', '.join(lesson.number for lesson in known)}")


def open_lesson(lesson: Lesson, language: str) -> Result:
    """Open a lesson in Jupyter. Raise UserError, saying how else to read it, where that is not installed."""
    notebook = lesson.notebook(language)
    if not hardware.is_installed("jupyterlab"):
        raise UserError(
            f"Jupyter is not installed: python -m pip install jupyterlab. Or open {notebook} in VS Code with the "
            "Python of .venv; GitHub shows it too."
        )
    code = subprocess.run(module.command("jupyterlab", str(notebook)), check=False).returncode
    return Result({"notebook": str(notebook)}, code=code)
