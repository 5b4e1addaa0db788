"""The commands, and the line of one: what a user can copy, and the program reads as the same values again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import Field
from typing import Any

from study.runtime.format import format_value
from study.settings.command_line import SHORT, TRAIN_FIELDS
from study.settings.commands import (
    CheckSettings,
    CompareSettings,
    CrossvalSettings,
    EnsembleSettings,
    ExportDataSettings,
    ExportSettings,
    InspectSettings,
    LessonsSettings,
    PageSettings,
    PredictSettings,
    RunsSettings,
    ServeSettings,
    StoreSettings,
    SummarySettings,
    TuneSettings,
    entries,
)
from study.settings.declare import flag, name_of
from study.settings.fetch import FetchSettings
from study.settings.train import DEFAULTS, TrainSettings

COMMANDS = {  # of each `study/commands/NAME.py`, - for _: its settings, its help
    "summary": (SummarySettings, "describe a model, or list all models"),
    "fetch": (FetchSettings, "download a known public data set, its licence shown first"),
    "check": (CheckSettings, "audit images before training: duplicates, issues, classes; a page and a table"),
    "train": (TrainSettings, "train a classifier and write a run folder with its report"),
    "predict": (PredictSettings, "predict for images by a saved run, or for the run's own test split"),
    "export": (ExportSettings, "a run as a file for other programs: ONNX, LiteRT, OpenVINO, SavedModel"),
    "page": (PageSettings, "a run as one page that answers in any browser, without a server or a connection"),
    "serve": (
        ServeSettings,
        "answer over HTTP by a saved run: a page to drop images on, and JSON for programs",
    ),
    "compare": (CompareSettings, "train every combination of some settings with several seeds, and rank them"),
    "crossval": (CrossvalSettings, "a figure from all images: each predicted by a network that never saw it"),
    "ensemble": (
        EnsembleSettings,
        "several classifiers that answer as one: trained together, or runs that vote",
    ),
    "tune": (TuneSettings, "search for better settings, and say how much of what was found is luck"),
    "inspect": (
        InspectSettings,
        "what is inside a network: activations, gradients, weights, filters, Grad-CAM",
    ),
    "runs": (RunsSettings, "list the runs, compare two of them, name the best, remove some"),
    "lessons": (LessonsSettings, "list the lessons with their questions, or open one"),
    "export-data": (ExportDataSettings, "write a data set with its split as an ImageFolder or Parquet files"),
    "store": (StoreSettings, "show what is kept for later runs: pixels, features and more; or empty it"),
}


def as_command(name: str, values: Mapping[str, Any], paths: Sequence[object] = ()) -> str:
    """Return `python main.py NAME …` with those of the values that the command takes, in their order.

    A flag that two commands have may have fewer choices in one: `check` has no `--task segment`.

    Args:
        name: of the command.
        values: setting -> its value, or its text as it was typed; None and False stand for a flag that is not given.
        paths: what stands behind the flags.
    """
    taken, words = fields_of(name), ["python", "main.py", name]
    for setting, value in values.items():
        if setting in taken and setting != "paths" and value is not None and value is not False:
            if (choices := taken[setting].metadata["choices"]) and value not in choices:
                continue
            words += words_of(taken[setting], value)
    return shlex.join([*words, *map(as_path, paths)])


def fields_of(name: str) -> dict[str, Field]:
    """Return the settings that a command takes, by their names: its own, and those of train."""
    settings, _ = COMMANDS[name]
    of_training = TRAIN_FIELDS.get(settings, list)()
    return {name_of(entry): entry for entry in (*entries(settings), *of_training)}


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
