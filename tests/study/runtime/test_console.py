from study.runtime.console import MOST_CLASSES, class_table

HEADER = ("class", "F1", "images")


def rows_of(count):
    return [[f"class{i}", f"0.{i:03d}", f"{1000 * i:,}"] for i in reversed(range(count))]


def shown(text):
    return [line.split() for line in text.splitlines() if line.strip().startswith(("class", "all"))][1:]


def test_few_classes_stand_all_there_in_their_order(capsys):
    rows = rows_of(MOST_CLASSES)
    class_table("Test", HEADER, rows, 1, "the lowest F1")
    out = capsys.readouterr().out
    assert shown(out) == rows
    assert "those with" not in out


def test_of_many_classes_the_lowest_are_shown_and_the_title_says_so(capsys):
    class_table("Test", HEADER, rows_of(1200), 1, "the lowest F1", ["all", "", "9"])
    out = capsys.readouterr().out
    assert f"Test: {MOST_CLASSES} of 1,200 classes, those with the lowest F1" in out
    assert [row[0] for row in shown(out)] == [*(f"class{i}" for i in range(MOST_CLASSES)), "all"]


def test_numbers_with_separators_are_compared_as_numbers_and_what_is_none_comes_last(capsys):
    class_table("", HEADER, [["none", "–", "–"], *rows_of(MOST_CLASSES)], 2, "fewest images")
    assert [row[0] for row in shown(capsys.readouterr().out)][-1] == f"class{MOST_CLASSES - 1}"
