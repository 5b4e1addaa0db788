import pytest

from study.runtime.format import format_value, percent, shares_apart, significant, visible


@pytest.mark.parametrize(
    ("value", "name", "text", "flag"),
    [
        ({"flip": 1.0, "translation": 0.1}, "augment", "flip=1,translation=0.1", "flip,translation=0.1"),
        ({}, "augment", "none", "none"),
        ([64, 96, 128], "progressive", "64,96,128", "64,96,128"),
        ((), "progressive", "none", "none"),
        ([8, 1, 1], "split", "8:1:1", "8:1:1"),
        (None, "masks", "none", "none"),
        (1.0, "l2", "1.0", "1"),
        (0.002, "learning_rate", "0.002", "0.002"),
        (False, "ema", "False", "False"),
        ("adam", "optimizer", "adam", "adam"),
    ],
)
def test_values_of_settings(value, name, text, flag):
    assert format_value(value, name) == text
    assert format_value(value, name, as_flag=True) == flag


def test_control_characters_are_shown_and_not_obeyed():
    assert visible("\x1b[31mcat\x07 \x9b2J\r猫") == "\\x1b[31mcat\\x07 \\x9b2J\\x0d猫"
    assert visible("a\tb\n") == "a\tb\n"


def test_no_class_name_reaches_the_screen_raw(capsys):
    from study.runtime import console

    console.print("class \x1b[31mred")
    console.table("", ("class", "\x1b[2J"), [["\x1b]0;title\x07", "1"]])
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "class \\x1b[31mred" in shown


@pytest.mark.parametrize(
    ("share", "places", "text"),
    [
        (0.25, 3, "0.250"),
        (0.0, 3, "0.000"),
        (1.0, 4, "1.0000"),
        (8.8e-10, 3, "8.8e-10"),
        (0.00123, 3, "0.0012"),
        (0.99999, 4, "0.99999"),
        (0.99994, 4, "0.9999"),
        (float("nan"), 4, "nan"),
    ],
)
def test_a_share_keeps_digits_where_places_would_leave_nothing_of_it(share, places, text):
    assert significant(share, places) == text


@pytest.mark.parametrize(
    ("shares", "texts"),
    [
        ([1.0, 0.0], ["1.000000", "0.000000"]),
        ([0.9999997, 0.0000003], ["0.9999997", "3e-07"]),
        ([0.25, 0.75], ["0.250000", "0.750000"]),
        ([0.49999996, 0.50000004], ["0.49999996", "0.50000004"]),
        ([0.9999999, 0.99999995], ["0.99999990", "0.99999995"]),
        ([0.5, 0.5], ["0.500000", "0.500000"]),
        ([1.0], ["1.000000"]),
    ],
)
def test_the_largest_of_several_shares_stays_that_when_it_is_read_back(shares, texts):
    told = shares_apart(shares, 6)
    assert told == texts
    read = [float(text) for text in told]
    assert read.index(max(read)) == shares.index(max(shares))
    assert [value == 1 for value in read] == [share == 1 for share in shares]


def test_only_all_is_100_percent_and_only_nothing_is_0():
    found = [percent(share) for share in (0.0, 0.00001, 0.234, 0.9997, 0.99999, 1.0, 1e-13, 1 - 1e-13)]
    assert found == ["0.0", "0.001", "23.4", "99.97", "99.999", "100.0", "0.00000000001", "99.99999999999"]
