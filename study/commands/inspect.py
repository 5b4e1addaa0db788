"""Draw what is inside a network, a new one or that of a run, and write a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import models
from errors import UserError
from study.runtime.result import Result
from study.settings import conflicts
from study.settings.as_command import as_command
from study.settings.commands import InspectSettings
from study.settings.declare import flag, own_and_rest
from study.settings.resolve import defaults_of, resolve
from study.settings.train import DEFAULTS


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Draw what is inside a network, a new one or that of a run, and write a page."""
    settings, rest = own_and_rest(InspectSettings, flags)
    if settings.page is not None:
        return _page(settings, flags, rest, command_line)
    if "language" in flags:
        raise UserError(
            f"--language {settings.language} goes with --page FILE.html. Received: no --page; leave --language out."
        )
    from study.inspect.run import inspect_new, inspect_run

    if settings.run is not None:
        return inspect_run(settings, rest, command_line)
    rest = {"model": DEFAULTS["model"], **rest}
    spec = models.get(rest["model"]).SPEC
    if spec.task != "classify":
        raise UserError(f"inspect is for classifiers. Received: -m {rest['model']}, which is for --task {spec.task}.")
    training = resolve(rest, defaults_of(spec, rest))
    conflicts.check_joined(training, spec)
    result = inspect_new(settings, training, command_line)
    return replace(result, next_command=as_command("train", rest), why="train this network")


def _page(settings: InspectSettings, flags: Mapping[str, Any], rest: Mapping[str, Any], command_line: str) -> Result:
    """Write the page of a run's network, for which nothing is trained and no folder is made."""
    if settings.run is None:
        raise UserError("--page shows the network of a run. Received: no --run; give --run RUN.")
    if others := [flag(name) for name in ("steps", "layer", "inspects") if name in flags]:
        raise UserError(f"--page trains nothing and writes one file: leave {', '.join(others)} out, or --page.")
    from study.inspect.run import explain_run

    return explain_run(settings, rest, command_line)
