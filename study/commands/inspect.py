"""Draw what is inside a network, a new one or that of a run, and write a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import models
from errors import UserError
from study.runtime.result import Result
from study.settings.commands import InspectSettings
from study.settings.declare import own_and_rest
from study.settings.resolve import defaults_of, resolve
from study.settings.train import DEFAULTS


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Draw what is inside a network, a new one or that of a run, and write a page."""
    settings, rest = own_and_rest(InspectSettings, flags)
    from study.inspect.run import inspect_new, inspect_run

    if settings.run is not None:
        inspect_run(settings, rest, command_line)
        return Result()
    spec = models.get(rest.get("model", DEFAULTS["model"])).SPEC
    if spec.task != "classify":
        raise UserError(f"inspect is for classifiers. Received: -m {rest['model']}, which is for --task {spec.task}.")
    inspect_new(settings, resolve(rest, defaults_of(spec, rest)), command_line)
    return Result()
