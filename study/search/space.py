"""What `tune` searches: for each setting a range or some choices, by learning type or from a file of the user's own."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import UserError
from study.experiments.plan import NOT_VARIED, TRAIN_FIELDS, VARIED, is_switch, is_unused, normalise, why_not_varied
from study.settings import declare

if TYPE_CHECKING:
    import optuna

    from study.settings.train import TrainSettings

DIGITS = 3  # of a number that is drawn: what is trained is what the command at the end says
BELOW, ABOVE = 50, 20  # how far around the default the learning rate is searched: times less, times more
FORM = "low and high (with log = true, or points = N for a grid), or choices = [A, B]"


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`; `log`: each power of ten as often as the next; `points`: that a grid has of it."""

    name: str
    low: float
    high: float
    log: bool = False
    points: int | None = None

    @property
    def whole(self) -> bool:
        """Say whether only whole numbers will do."""
        return TRAIN_FIELDS[self.name].metadata["kind"] is int

    def draw(self, trial: optuna.Trial) -> float:
        """Let a trial draw a value."""
        suggest = trial.suggest_int if self.whole else trial.suggest_float
        return suggest(self.name, self.low, self.high, log=self.log)

    def text(self, value: float) -> str:
        """Return a value as its flag takes it, in few digits."""
        if not self.whole:
            value = min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)
        return normalise(self.name, repr(value))

    def grid(self) -> list[float]:
        """Return the points of a grid."""
        ends = map(math.log, (self.low, self.high)) if self.log else (self.low, self.high)
        first, last = ends
        steps = [first + (last - first) * i / (self.points - 1) for i in range(self.points)]
        values = [min(max(math.exp(step) if self.log else step, self.low), self.high) for step in steps]
        return list(dict.fromkeys(map(round, values))) if self.whole else values

    def describe(self) -> str:
        """`0.0001 to 0.1, log scale`."""
        points = f", {self.points} points" if self.points else ""
        return f"{self.low:g} to {self.high:g}{', log scale' if self.log else ''}{points}"


@dataclass(frozen=True)
class Choice:
    """Some values, as their flag takes them."""

    name: str
    choices: tuple[str, ...]

    def draw(self, trial: optuna.Trial) -> str:
        """Let a trial draw a value."""
        return trial.suggest_categorical(self.name, self.choices)

    def text(self, value: str) -> str:
        """Return a value as its flag takes it."""
        return value

    def grid(self) -> list[str]:
        """Return the points of a grid."""
        return list(self.choices)

    def describe(self) -> str:
        """`0, 0.2, 0.5`."""
        return "; ".join(self.choices) if any("," in text for text in self.choices) else ", ".join(self.choices)


Entry = Range | Choice


@dataclass(frozen=True)
class Space:
    """All entries, those first on which others depend: `loss` before `focal_gamma`."""

    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Space:
        """Put what others depend on first."""
        return cls(tuple(sorted(entries, key=lambda entry: (depends_on(entry.name) is not None, entry.name))))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of what is searched."""
        return tuple(entry.name for entry in self.entries)

    def draw(self, trial: optuna.Trial) -> dict[str, str]:
        """Let a trial draw its values, as texts for the flags; none of what says nothing beside the others."""
        texts: dict[str, str] = {}
        for entry in self.entries:
            if not is_unused(entry.name, texts):
                texts[entry.name] = entry.text(entry.draw(trial))
        return texts

    def texts(self, params: Mapping[str, Any]) -> dict[str, str]:
        """Return what Optuna keeps of a trial as texts for the flags."""
        return {entry.name: entry.text(params[entry.name]) for entry in self.entries if entry.name in params}

    def grid(self) -> list[dict[str, Any]]:
        """Return every point of the grid once, as Optuna's parameters."""
        points: list[dict[str, Any]] = [{}]
        for entry in self.entries:
            grown = []
            for point in points:
                if is_unused(entry.name, self.texts(point)):
                    grown.append(point)
                else:
                    grown += [{**point, entry.name: value} for value in entry.grid()]
            points = grown
        return points

    def corners(self) -> list[dict[str, str]]:
        """Return the settings with each entry at its ends or at one of its choices, the others at their first."""
        ends = {
            entry.name: list(entry.choices if isinstance(entry, Choice) else map(entry.text, (entry.low, entry.high)))
            for entry in self.entries
        }
        first = {name: texts[0] for name, texts in ends.items()}
        found = [{**first, name: text} for name, texts in ends.items() for text in texts]
        return [{name: text for name, text in texts.items() if not is_unused(name, texts)} for texts in found]

    def described(self) -> list[list[str]]:
        """Return name and values of every entry."""
        return [[entry.name.replace("_", "-"), entry.describe()] for entry in self.entries]


def depends_on(name: str) -> str | None:
    """Return the setting under some of whose values another one says nothing."""
    meta = TRAIN_FIELDS[name].metadata
    return (meta["requires"] or meta["unused_under"] or (None,))[0]


