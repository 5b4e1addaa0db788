"""How the value of a setting is written, and text that may hold anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

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


def percent(share: float) -> str:
    """Return a share in percent with one decimal place, and with more where `significant` would have more."""
    text = f"{100 * share:.1f}"
    hides = (text == "0.0" and share > 0) or (text == "100.0" and share < 1)
    return f"{100 * Decimal(significant(share, 3)):f}".rstrip("0") if hides else text


def shares_apart(shares: Sequence[float], places: int) -> list[str]:
    """Return shares as `significant` does, with more places where these would hide which of them is the largest.

    Who reads them back decides as was decided.
    """
    first, second = sorted(shares)[-1:-3:-1] if len(shares) > 1 else (*shares, 0.0)
    while first > second and not float(significant(first, places)) > float(significant(second, places)):
        places += 1
    return [significant(share, places) for share in shares]


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
