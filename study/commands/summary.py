"""Print a table of all models, or everything about one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import models
from errors import UserError
from study.runtime.result import Result
from study.settings import declare
from study.settings.commands import SummarySettings
from study.settings.resolve import defaults_of, options_of


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Print a table of all models, or everything about one."""
    from study.inspect.summary import print_model, print_models
    from study.runtime import backend

    settings = SummarySettings(**flags)
    if settings.model is None:
        if flags:
            raise UserError(f"{declare.flag(min(flags))} is for one model: name it by -m.")
        print_models()
        return Result()
    defaults_of(models.get(settings.model).SPEC, flags)  # what is wrong is told before Keras is imported
    declare.reject_unused_of(settings, flags)
    backend.start()
    print_model(settings.model, settings.image_size, options_of(settings))
    return Result()
