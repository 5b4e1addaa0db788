import pytest

from study.runtime.format import format_value


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
