"""Predict for files and folders, or for a split of the run's own data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import models
from errors import UserError
from study.runtime.result import Result
from study.settings.commands import PredictSettings


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Predict for files and folders, or for a split of the run's own data; with `--strict`, 4 where a file failed."""
    from study.runs import folder as run_folder
    from study.runtime import output

    settings = PredictSettings(**flags)
    if settings.paths and "part" in flags:
        raise UserError(f"--part {settings.part} goes without files and folders. Leave one of the two out.")
    try:
        run = run_folder.find_run(settings.run, settings.runs, settings.model)
    except UserError:
        if settings.model:
            models.get(settings.model)  # a misspelt name has an answer of its own
        raise
    table = output.writable_file(settings.csv) if settings.csv else None
    from study.predict.run import predict

    failed = predict(
        run, settings.paths, settings.part, table, settings.tta, settings.masks, settings.labelled, flags.get("right")
    )
    return Result(code=4 if failed and settings.strict else 0)
