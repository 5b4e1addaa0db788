"""List the runs, compare two, name the best, or remove some."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from errors import UserError
from study.runtime.result import Result
from study.settings.commands import RunsSettings


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """List the runs, compare two, name the best, or remove some."""
    from study.runs import difference, listing

    settings = RunsSettings(**flags)
    action, *names = settings.paths or ("list",)
    folder = Path(settings.runs)
    if "data" in flags and action not in ("list", "best"):
        raise UserError(f"runs {action} takes no --data: it is told which runs.")
    if action in ("list", "best") and not names:
        (listing.show if action == "list" else listing.show_best)(folder, settings.data)
    elif action == "diff" and len(names) == 2:
        difference.show_difference(*(listing.find(name, settings.runs) for name in names))
    elif action == "remove" and names:
        listing.remove(names, settings.runs)
    else:
        raise UserError(
            "runs takes nothing, diff A B, best, or remove RUN …, where a run is a folder or a name. "
            f"Received: {' '.join(settings.paths)}"
        )
    return Result()
