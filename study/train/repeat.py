"""The command that repeats a training from any folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from study.runs.report import Asked, Repeat
from study.settings.as_command import as_command
from study.settings.declare import flag
from study.settings.resolve import as_json
from study.settings.train import FIELDS, TrainSettings, names_where

LEFT_OUT = ("name",)  # it is taken now
SEEDS = ("seed", "split_seed")


def asked(
    flags: Mapping[str, Any],
    settings: TrainSettings,
    command: str = "train",
    spelled: Sequence[str] = ("model", *SEEDS),
    paths: Sequence[object] = (),
) -> Asked:
    """Return the names of the settings that were given, and the command to repeat it, with absolute paths and seeds.

    Args:
        flags: of the command that were given.
        settings: of the training, with nothing left open.
        command: its name.
        spelled: settings that are written out although they were not given.
        paths: what stands behind the flags.
    """
    values = as_json(settings)
    absolute = {name: values[name] for name in names_where("path") if name in flags}
    written = {**flags, **absolute, **{name: values[name] for name in spelled}, **dict.fromkeys(LEFT_OUT)}
    added = tuple(flag(name) for name in SEEDS if name in spelled and name not in flags)
    repeat = Repeat(as_command(command, written, paths), added, tuple(flag(name) for name in LEFT_OUT if name in flags))
    return Asked(tuple(name for name in flags if name in FIELDS), repeat)
