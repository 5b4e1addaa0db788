"""Train every combination of some settings with several seeds, and rank them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from study.runtime.result import Result
from study.settings.commands import CompareSettings
from study.settings.declare import own_and_rest


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Train every combination of some settings with several seeds, and rank them; 2 where every run failed."""
    settings, rest = own_and_rest(CompareSettings, flags)
    from study.experiments.compare import compare

    return compare(settings, rest, command_line)
