"""A value as its flag takes it: whatever the flag may hold, reading the text gives the value back."""

import pytest

from study.settings import declare
from study.settings.train import FIELDS
from study.settings.typed import as_typed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("augment", {"flip": 1.0, "crop": 0.123456789, "cutmix": 0.5}),
        ("augment", {}),
        ("class_weight", {"cat": 1.0, "x, y": 2.5, 'say "so"; again': 0.1}),
        ("class_weight", "balanced"),
        ("progressive", (64, 96)),
        ("progressive", ()),
        ("split", (8, 1, 1)),
        ("range", (-1000.5, 3000.0)),
        ("learning_rate", 1.23456789e-7),
        ("epochs", 3),
        ("data", "my photos"),
        ("group", r"^(\d+)_"),
        ("mask_values", "1=own,2=background"),
    ],
)
def test_what_is_read_is_what_was_there(name, value):
    text = as_typed(name, value)
    assert declare.read(FIELDS[name], text) == value
    assert (name == "augment" and "flip" in value) <= ("flip," in text)


def test_a_switch_is_on_or_off():
    assert (as_typed("verbose", True), as_typed("verbose", False)) == ("on", "off")
