"""`lessons`: the list, what was solved of it, and opening one."""

import importlib.util
import json

import pytest
from helpers import call

from lessons import progress
from lessons.catalogue import lessons


def test_the_list_has_every_lesson_with_its_question(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path))
    ran = call("lessons", "--json")
    listed = json.loads(ran.out)["lessons"]
    assert [(one["number"], one["question"]) for one in listed] == [
        (lesson.number, lesson.questions[0].replace("*", "")) for lesson in lessons()
    ]
    assert "*" in "".join(lesson.questions[0] for lesson in lessons())  # it is Markdown, which a terminal does not show
    assert {one["solved"] for one in listed} == {0}
    progress.note(lessons()[0].exercises[0])
    assert json.loads(call("lessons", "--json").out)["lessons"][0]["solved"] == 1


def test_the_list_is_in_japanese_where_that_is_asked_for():
    listed = json.loads(call("lessons", "--json", "--language", "ja").out)["lessons"]
    assert [one["title"] for one in listed] == [lesson.titles[1] for lesson in lessons()]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("77",), "There is no lesson 77. There are: "),
        (("04", "05"), "lessons takes one number of a lesson, or none. Received: 04 05"),
        (("--language", "fr"), "--language takes en, ja. Received: fr"),
    ],
)
def test_what_is_no_lesson_is_an_error(words, text):
    ran = call("lessons", *words)
    assert ran.code == 2
    assert text in ran.err


@pytest.mark.skipif(importlib.util.find_spec("jupyterlab") is not None, reason="would open it")
def test_without_jupyter_it_says_how_to_install_it():
    ran = call("lessons", lessons()[0].number)
    assert ran.code == 2
    assert "error: Jupyter is not installed: python -m pip install jupyterlab. Or open " in ran.err
