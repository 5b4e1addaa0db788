"""Write a run as one page that answers by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from study.runtime.result import Result
from study.settings.as_command import as_command
from study.settings.commands import PageSettings


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Write a run as one page that answers by itself, where it answers as the run does."""
    settings = PageSettings(**flags)
    from study.runs.folder import one_run
    from study.runs.images import with_data

    chosen = with_data(one_run(settings.paths, settings.runs, "page"), settings.data)
    from study.browser.run import make, tell

    made = make(chosen, settings, command_line)
    tell(made)
    why = "compare the page's answer with the run's own, for an image of yours in place of IMAGE"
    return Result(made.values(), as_command("predict", {"run": chosen.folder}, ["IMAGE"]), why)
