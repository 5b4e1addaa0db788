"""Which settings of a training were typed, and the command that repeats it from any folder."""

from __future__ import annotations

import shlex

from study.runs.report import Repeat
from study.settings.command_line import SHORT
from study.settings.declare import flag
from study.settings.resolve import as_json
from study.settings.train import FIELDS, TrainSettings, names_where

LEFT_OUT = ("name",)  # it is taken now
SEEDS = ("seed", "split_seed")
NAMES = {word: name for name in FIELDS for word in (flag(name), *SHORT.get(name, ()))}


def given(command: str, settings: TrainSettings) -> tuple[str, ...]:
    """Return the names of the settings that were typed; where there was no command, of those that are no defaults."""
    if not command:
        values = as_json(settings)
        return tuple(name for name, value in values.items() if value != as_json(TrainSettings())[name])
    return tuple(dict.fromkeys(NAMES[word] for word in map(flag_of, shlex.split(command)) if word in NAMES))


def flag_of(word: str) -> str:
    """Return the flag of a word, `--data=photos` -> `--data`; a word that is none as it is."""
    return word.partition("=")[0] if word.startswith("--") else word


def repeat(command: str, settings: TrainSettings) -> Repeat | None:
    """Return the command with paths absolute and model and seeds spelled out; None where nothing was typed."""
    if not command:
        return None
    values, typed = as_json(settings), given(command, settings)
    words, waiting = [], iter(shlex.split(command))
    for word in waiting:
        name = NAMES.get(flag_of(word), "")
        joined = name and "=" in word
        if name in LEFT_OUT or word == "--json":
            if name and not joined:
                next(waiting, None)
        elif name in names_where("path"):
            value = word.partition("=")[2] if joined else next(waiting, "")
            words += [flag_of(word), str(values[name] or value)]
        else:
            words.append(word)
    words += [text for name in ("model", *SEEDS) if name not in typed for text in (flag(name), str(values[name]))]
    added = tuple(flag(name) for name in SEEDS if name not in typed)
    return Repeat(shlex.join(words), added, tuple(flag(name) for name in LEFT_OUT if name in typed))
