"""The command that repeats a training from any folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from study.runs.report import Asked, Repeat
from study.settings.as_command import as_command
from study.settings.declare import flag
from study.settings.resolve import as_json
from study.settings.train import FIELDS, TrainSettings, names_where

LEFT_OUT = ("name",)  # it is taken now
SEEDS = ("seed", "split_seed")


def asked(flags: Mapping[str, Any], settings: TrainSettings) -> Asked:
    """Return the names of the settings that were given, and the command to repeat it, with absolute paths and seeds.

    Args:
        flags: of train that were given.
        settings: of the training, with nothing left open.
    """
    values = as_json(settings)
    spelled = {name: values[name] for name in ("model", *SEEDS)}
    absolute = {name: values[name] for name in names_where("path") if name in flags}
    command = as_command("train", {**flags, **absolute, **spelled, **dict.fromkeys(LEFT_OUT)})
    added = tuple(flag(name) for name in SEEDS if name not in flags)
    repeat = Repeat(command, added, tuple(flag(name) for name in LEFT_OUT if name in flags))
    return Asked(tuple(name for name in FIELDS if name in flags), repeat)
