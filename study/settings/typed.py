"""A setting's value as its flag takes it: reading that text gives the same value back."""

from __future__ import annotations

from collections.abc import Mapping


def as_typed(name: str, value: object) -> str:
    """Return `8:1:1`, `96,128`, `flip,zoom=0.1`, `cat=1.0,"x, y"=2.0`, `0.0001`; a switch is `on` or `off`."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Mapping):
        plain = {"flip"} if name == "augment" else set()  # it takes no strength
        return ",".join(key if key in plain else f"{quoted(key)}={number!r}" for key, number in value.items()) or "none"
    if isinstance(value, tuple):
        return ("," if name == "progressive" else ":").join(map(str, value)) or "none"
    return repr(value) if isinstance(value, float) else str(value)


def quoted(name: str) -> str:
    """Return the name of a class, in quotation marks where it would be taken apart."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"' if set(',;"') & set(name) else name
