"""Write a data set with its split in a form that other programs read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from study.runtime.result import Result
from study.settings import declare
from study.settings.as_command import as_command
from study.settings.commands import ExportDataSettings


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Write a data set with its split in a form that other programs read."""
    settings = ExportDataSettings(**flags)
    declare.reject_unused_of(settings, flags)
    from study.datasets.export import export

    values = export(settings)
    task = settings.task if settings.task != "classify" else None
    return Result(values, as_command("train", {"data": values["folder"], "task": task}), "this split is kept")
