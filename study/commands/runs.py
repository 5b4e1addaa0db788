"""List the runs, compare two, name the best, or remove some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from errors import UserError
from study.runtime.result import Result
from study.settings.as_command import as_command
from study.settings.commands import RunsSettings
from study.settings.train import DEFAULTS

ON_IMAGES = "predict by it for images of yours in the place of IMAGE"


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """List the runs, compare two, name the best, or remove some."""
    from study.runs import difference, listing, removal

    settings = RunsSettings(**flags)
    action, *names = settings.paths or ("list",)
    folder = Path(settings.runs)
    if "data" in flags and action not in ("list", "best"):
        raise UserError(f"runs {action} takes no --data: it is told which runs.")
    if action == "list" and not names:
        values = listing.show(folder, settings.data)
        return Result(values, *after_list(values["runs"], values["unfinished"], folder))
    if action == "best" and not names:
        values = listing.show_best(folder, settings.data)
        return Result(values, as_command("predict", {"run": values["best"]["run"]}, ["IMAGE"]), ON_IMAGES)
    if action == "diff" and len(names) == 2:
        values = difference.show_difference(*(listing.find(name, settings.runs) for name in names))
        return Result(values, *after_difference(values, flags))
    if action == "remove" and names:
        values = removal.remove(names, settings.runs)
        return Result(values, *after_removal(flags, bool(listing.runs_in(folder)[0])))
    raise UserError(
        "runs takes nothing, diff A B, best, or remove RUN …, where a run is a folder or a name. "
        f"Received: {' '.join(settings.paths)}"
    )


def after_list(
    runs: Sequence[Mapping[str, Any]], stopped: Sequence[Mapping[str, Any]], folder: Path
) -> tuple[str, str]:
    """Return how to go on with what was stopped; else the comparison of the newest two runs of the same images; else
    the report of the newest one; a training where nothing can be read."""
    from study.checkpoint import unfinished

    place = {} if str(folder) == DEFAULTS["runs"] else {"runs": folder}
    if not runs and not stopped:
        return as_command("train", place), "train another: none of these can be read"
    if stopped := [one for one in stopped if not one["at_work"]]:
        first = unfinished.find(str(stopped[0]["folder"]), folder)
        more = {"augment_with": first.asked["flags"].get("augment_with"), "keep_diverged": first.diverged}
        command = as_command("train", {"resume": first.name, **more, **place})
        if first.diverged:
            return command, "make a run of the training that diverged, as it is"
        return command, "go on with the training that was stopped"
    if not runs:
        return "", ""
    for newer, one in enumerate(runs):
        for other in runs[newer + 1 :]:
            if are_alike(one, other):
                return as_command("runs", {}, ["diff", one["run"], other["run"]]), "compare the newest two of one table"
    return as_command("predict", {"run": runs[0]["run"]}), "how good it is, class by class, on its own test split"


def after_difference(values: Mapping[str, Any], flags: Mapping[str, Any]) -> tuple[str, str]:
    """Return a prediction by the run that is better; where neither is, by that of the better validation.

    Of runs whose figures are of different tasks or images, or cannot be read, the list, which says what compares.
    """
    from study.runs.difference import ahead_on_validation

    either = ("a", "b")
    if values["better"]:
        better, why = values["better"], f"predict by {values['better'].upper()}, which is better"
    elif not are_alike(values["a"], values["b"]):
        return as_command("runs", flags), "see which runs learned the same task from the same images and split"
    elif all(values[one]["val"] for one in either):
        better, figure = ahead_on_validation(values)
        why = f"predict by {better.upper()}, with the higher or an equal validation {figure}"
    else:
        return as_command("runs", flags), "see all runs"
    return as_command("predict", {"run": values[better]["run"]}, ["IMAGE"]), f"{why}, for images in the place of IMAGE"


def are_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether the figures of two runs are of the same task, classes, images, labels and split."""
    asked = [(run["task"], run["fingerprint"], sorted(run["class_names"])) for run in (one, other)]
    return asked[0] == asked[1]


def after_removal(flags: Mapping[str, Any], left: bool) -> tuple[str, str]:
    """Return the list of what is left, or a training where nothing is."""
    return (as_command("runs", flags), "see what is left") if left else (as_command("train", flags), "train another")
