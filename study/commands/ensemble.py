"""Several classifiers that answer as one: members trained on one frozen backbone, or runs that vote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study.commands.train import with_named_weights
from study.runtime.result import Result
from study.settings import conflicts
from study.settings.as_command import as_command
from study.settings.commands import EnsembleSettings
from study.settings.declare import own_and_rest
from study.settings.resolve import with_backend


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Train members and join them, or let runs vote; either way a run folder is written."""
    from study.ensemble import settle

    asked, rest = own_and_rest(EnsembleSettings, flags)
    given = {name: value for name, value in flags.items() if name != "paths" or value}
    method, rest = settle.method_of(asked, given), with_named_weights(rest)
    if asked.paths:
        settle.check_of_runs(given)
        from study.ensemble.vote import vote

        folder, told = vote(asked.paths, rest, command_line)
    else:
        folder, told = trained(method, asked.members, with_backend(rest), given, command_line)
    following = as_command("predict", {"run": folder}, ["IMAGE"])
    return Result(values_of(folder, told), following, "predict for images of yours in place of IMAGE")


def trained(
    method: str, members: int, flags: Mapping[str, Any], given: Mapping[str, Any], command_line: str
) -> tuple[Path, Mapping[str, Any]]:
    """Train the members and write the run folder, while TensorFlow starts beside the reading of the images.

    `flags`: those of train; `given`: all that were given.
    """
    from study.ensemble import settle
    from study.runtime import backend, clock, output
    from study.runtime.background import raise_early, start_in_background
    from study.settings.source import load_dataset, store_of

    settings = settle.settled(method, flags)
    conflicts.check_installed(settings)
    output.check_results(settings.run.runs, settings.data.folder, make=False)  # told before any image is read
    clock.check_for_archives()
    store = store_of(settings.data)
    with start_in_background(lambda check_cancelled: load_dataset(settings, store, check_cancelled)) as loading:
        raise_early(loading)
        backend.start(settings.data.seed, settings.run.deterministic, settings.run.backend)
        from study.ensemble.run import train_ensemble

        return train_ensemble(method, members, settings, command_line, store, loading, given)


def values_of(folder: Path, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result as JSON holds it."""
    figures = {
        split: {key: told["results"][split][key] for key in ("accuracy", "accuracy_interval", "n")}
        for split in ("val", "test")
    }
    kept = ("method", "members", "best_member", "paired", "disagreement", "verdict")
    paths = {"run": folder, "page": folder / "report.html", "csv": folder / "members.csv"}
    return paths | figures | {key: told[key] for key in kept}
