"""Look at a folder before training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from study.runtime.result import Result
from study.settings import declare
from study.settings.commands import CheckSettings


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Look at a folder before training; with `--strict`, 3 where something would spoil the result."""
    settings = CheckSettings(**flags)
    declare.reject_unused_of(settings, flags)
    from study.check.run import check

    result = check(settings, command_line)
    return replace(result, code=3 if result.values["findings"]["severe"] and settings.strict else 0)
