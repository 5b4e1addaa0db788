"""Train a classifier and write its run folder."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import models
from errors import UserError
from study.runtime.result import Result
from study.settings import conflicts, declare
from study.settings.heads import with_backend_of_heads
from study.settings.resolve import PRETRAINED, defaults_of, model_of, resolve, with_backend, with_model
from study.settings.train import DEFAULTS, FIELDS, names_where


def with_named_weights(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Let --weights and --finder name a run as `train --name` did. Raise UserError where --name is taken already."""
    from study.runs import folder as run_folder

    folder = flags.get("runs", DEFAULTS["runs"])
    if "name" in flags and (taken := run_folder.folders_named(flags["name"], Path(folder))):
        raise UserError(f"--name {flags['name']} is the name of {taken[0]} already. Give another one.")
    return run_folder.with_folders(flags, folder)


def with_resumed(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Add to --resume NAME the flags that the training was begun with, and the folder of runs that it lies in.

    Raises:
        UserError: there is no such training, it cannot be read, or it asks for code that was not asked for now: the
            folder may be a stranger's.
    """
    name = flags.get("resume")
    if name in (None, "auto"):
        return dict(flags)
    from study.checkpoint import unfinished
    from study.runs import folder as run_folder
    from study.runtime import console

    found = unfinished.find(name, Path(flags.get("runs", DEFAULTS["runs"])))
    earlier = {setting: declare.read(FIELDS[setting], text) for setting, text in recorded(found.asked["flags"]).items()}
    if (code := earlier.get("augment_with")) and "augment_with" not in flags:
        again = shlex.join(["--augment-with", code])
        raise UserError(f"{found.folder} asks for a function from outside this program: to let it run, add {again}")
    if found.folder == Path(name) and found.folder.parent.name == unfinished.FOLDER:
        # Given by its path: the run is written where it would be, had nobody stopped it.
        earlier["runs"] = str(found.folder.parent.parent)
    runs = Path(flags.get("runs", earlier.get("runs", DEFAULTS["runs"])))
    if "name" in earlier and (taken := run_folder.folders_named(earlier["name"], runs)):  # it was ended early before
        console.print(
            f"its run goes without the name {earlier.pop('name')}, which {taken[0]} has; --name gives another"
        )
    return {**earlier, **flags}


def recorded(flags: Mapping[str, str]) -> dict[str, str]:
    """Return the recorded flags that decide what is learned, and the name; a switch that was off is none."""
    kept = {*names_where("compared"), "name"}
    return {name: text for name, text in flags.items() if name in kept and text != "off"}


def reason_of_model(flags: Mapping[str, Any]) -> str:
    """Return why the model is the one that nobody named; "" for the one of the task."""
    if model_of(flags.get("weights")):
        return "that of the weights"
    if flags["model"] == PRETRAINED:
        return (
            "the default for images of your own: it knows ImageNet and learns from few of them in minutes; -m original "
            "learns from random weights"
        )
    return ""


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Train a classifier and write its run folder."""
    began = time.monotonic()
    from study.runtime import backend

    typed = with_named_weights(with_resumed(with_backend(flags)))
    flags = with_model(typed)
    spec = models.get(flags["model"]).SPEC
    settings = with_backend_of_heads(resolve(flags, defaults_of(spec, flags)), typed)
    conflicts.check_flags(settings, spec)
    conflicts.check_installed(settings)
    from study.runtime import clock, console, output, processes
    from study.runtime.background import raise_early, start_in_background
    from study.settings.source import load_dataset, store_of

    output.check_results(settings.run.runs, settings.data.folder, make=False)  # told before any image is read
    clock.check_for_archives()
    if settings.run.tensorboard:
        output.refuse_within(Path(settings.run.tensorboard), settings.data.folder, "--tensorboard")
    with processes.together(settings.run.processes, command_line) as place:
        if "model" not in typed and (why := reason_of_model(flags)):
            console.print(f"model: {flags['model']}, {why}")
        store = store_of(settings.data)
        with start_in_background(
            lambda check_cancelled: place.after_first(load_dataset, settings, store, check_cancelled)
        ) as loading:  # TensorFlow starts meanwhile, for seconds
            raise_early(loading)
            backend.start(settings.data.seed, settings.run.deterministic, settings.run.backend, place)
            from study.train.run import train_for_result

            def train_folds(*given: Any) -> Any:  # noqa: ANN401 - what `study.train.crossval.Trainings` says
                from study.experiments.crossval import train_folds

                return train_folds(flags, *given)

            return train_for_result(settings, command_line, store, loading, typed, train_folds, place, began)
