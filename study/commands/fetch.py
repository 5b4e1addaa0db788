"""Download a known public data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from study.runtime.result import Result
from study.settings import declare
from study.settings.fetch import FetchSettings


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Fetch a data set into a folder that `train --data` takes."""
    settings, _ = declare.own_and_rest(FetchSettings, flags)
    from study.fetch.run import fetch

    return fetch(settings, command_line)
