"""Print a table of all models, or everything about one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import models
from errors import UserError
from study.runtime.result import Result
from study.settings import declare
from study.settings.as_command import as_command
from study.settings.commands import SummarySettings
from study.settings.resolve import PRETRAINED, defaults_of, options_of
from study.settings.train import DEFAULTS


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Print a table of all models, or everything about one."""
    from study.inspect.summary import print_model, print_models
    from study.runtime import backend, hardware

    settings = SummarySettings(**flags)
    if settings.model is None:
        if flags:
            raise UserError(f"{declare.flag(min(flags))} is for one model: name it by -m.")
        return Result(print_models(), as_command("summary", {"model": PRETRAINED}), "look into one of them")
    spec = models.get(settings.model).SPEC
    defaults_of(spec, flags)  # what is wrong is told before Keras is imported
    declare.reject_unused_of(settings, flags)
    hardware.require_tensorflow(f"summary -m {settings.model}")
    backend.start()
    values = print_model(settings.model, settings.image_size, options_of(settings))
    task = {} if spec.task == DEFAULTS["task"] else {"task": spec.task}
    return Result(values, as_command("train", {**flags, **task}), "train it on drawings, or with --data on your images")
