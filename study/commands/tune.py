"""Search for better settings, and say how much of what was found is luck."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from study.runtime.result import Result
from study.settings.commands import TuneSettings
from study.settings.declare import own_and_rest


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Search for better settings, and say how much of what was found is luck."""
    settings, rest = own_and_rest(TuneSettings, flags)
    from study.search.run import tune

    return Result(*tune(settings, rest, command_line))
