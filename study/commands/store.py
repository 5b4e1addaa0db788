"""Show what is kept for later runs, or empty it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from study.runtime.result import Result
from study.settings.as_command import as_command
from study.settings.commands import StoreSettings


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Show what is kept for later runs, or empty it."""
    from study.runs.store import clear, show_usage

    values = clear() if StoreSettings(**flags).clear else show_usage()
    why = "a training uses what is kept of its images" if values.get("bytes") else "a training fills it"
    return Result(values, as_command("train", {}), why)
