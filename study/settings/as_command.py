"""The command line of some settings: what a user can copy, and the program reads as the same values again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import Field
from typing import Any

from study.runtime.format import format_value
from study.settings import commands
from study.settings.command_line import SHORT, TRAIN_FIELDS
from study.settings.declare import flag, name_of
from study.settings.fetch import FetchSettings
from study.settings.train import DEFAULTS, TrainSettings

SETTINGS = {
    "summary": commands.SummarySettings,
    "fetch": FetchSettings,
    "check": commands.CheckSettings,
    "train": TrainSettings,
    "compare": commands.CompareSettings,
    "crossval": commands.CrossvalSettings,
    "ensemble": commands.EnsembleSettings,
    "tune": commands.TuneSettings,
    "inspect": commands.InspectSettings,
    "runs": commands.RunsSettings,
    "lessons": commands.LessonsSettings,
    "export-data": commands.ExportDataSettings,
    "store": commands.StoreSettings,
    "predict": commands.PredictSettings,
    "export": commands.ExportSettings,
    "page": commands.PageSettings,
    "serve": commands.ServeSettings,
}


def as_command(name: str, values: Mapping[str, Any], paths: Sequence[object] = ()) -> str:
    """Return `python main.py NAME …` with those of the values that the command takes, in their order.

    Args:
        name: of the command.
        values: setting -> its value, or its text as it was typed; None and False stand for a flag that is not given.
        paths: what stands behind the flags.
    """
    taken, words = fields_of(name), ["python", "main.py", name]
    for setting, value in values.items():
        if setting in taken and setting != "paths" and value is not None and value is not False:
            words += words_of(taken[setting], value)
    return shlex.join([*words, *map(as_path, paths)])


def fields_of(name: str) -> dict[str, Field]:
    """Return the settings that a command takes, by their names: its own, and those of train."""
    settings = SETTINGS[name]
    of_training = TRAIN_FIELDS.get(settings, list)()
    return {name_of(entry): entry for entry in (*commands.entries(settings), *of_training)}


def words_of(entry: Field, value: object) -> list[str]:
    """Return the flag and its value; one that begins with a dash would be taken for a flag, and stands behind =."""
    name = name_of(entry)
    if entry.metadata["kind"] is bool:
        return [flag(name)] if value in (True, "on") else []
    if name == "vary":
        return [word for item in value for word in (flag(name), item)]
    word, text = SHORT.get(name, [flag(name)])[0], format_value(value, name, as_flag=True)
    return [f"{flag(name)}={text}"] if text.startswith("-") else [word, text]


def as_path(path: object) -> str:
    """Return a path that is not taken for a flag; `-` stands for a list on standard input."""
    return f"./{path}" if str(path).startswith("-") and str(path) != "-" else str(path)


def changed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those settings of train that are not at their defaults; values as they are, or as `run.json` has them."""
    known = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return {name: value for name, value in known.items() if name in DEFAULTS and value != DEFAULTS[name]}
