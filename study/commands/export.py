"""Write a run's network as a file for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from study.runtime.result import Result
from study.settings.as_command import as_command
from study.settings.commands import ExportSettings

COMPARE = "compare the file's answer with the run's own, for an image of yours in place of IMAGE"


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Write a run's network as a file for other programs, where that answers as the run does."""
    settings = ExportSettings(**flags)
    from study.runs.folder import one_run
    from study.runs.images import with_data

    chosen = with_data(one_run(settings.paths, settings.runs, "export"), settings.data)
    from study.export.run import export, tell

    done = export(chosen, settings.format, settings.int8, settings.allow_changed, settings.out, command_line)
    tell(done)
    return Result(done.values(), as_command("predict", {"run": chosen.folder}, ["IMAGE"]), COMPARE)
