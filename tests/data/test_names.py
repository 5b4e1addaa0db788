import pytest

from data.names import distinct, listed, similar


@pytest.mark.parametrize(
    ("names", "word"),
    [
        ([], "unsure"),
        (["cat", "unsure things"], "unsure"),
        (["unsure"], "(unsure)"),
        (["cat", "Un Sure"], "(unsure)"),
        (["unsure", "(Unsure)"], "((unsure))"),
        (["(unsure)"], "unsure"),
    ],
)
def test_a_word_of_the_program_gives_way_to_a_class_of_that_name(names, word):
    assert distinct("unsure", names) == word


def test_names_that_differ_in_case_spaces_and_width_are_similar():
    found = similar(["cat", "dog", "Cat", "ｃａｔ", "c at", "cat"])
    assert found == [("Cat", "cat"), ("ｃａｔ", "cat"), ("c at", "cat")]


@pytest.mark.parametrize(
    ("names", "text"),
    [(["cat"], "cat"), (["cat", "dog"], "cat, dog"), (["cat", "dog", "horse"], "cat, dog and 1 more")],
)
def test_many_names_are_cut_and_counted(names, text):
    assert listed(names, 2) == text
