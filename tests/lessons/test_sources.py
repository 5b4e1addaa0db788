"""Every lesson: its texts in both languages, its exercises, and that its notebooks hold what its source says."""

import ast
import base64
import builtins
import importlib
import inspect
import re
import sys
from functools import cache

import nbformat
import numpy as np
import pytest
from helpers import ROOT
from modules import MODULES, PACKAGES

from lessons import exercises
from lessons.catalogue import LANGUAGES, NOTEBOOKS, lessons
from lessons.checking import Exercise, judge
from lessons.telling import MOST_BYTES

sys.path.insert(0, str(NOTEBOOKS))
build = importlib.import_module("build")
sys.path.remove(str(NOTEBOOKS))

LESSONS = lessons()
MOST_LINES = 15  # of code in a cell
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")
of_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.source.stem)
EXERCISES = [(number, exercise) for number in exercises.numbers() for exercise in exercises.of_lesson(number)]
of_exercise = pytest.mark.parametrize(("number", "exercise"), EXERCISES, ids=lambda value: getattr(value, "name", None))


@cache
def source(lesson):
    return build.read_source(lesson.source)


def code_cells(lesson):
    return [cell.source for cell in source(lesson).cells if cell.cell_type == "code"]


def stubs(lesson):
    """Name -> code of the functions that a reader is to write."""
    found = {}
    for cell in code_cells(lesson):
        for node in ast.parse(cell).body:
            if isinstance(node, ast.FunctionDef) and f"check({node.name})" in cell:
                found[node.name] = ast.unparse(node)
    return found


@of_lesson
def test_every_text_is_there_in_english_and_then_in_japanese(lesson):
    cells = source(lesson).cells
    texts = [cell for cell in cells if cell.cell_type == "markdown" and "solution" not in cell.metadata]
    assert [cell.metadata.get("lang") for cell in texts] == list(LANGUAGES) * (len(texts) // 2)
    for en, ja in zip(texts[::2], texts[1::2], strict=True):
        assert JAPANESE.search(ja.source), ja.source
        assert en.source.count("\n#") == ja.source.count("\n#"), (en.source, ja.source)


@of_lesson
def test_a_lesson_has_the_shape_of_all_lessons(lesson):
    headings = [
        line for cell in source(lesson).cells if cell.metadata.get("lang") == "en" for line in cell.source.splitlines()
        if line.startswith("#")
    ]  # fmt: skip
    for wanted in ("The idea", "Predict before you run", "Picture", "Where it breaks", "Exercises", "Sources"):
        assert any(line.startswith(f"## {wanted}") for line in headings), wanted
    assert any("**What was seen.**" in cell for cell in code_cells(lesson))


@of_lesson
def test_a_cell_has_few_lines(lesson):
    long = [cell for cell in code_cells(lesson) if len(cell.splitlines()) > MOST_LINES]
    assert long == []


@of_lesson
def test_a_lesson_defines_nothing_that_a_module_should_have(lesson):
    own = [node.name for cell in code_cells(lesson) for node in ast.parse(cell).body
           if isinstance(node, ast.FunctionDef | ast.ClassDef)]  # fmt: skip
    assert set(own) <= {exercise.name for exercise in exercises.of_lesson(lesson.number)}


@of_lesson
def test_a_lesson_imports_public_faces_only(lesson):
    """Names of a room's `__init__.py`, tasks, and the files of lessons and scratch, which are written for reading."""
    for cell in code_cells(lesson):
        for node in ast.walk(ast.parse(cell)):
            if not isinstance(node, ast.ImportFrom) or node.module.split(".")[0] not in (*PACKAGES, "lessons"):
                continue
            for alias in node.names:
                if node.module.split(".")[0] in ("lessons", "scratch") or node.module == "study.tasks":
                    continue
                assert MODULES[node.module].name == "__init__.py", f"{node.module} is no room"
                face = importlib.import_module(node.module)
                assert hasattr(face, alias.name), f"{node.module}.{alias.name}"
                assert f"{node.module}.{alias.name}" not in MODULES or alias.name in getattr(face, "FACE", ())


@of_lesson
def test_every_exercise_has_its_cell_and_its_folded_solution(lesson):
    names = [exercise.name for exercise in exercises.of_lesson(lesson.number)]
    folded = [cell.metadata["solution"] for cell in source(lesson).cells if "solution" in cell.metadata]
    assert 2 <= len(names) <= 3
    assert list(stubs(lesson)) == folded == names


@of_lesson
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notebook_holds_what_the_source_says(lesson, language):
    built = build.in_language(nbformat.from_dict(source(lesson)), language)
    assert build.differences(lesson, built, language) == []


@of_lesson
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notebook_ran_without_a_complaint_and_its_pictures_are_small(lesson, language):
    notebook = nbformat.read(lesson.notebook(language), as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert pictures
    for picture in pictures:
        assert len(base64.b64decode(picture.data["image/png"])) <= MOST_BYTES
        assert picture.metadata["image/png"]["alt"]
    said = [output.data["text/markdown"] for output in outputs if "text/markdown" in output.get("data", {})]
    assert said
    assert all(bool(JAPANESE.search(text)) is (language == "ja") for text in said)


@of_exercise
def test_the_solution_is_right_and_the_stub_is_not(number, exercise):
    assert judge(exercise.solution, exercise)[0]
    (lesson,) = [lesson for lesson in LESSONS if lesson.number == number]
    names = {}
    exec(stubs(lesson)[exercise.name], names)
    is_right, en, _ = judge(names[exercise.name], exercise)
    assert not is_right
    assert en == f"`{exercise.name}`: not answered yet."


@of_exercise
def test_the_folded_solution_needs_only_what_its_lesson_imports(number, exercise):
    (lesson,) = [lesson for lesson in LESSONS if lesson.number == number]
    code = [ast.parse(cell.source) for cell in source(lesson).cells if cell.cell_type == "code"]
    imports = [node for part in code for node in part.body if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {alias.asname or alias.name for node in imports for alias in node.names}
    solution = [*ast.walk(ast.parse(inspect.getsource(exercise.solution)))]
    names = [node for node in solution if isinstance(node, ast.Name)]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)} | {
        node.arg for node in solution if isinstance(node, ast.arg)
    }
    assert {node.id for node in names} - own - imported - set(dir(builtins)) == set()


@of_exercise
def test_three_wrong_answers_have_hints_of_their_own(number, exercise):
    assert len(exercise.wrong) >= 3
    hints = []
    for wrong in exercise.wrong:
        is_right, en, ja = judge(wrong.answer, exercise)
        assert not is_right
        assert en.endswith(wrong.en)
        assert ja.endswith(wrong.ja)
        assert JAPANESE.search(wrong.ja)
        assert not JAPANESE.search(wrong.en)
        hints.append(wrong.en)
    assert len(set(hints)) == len(hints)


def test_a_result_that_is_nearly_right_is_told_to_be_off():
    exercise = Exercise(lambda x: np.array([x, np.nan]), [(1.0,)], [])
    assert judge(lambda x: np.array([x * (1 + 5e-6), np.nan]), exercise)[1].endswith(": not yet, that is too large.")


def test_names_of_exercises_are_given_once():
    names = [exercise.name for _, exercise in EXERCISES]
    assert len(set(names)) == len(names)


def test_the_table_lists_every_lesson_with_its_time_and_memory():
    table = (NOTEBOOKS / "README.md").read_text(encoding="utf-8")
    assert sorted(number for number, _, _ in build.COSTS.findall(table)) == [lesson.number for lesson in LESSONS]
    assert ROOT / "notebooks" == NOTEBOOKS
