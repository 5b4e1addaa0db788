"""How the value of a setting is written, and text that may hold anything."""

from __future__ import annotations

from collections.abc import Mapping

CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def visible(text: str) -> str:
    """Return text with control characters as escapes such as \\x1b: a class name must not colour or clear a screen."""
    return text.translate(CONTROL)


def significant(share: float, places: int) -> str:
    """Return a share with so many decimal places, and more where they would leave nothing of it, or of its rest to 1.

    `0.250`, `8.8e-10`, `0.99999`: a class is told from its threshold on, however small that is.
    """
    if 0 < share < 10 ** (1 - places):
        return f"{share:.2g}"
    text = f"{share:.{places}f}"
    return text if not share < 1 or float(text) < 1 else significant(share, places + 1)


def format_value(value: object, name: str = "", *, as_flag: bool = False) -> str:
    """Return a setting's value as text: `8:1:1`, `64,96,128`, `flip=1,translation=0.1`, `none`.

    Args:
        value: of the settings or of `run.json`, where tuples are lists.
        name: of the setting; the shares of "split" are joined by colons.
        as_flag: as its flag takes it, and reads the same value again: `flip,translation=0.1`, `1` for 1.0, `100:4000`
            of "range", `"x, y"=2` of "class_weight".
    """
    if isinstance(value, Mapping):
        if as_flag:
            return ",".join(_pair(key, number, name) for key, number in value.items()) or "none"
        return ",".join(f"{key}={number:g}" for key, number in value.items()) or "none"
    if isinstance(value, list | tuple):
        separator = ":" if name == "split" or (as_flag and name == "range") else ","
        return separator.join(_number(item) if as_flag else str(item) for item in value) or "none"
    if value is None:
        return "none"
    return _number(value) if as_flag else str(value)


def _number(value: object) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _pair(key: str, number: float, name: str) -> str:
    if key == "flip" and name != "class_weight":  # which takes no strength
        return key
    if any(letter in ',;"' or letter.isspace() for letter in key):
        key = '"' + key.replace('"', '""') + '"'
    return f"{key}={_number(number)}"
