"""How a setting is declared, checked and read: what every command's settings have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from numbers import Integral, Real
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from errors import UserError

Values = tuple[str | None, ...]
S = TypeVar("S")


def setting(
    default: Any,  # noqa: ANN401 - each field has its own type
    help: str,
    *,
    name: str = "",
    group: str = "model and output",
    kind: Callable[[str], Any] = str,
    choices: tuple[str, ...] = (),
    low: float = -math.inf,
    high: float = math.inf,
    metavar: str = "",
    basic: bool = False,
    requires: tuple[str, Values] | None = None,
    unused_under: tuple[str, Callable[[str], bool]] | None = None,
    path: bool = False,
    given: bool = False,
    words: tuple[str, ...] = (),
    inspected: bool = True,
    compared: bool = True,
    varied: bool = True,
    with_weights: str = "",
) -> Any:  # noqa: ANN401
    """Declare one field: `kind` reads its text, `choices` or `low`..`high` bound it.

    Args:
        default: where it is not given; None where it follows from other settings.
        help: its text on the command line.
        name: of the flag and in `run.json`, where that is not the field's own.
        group: heading under which `--help all` shows it.
        kind: text -> value; raises ValueError or UserError.
        choices: all its values.
        low: its least value.
        high: its greatest value.
        metavar: what stands for a value in the help.
        basic: whether a newcomer needs it: `--help` shows it without `all`.
        requires: another setting and its values under which this one says something; elsewhere it is refused.
        unused_under: another setting, and whether this one says nothing under a value of that; `compare` then leaves
            it out.
        path: whether its value names a file or folder, which `run.json` keeps absolute.
        given: whether its value may also be a name, so that only what exists is a path.
        words: values that are no path, whatever has that name.
        inspected: whether `inspect` takes it.
        compared: whether `compare` hands it on to every training.
        varied: whether it may differ between the runs of a comparison: all see the same images, and are computed alike.
        with_weights: "brought": an earlier run, as weights, brings it; "refused": it is for random weights.
    """
    values = {key: value for key, value in locals().items() if key not in ("default", "name")}
    return field(default=default, metadata=values | {"name": name})


@dataclass(frozen=True)
class Settings:
    """Base of each command's settings, and of each group of them: checks type, choices and range of every field."""

    def __post_init__(self) -> None:
        """Raise UserError for a value of another type, or outside its choices or range."""
        hints = get_type_hints(type(self))
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not fits(value, hints[entry.name]):  # of a run.json, for one: a command line has been read by `kind`
                raise UserError(f"{flag(name_of(entry))} cannot be of type {type(value).__name__}. Received: {value}")
            check(entry, value)


def fits(value: Any, hint: Any) -> bool:  # noqa: ANN401
    """Say whether a value is of an annotated type, with all that it holds."""
    within = get_args(hint)
    if isinstance(hint, UnionType):
        return any(fits(value, one) for one in within)
    if get_origin(hint) is tuple:
        if not isinstance(value, tuple | list):
            return False
        kinds = within[:1] * len(value) if within[-1] is ... else within
        return len(value) == len(kinds) and all(map(fits, value, kinds))
    if get_origin(hint) is dict:
        return isinstance(value, dict) and all(fits(pair, tuple[within]) for pair in value.items())
    numbers = {int: Integral, float: Real}
    return isinstance(value, numbers.get(hint, hint)) and not (isinstance(value, bool) and hint in numbers)


def name_of(entry: Field) -> str:
    """Return what a field is called on the command line and in `run.json`."""
    return entry.metadata["name"] or entry.name


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
        raise UserError(f"{flag(name_of(entry))} takes {noun}. Received: {text}") from error


def check(entry: Field, value: Any) -> None:  # noqa: ANN401
    """Raise UserError where a field's value is outside its choices or range."""
    choices, low, high = (entry.metadata[key] for key in ("choices", "low", "high"))
    if choices and value is not None and value not in choices:
        raise UserError(f"{flag(name_of(entry))} takes {', '.join(choices)}. Received: {value}")
    if isinstance(value, int | float) and not low <= value <= high:
        raise UserError(f"{flag(name_of(entry))} takes {bounds(low, high)}. Received: {value}")
    if value == "":
        raise UserError(f"{flag(name_of(entry))} is empty: give a value or leave it out.")


def reject_unused(values: Mapping[str, Any], explicit: Mapping[str, Any], entries: Mapping[str, Field]) -> None:
    """Raise UserError for an explicit setting that says nothing under the value of another one.

    Args:
        values: name -> value of all settings.
        explicit: those that were given.
        entries: name -> field.
    """
    for name in explicit.keys() & entries.keys():
        if not (needed := entries[name].metadata["requires"]):
            continue
        other, allowed = needed
        if other in values and values[other] not in allowed:
            received = f"{flag(other)} {values[other]}" if values[other] else f"no {flag(other)}"
            raise UserError(
                f"{flag(name)} goes with {flag(other)} {', '.join(allowed)}. Received: {received}; "
                f"leave {flag(name)} out."
            )


def reject_unused_of(settings: Settings, explicit: Mapping[str, Any]) -> None:
    """Raise UserError for a flag of one command that says nothing under the value of another one."""
    reject_unused(asdict(settings), explicit, {name_of(entry): entry for entry in fields(settings)})


def own_and_rest(settings: type[S], flags: Mapping[str, Any]) -> tuple[S, dict[str, Any]]:
    """Return a command's own settings, and the flags beside them: those of train, which it hands on."""
    own = {name_of(entry): entry.name for entry in fields(settings)}
    rest = {name: value for name, value in flags.items() if name not in own}
    return settings(**{own[name]: value for name, value in flags.items() if name in own}), rest
