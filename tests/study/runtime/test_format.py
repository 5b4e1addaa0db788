import pytest

from study.runtime.format import format_value, significant, visible


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
