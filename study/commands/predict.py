"""Predict for files and folders, or for a split of the run's own data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
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
    if "sort_as" in flags and not settings.sort:
        raise UserError(f"--sort-as {settings.sort_as} goes with --sort DIR. Received: no --sort; leave --sort-as out.")
    try:
        run = run_folder.find_run(settings.run, settings.runs, settings.model)
    except UserError:
        if settings.model:
            models.get(settings.model)  # a misspelt name has an answer of its own
        raise
    from study.predict.run import predict
    from study.predict.written import Wanted

    wanted = Wanted(
        output.writable_file(settings.csv) if settings.csv else None,
        output.writable_page(settings.page) if settings.page else None,
        Path(settings.sort) if settings.sort else None,
        settings.sort_as,
        settings.masks,
        command_line,
    )
    outcome = predict(run, settings.paths, settings.part, wanted, settings.tta, settings.labelled, flags.get("right"))
    return Result(code=4 if outcome.failed and settings.strict else 0)
