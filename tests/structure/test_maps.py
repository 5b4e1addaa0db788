"""Syllabus and glossary: what they name is there, and all that is there is named."""

import re

import pytest
from helpers import ROOT
from lesson_texts import text
from structure.test_readme import TEXTS

from lessons.catalogue import LANGUAGES, lessons

LESSONS = {lesson.number: lesson for lesson in lessons()}
NUMBERS = [f"{number:02}" for number in range(15)]
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")
DEFINED = re.compile(r"^\[(\d\d)\]: \.\./(\S+)$", re.MULTILINE)


def table(page, heading=""):
    """Cells of each row of the first table below a heading, the header left out."""
    below = TEXTS[page].partition(heading)[2] if heading else TEXTS[page]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


SYLLABUS, GLOSSARY = table("docs/syllabus.md"), table("docs/glossary.md")


@pytest.mark.parametrize("page", [page for page in TEXTS if DEFINED.search(TEXTS[page])])
def test_the_number_of_a_lesson_links_to_its_notebook(page):
    defined = dict(DEFINED.findall(TEXTS[page]))
    assert list(defined) == NUMBERS
    assert set(re.findall(r"\[(\d\d)\](?!:)", TEXTS[page])) <= set(NUMBERS)
    for number, lesson in LESSONS.items():
        assert defined[number] == lesson.notebook("en").relative_to(ROOT).as_posix()


# ---- the syllabus ----


def test_the_syllabus_has_every_lesson_in_order():
    assert [re.match(r"\[(\d\d)\] \w", row[0])[1] for row in SYLLABUS] == NUMBERS
    assert all(all(row) and len(row) == 5 for row in SYLLABUS)


def test_the_syllabus_names_every_file_of_scratch_once():
    named = [name for row in SYLLABUS for name in re.findall(r"`(\w+\.py)`", row[3])]
    assert sorted(named) == sorted(path.name for path in (ROOT / "scratch").glob("[!_]*.py"))


@pytest.mark.parametrize("row", SYLLABUS, ids=NUMBERS)
def test_the_files_and_papers_of_a_lesson_are_its_own(row):
    """A file is one that the lesson names; a paper has its address from the lesson or from the page of techniques."""
    number = row[0][1:3]
    if number in LESSONS:
        source = LESSONS[number].source.read_text(encoding="utf-8")
        techniques = "".join(" | ".join(one) for one in table("docs/techniques.md") if number in one[3])
        for name in re.findall(r"`(\w+)\.py`", row[3]):
            assert f"scratch/{name}.py" in source or f"scratch.{name}" in source or f"`{name}.py`" in techniques, name
    known = TEXTS["docs/techniques.md"] + "".join(text(lesson, "en") for lesson in LESSONS.values())
    papers = re.findall(r"\]\((https://\S+?)\)(?:,|$)", row[4])
    assert len(papers) == row[4].count("](") > 0
    for address in papers:
        assert address in known, address


# ---- the glossary ----


def test_the_terms_stand_in_order_each_once_with_its_japanese():
    terms = [row[0] for row in GLOSSARY]
    assert len(terms) > 100
    assert terms == sorted(set(terms), key=str.lower)
    for term, japanese, line, lesson in GLOSSARY:
        assert JAPANESE.search(japanese) or japanese == term, term
        assert line, term
        assert re.fullmatch(r"\[\d\d\]", lesson), term


@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_has_the_terms_that_the_glossary_sends_there(number):
    of_language = {language: text(LESSONS[number], language).lower() for language in LANGUAGES}
    for term, japanese, _, lesson in GLOSSARY:
        if lesson == f"[{number}]":
            english = re.sub(r" \(.*\)", "", term)
            assert english.lower() in of_language["en"] or japanese.lower() in of_language["ja"], term
