"""Predict every image by a network that did not learn from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from study.runtime.result import Result
from study.settings.commands import CrossvalSettings
from study.settings.declare import own_and_rest
from study.settings.resolve import with_backend


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Predict every image by a network that did not learn from it."""
    settings, rest = own_and_rest(CrossvalSettings, flags)
    from study.experiments.crossval import crossval

    return crossval(settings, with_backend(rest), command_line)
