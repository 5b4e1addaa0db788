"""How a setting is declared, checked and read: what every command's settings have in common."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from typing import Any

from errors import UserError


def setting(
    default: Any,  # noqa: ANN401 - each field has its own type
    help: str,
    *,
    group: str = "model and output",
    kind: Callable[[str], Any] = str,
    choices: tuple[str, ...] = (),
    low: float = -math.inf,
    high: float = math.inf,
    metavar: str = "",
) -> Any:  # noqa: ANN401
    """Declare one field: `kind` reads its text, `choices` or `low`..`high` bound it."""
    metadata = {"help": help, "group": group, "kind": kind, "choices": choices, "low": low, "high": high}
    return field(default=default, metadata=metadata | {"metavar": metavar})


@dataclass(frozen=True)
class Settings:
    """Base of each command's settings: checks every field's choices and range when made."""

    def __post_init__(self) -> None:
        """Raise UserError for a value outside its choices or range."""
        for entry in fields(self):
            check(entry, getattr(self, entry.name))


def flag(name: str) -> str:
    """`batch_size` -> `--batch-size`."""
    return "--" + name.replace("_", "-")


def bounds(low: float, high: float) -> str:
    """`at least 0`, `0 to 0.95`."""
    low, high = (f"{value:,}" if isinstance(value, int) else f"{value:g}" for value in (low, high))
    return f"at least {low}" if high == "inf" else f"{low} to {high}"


def help_text(entry: Field) -> str:
    """Return a field's help with its range and default."""
    meta, default = entry.metadata, entry.default
    notes = [bounds(meta["low"], meta["high"])] if meta["low"] > -math.inf else []
    if default not in (None, ()) and meta["kind"] is not bool:
        notes.append(f"default {':'.join(map(str, default)) if isinstance(default, tuple) else default}")
    return meta["help"] + (f" [{'; '.join(notes)}]" if notes else "")


def read(entry: Field, text: str) -> Any:  # noqa: ANN401
    """Turn a flag's text into the field's value. Raise UserError where it is none."""
    kind = entry.metadata["kind"]
    try:
        return kind(text)
    except ValueError as error:
        noun = {int: "a whole number", float: "a number"}.get(kind, "another form")
        raise UserError(f"{flag(entry.name)} takes {noun}. Received: {text}") from error


def check(entry: Field, value: Any) -> None:  # noqa: ANN401
    """Raise UserError where a field's value is outside its choices or range."""
    choices, low, high = (entry.metadata[key] for key in ("choices", "low", "high"))
    if choices and value is not None and value not in choices:
        raise UserError(f"{flag(entry.name)} takes {', '.join(choices)}. Received: {value}")
    if isinstance(value, int | float) and not low <= value <= high:
        raise UserError(f"{flag(entry.name)} takes {bounds(low, high)}. Received: {value}")
    if value == "":
        raise UserError(f"{flag(entry.name)} is empty: give a value or leave it out.")
