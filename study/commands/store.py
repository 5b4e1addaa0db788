"""Show what is kept for later runs, or empty it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from study.runtime.result import Result
from study.settings.commands import StoreSettings


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Show what is kept for later runs, or empty it."""
    from study.runs.store import clear, show_usage

    clear() if StoreSettings(**flags).clear else show_usage()
    return Result()
