"""How the value of a setting is written, and text that may hold anything."""

from __future__ import annotations

from collections.abc import Mapping

CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def visible(text: str) -> str:
    """Return text with control characters as escapes such as \\x1b: a class name must not colour or clear a screen."""
    return text.translate(CONTROL)


def format_value(value: object, name: str = "", *, as_flag: bool = False) -> str:
    """Return a setting's value as text: `8:1:1`, `64,96,128`, `flip=1,translation=0.1`, `none`.

    Args:
        value: of the settings or of `run.json`, where tuples are lists.
        name: of the setting; the shares of "split" are joined by colons.
        as_flag: in as few letters as its flag takes, `flip,translation=0.1` and `1` for 1.0.
    """
    if isinstance(value, Mapping):
        plain = {"flip"} if as_flag else set()
        return ",".join(key if key in plain else f"{key}={number:g}" for key, number in value.items()) or "none"
    if isinstance(value, list | tuple):
        return (":" if name == "split" else ",").join(map(str, value)) or "none"
    if value is None:
        return "none"
    return f"{value:g}" if as_flag and isinstance(value, float) else str(value)
