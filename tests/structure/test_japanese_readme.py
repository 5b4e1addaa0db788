"""README.ja.md says in Japanese what README.md says: the same parts, tables, commands, figures and links.

Its commands, flags, paths and links are tested in test_readme.py, as those of every page.
"""

import re

from structure.test_readme import FENCE, TEXTS, unfenced

from lessons.catalogue import lessons

ENGLISH, JAPANESE = TEXTS["README.md"], TEXTS["README.ja.md"]
NUMBERS_IN_WORDS = {"15"}  # "fifteen" in English


def tables(text):
    """For each table the cells of its rows, the line below the header left out."""
    found = [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]
    return [[re.split(r"(?<!\\) \| |^\| | \|$", line)[1:-1] for line in (lines[0], *lines[2:])] for lines in found]


def links(text):
    return [target.replace("README.ja.md", "README.md") for target in re.findall(r"\]\(([^)]+)\)", text)]


def codes(text):
    """What stands in backticks, and the blocks without their comments."""
    blocks = [re.sub(r" *#.*$", "", block, flags=re.MULTILINE) for _, block in FENCE.findall(text)]
    return blocks, sorted(re.findall(r"`([^`\n]+)`", unfenced(text)))


def figures(text):
    """Numbers of the text and the tables, outside of code and links."""
    bare = re.sub(r"`[^`\n]+`|\]\([^)]+\)", "", unfenced(text))
    return re.findall(r"(?<![\w.-])\d[\d,.]*(?<![,.])", bare)


def test_it_has_the_same_parts():
    levels = [re.findall(r"^(#+) ", unfenced(text), re.MULTILINE) for text in (ENGLISH, JAPANESE)]
    assert levels[0] == levels[1]
    items = [re.findall(r"^(\d)\. ", unfenced(text), re.MULTILINE) for text in (ENGLISH, JAPANESE)]
    assert items[0] == items[1] == list("1234")


def test_it_has_the_same_commands_and_names():
    assert codes(JAPANESE) == codes(ENGLISH)


def test_it_has_the_same_links_in_the_same_order():
    assert links(JAPANESE) == links(ENGLISH)
    assert "](README.ja.md)" in "".join(ENGLISH.splitlines()[:5])


def test_its_tables_have_the_same_rows_and_figures():
    english, japanese = tables(ENGLISH), tables(JAPANESE)
    assert [[len(row) for row in table] for table in japanese] == [[len(row) for row in table] for table in english]
    for ours, theirs in zip(japanese, english, strict=True):
        for row, other in zip(ours, theirs, strict=True):
            assert sorted(figures(" ".join(row))) == sorted(figures(" ".join(other))), row
            assert row[0] == other[0] or not re.search(r"[`\d]", other[0]), row


def test_its_text_has_the_same_figures():
    assert set(figures(JAPANESE)) - NUMBERS_IN_WORDS == set(figures(ENGLISH))


def test_a_lesson_has_the_title_of_its_notebook():
    (table,) = (table for table in tables(JAPANESE) if table[1][0] == "00")
    titles = {row[0]: row[1] for row in table}
    assert {lesson.number: lesson.titles[1] for lesson in lessons()}.items() <= titles.items()