def default_space(settings: TrainSettings, learning_rate: float) -> Space:
    """Return what is searched of its own accord: what textbooks have, around a learning rate.

    Learning rate and penalty on a log scale, as their effect goes with their order of magnitude (Bengio 2012,
    https://arxiv.org/abs/1206.5533); AdamW's penalty is its weight decay.
    """
    decoupled = settings.optimization.optimizer == "adamw"
    entries: list[Entry] = [
        Range(
            "learning_rate", *(float(f"{rate:.2g}") for rate in (learning_rate / BELOW, learning_rate * ABOVE)), True
        ),
        Range("weight_decay", 1e-5, 1e-1, log=True) if decoupled else Range("l2", 1e-6, 1e-2, log=True),
        Range("dropout", 0.0, 0.6),
        Range("label_smoothing", 0.0, 0.2),
    ]
    if settings.learning.kind == "scratch":  # a head's batch, and how far fine-tuning goes, say less
        entries.append(Choice("batch_size", ("16", "32", "64", "128")))
    return Space.of(entries)


def read_space(file: str) -> Space:
    """Read a space from a TOML file. Raise UserError, which names the entry, for whatever `train` would not take."""
    try:
        content = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"--space {file} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise UserError(f"--space {file} is no TOML: {error}.") from error
    if not content:
        raise UserError(f"--space {file} is empty: give it a table a flag, such as [learning-rate] with {FORM}.")
    entries = [read_entry(f"--space {file}, [{name}]", name, values) for name, values in content.items()]
    names = [entry.name.replace("_", "-") for entry in entries]
    if twice := [name for name in names if names.count(name) > 1]:  # with - and with _
        raise UserError(f"--space {file} names {twice[0]} twice. Name each flag once.")
    return Space.of(entries)


def read_entry(place: str, name: str, values: Any) -> Entry:  # noqa: ANN401 - whatever TOML may hold
    """Read one entry. Raise UserError where it is none; `place` says which one in the message."""
    field = name.lstrip("-").replace("-", "_")
    if field not in TRAIN_FIELDS:
        raise UserError(f"{place} is no flag of train that may be searched. There are: {', '.join(VARIED)}.")
    if field in NOT_VARIED:
        why = "every trial has the same" if field == "seed" else why_not_varied(field, "trial")
        raise UserError(f"{place} cannot be searched: {why}. Give {declare.flag(field)} once for all.")
    if not isinstance(values, dict):
        raise UserError(f"{place} takes a table with {FORM}. Received: {values}")
    if unknown := sorted(values.keys() - {"low", "high", "log", "points", "choices"}):
        raise UserError(f"{place} takes {FORM}. Received: {unknown[0]}")
    if "choices" in values and len(values) > 1:
        raise UserError(f"{place} has choices and {min(values.keys() - {'choices'})}: leave one of the two out.")
    return read_choice(place, field, values["choices"]) if "choices" in values else read_range(place, field, values)


def read_choice(place: str, field: str, choices: Any) -> Choice:  # noqa: ANN401
    """Read some choices."""
    if not isinstance(choices, list) or not choices:
        raise UserError(f"{place} takes choices = [A, B], at least one. Received: {choices}")
    texts = []
    for value in choices:
        if not isinstance(value, str | int | float) or value == "" or isinstance(value, bool) != is_switch(field):
            form = "true and false" if is_switch(field) else "numbers or texts"
            raise UserError(f"{place} takes {form} as choices. Received: {value!r}")
        text = ("off", "on")[value] if isinstance(value, bool) else str(value)
        texts.append(checked(place, field, text))
        if texts.count(texts[-1]) > 1:
            raise UserError(f"{place} names {texts[-1]} twice. Name each value once.")
    return Choice(field, tuple(texts))


def read_range(place: str, field: str, values: Mapping[str, Any]) -> Range:
    """Read a range."""
    kind = TRAIN_FIELDS[field].metadata["kind"]
    if kind not in (int, float):
        raise UserError(f"{place} takes no range: give choices = [A, B].")
    if missing := [end for end in ("low", "high") if end not in values]:
        raise UserError(f"{place} has no {missing[0]}: give {FORM}.")
    low, high, log, points = (values.get(key) for key in ("low", "high", "log", "points"))
    for value in (low, high):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UserError(f"{place} takes numbers as low and high. Received: {value!r}")
        checked(place, field, repr(value))
    if not low < high:
        raise UserError(f"{place} takes a low below its high. Received: low {low:g}, high {high:g}")
    if log is not None and not isinstance(log, bool):
        raise UserError(f"{place} takes log = true or false. Received: {log!r}")
    if log and low <= 0:
        raise UserError(f"{place} takes a low above 0 on a log scale. Received: {low:g}")
    if points is not None and (isinstance(points, bool) or not isinstance(points, int) or points < 2):
        raise UserError(f"{place} takes points = N, 2 at least. Received: {points!r}")
    return Range(field, kind(low), kind(high), bool(log), points)


def checked(place: str, field: str, text: str) -> str:
    """Return a value in one spelling. Raise UserError where its flag would not take it."""
    try:
        return normalise(field, text)
    except UserError as error:
        raise UserError(f"{place}: {error}") from error


def check_grid(space: Space) -> None:
    """Raise UserError where a range has no points for a grid."""
    for entry in space.entries:
        if isinstance(entry, Range) and entry.points is None:
            raise UserError(
                f"--sampler grid needs points = N for the range of {entry.name.replace('_', '-')}, or choices, in "
                "--space FILE. Give them, or another --sampler."
            )
