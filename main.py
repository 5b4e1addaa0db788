"""Train an image classifier on a folder of images, look at it, and let it answer."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import itertools
import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import models
from errors import UserError
from study.runtime.format import visible
from study.runtime.signals import Terminated, end_cleanly_on_signals
from study.settings import conflicts, declare
from study.settings.command_line import build_parser
from study.settings.commands import (
    CheckSettings,
    CompareSettings,
    CrossvalSettings,
    InspectSettings,
    PredictSettings,
    RunsSettings,
    StoreSettings,
    SummarySettings,
)
from study.settings.resolve import PRETRAINED, defaults_of, options_of, resolve, with_model
from study.settings.train import DEFAULTS, TrainSettings, with_flags

EXAMPLES = """examples:
  python main.py summary                                    the models
  python main.py check --data photos                        audit images before training
  python main.py train                                      draw animals and learn them
  python main.py train -m efficientnet_lite --data photos   one sub-folder of photos a class
  python main.py predict picture.jpg                        predict by the newest run
  python main.py compare --vary optimizer=sgd,adam          which is better, and is that chance?
  python main.py crossval --data photos                     how good, from all images?
  python main.py inspect                                    what is inside a network?
"""


def reject_unused(settings: declare.Settings, flags: Mapping[str, Any]) -> None:
    """Raise UserError for a flag that says nothing under the value of another one."""
    entries = {entry.name: entry for entry in dataclasses.fields(settings)}
    declare.reject_unused(dataclasses.asdict(settings), flags, entries)


def summary(flags: Mapping[str, Any], command_line: str) -> None:
    """Print a table of all models, or everything about one."""
    from study.inspect.summary import print_model, print_models
    from study.runtime import backend

    settings = SummarySettings(**flags)
    if settings.model is None:
        if flags:
            raise UserError(f"{declare.flag(min(flags))} is for one model: name it by -m.")
        print_models()
        return
    defaults_of(models.get(settings.model).SPEC, flags)  # what is wrong is told before Keras is imported
    reject_unused(settings, flags)
    backend.start()
    print_model(settings.model, settings.image_size, options_of(settings))


def check(flags: Mapping[str, Any], command_line: str) -> int:
    """Look at a folder before training; with `--strict`, 3 where something would spoil the result."""
    settings = CheckSettings(**flags)
    reject_unused(settings, flags)
    from study.check.run import check

    severe = check(settings, command_line)
    return 3 if severe and settings.strict else 0


def with_named_weights(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Let --weights name a run as `train --name` did. Raise UserError where --name is taken already."""
    from study.runs import folder as run_folder

    folder = flags.get("runs", DEFAULTS["runs"])
    if "name" in flags and (taken := run_folder.by_name(flags["name"], folder)) != Path(flags["name"]):
        raise UserError(f"--name {flags['name']} is the name of {taken} already. Give another one.")
    if flags.get("weights", "none") in ("none", "imagenet"):
        return dict(flags)
    return {**flags, "weights": str(run_folder.by_name(flags["weights"], folder))}


def train(flags: Mapping[str, Any], command_line: str) -> None:
    """Train a classifier and write its run folder."""
    from study.runtime import backend

    asked, flags = flags, with_model(with_named_weights(flags))
    spec = models.get(flags["model"]).SPEC
    settings = resolve(flags, defaults_of(spec, flags))
    conflicts.check_flags(settings, spec)
    from study.runtime import output
    from study.runtime.background import start_in_background
    from study.settings.source import load_dataset, store_of

    output.refuse_within(Path(settings.run.runs), settings.data.folder, "--runs")
    output.check_writable(Path(settings.run.runs), make=False)  # told before any image is read
    if "model" not in asked and flags["model"] == PRETRAINED:
        print(
            f"model: {PRETRAINED}, the default for images of your own: it knows ImageNet and learns from few of them "
            "in minutes; -m original learns from random weights"
        )
    store = store_of(settings.data)
    with start_in_background(
        lambda check_cancelled: load_dataset(settings, store, check_cancelled)
    ) as loading:  # TensorFlow starts meanwhile, for seconds
        with contextlib.suppress(TimeoutError):
            loading.result(timeout=0.3)  # a folder that is not there is told at once
        backend.start(settings.data.seed)
        from study.train.run import train

        train(settings, command_line, store, loading)


def compare(flags: Mapping[str, Any], command_line: str) -> int:
    """Train every combination of some settings with several seeds, and rank them; 2 where every run failed."""
    own = {entry.name for entry in dataclasses.fields(CompareSettings)}
    settings = CompareSettings(**{name: value for name, value in flags.items() if name in own})
    from study.experiments.compare import compare

    return compare(settings, {name: text for name, text in flags.items() if name not in own}, command_line)


def crossval(flags: Mapping[str, Any], command_line: str) -> None:
    """Predict every image by a network that did not learn from it."""
    own = {entry.name for entry in dataclasses.fields(CrossvalSettings)}
    settings = CrossvalSettings(**{name: value for name, value in flags.items() if name in own})
    from study.experiments.crossval import crossval

    crossval(settings, {name: text for name, text in flags.items() if name not in own}, command_line)


def inspect(flags: Mapping[str, Any], command_line: str) -> None:
    """Draw what is inside a network, a new one or that of a run, and write a page."""
    own = {entry.name for entry in dataclasses.fields(InspectSettings)}
    settings = InspectSettings(**{name: value for name, value in flags.items() if name in own})
    rest = {name: value for name, value in flags.items() if name not in own}
    from study.inspect.run import inspect_new, inspect_run

    if settings.run is not None:
        inspect_run(settings, rest, command_line)
        return
    spec = models.get(rest.get("model", DEFAULTS["model"])).SPEC
    if spec.task != "classify":
        raise UserError(f"inspect is for classifiers. Received: -m {rest['model']}, which is for --task {spec.task}.")
    inspect_new(settings, resolve(rest, defaults_of(spec, rest)), command_line)


def store(flags: Mapping[str, Any], command_line: str) -> None:
    """Show what is kept for later runs, or empty it."""
    from study.runs.store import clear, show_usage

    clear() if StoreSettings(**flags).clear else show_usage()


def runs(flags: Mapping[str, Any], command_line: str) -> None:
    """List the runs, compare two, name the best, or remove some."""
    from study.runs import difference, listing

    settings = RunsSettings(**flags)
    action, *names = settings.paths or ("list",)
    folder = Path(settings.runs)
    if "data" in flags and action not in ("list", "best"):
        raise UserError(f"runs {action} takes no --data: it is told which runs.")
    if action in ("list", "best") and not names:
        (listing.show if action == "list" else listing.show_best)(folder, settings.data)
    elif action == "diff" and len(names) == 2:
        difference.show_difference(*(listing.find(name, settings.runs) for name in names))
    elif action == "remove" and names:
        listing.remove(names, settings.runs)
    else:
        raise UserError(
            "runs takes nothing, diff A B, best, or remove RUN …, where a run is a folder or a name. "
            f"Received: {' '.join(settings.paths)}"
        )


def predict(flags: Mapping[str, Any], command_line: str) -> int:
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
    return 4 if failed and settings.strict else 0


COMMANDS = {
    "summary": (summary, SummarySettings, "describe a model, or list all models"),
    "check": (check, CheckSettings, "audit images before training: duplicates, issues, classes; a page and a table"),
    "train": (train, TrainSettings, "train a classifier and write a run folder with its report"),
    "compare": (compare, CompareSettings, "train every combination of some settings with several seeds, and rank them"),
    "crossval": (crossval, CrossvalSettings, "a figure from all images: each predicted by a network that never saw it"),
    "inspect": (
        inspect,
        InspectSettings,
        "what is inside a network: activations, gradients, weights, filters, Grad-CAM",
    ),
    "runs": (runs, RunsSettings, "list the runs, compare two of them, name the best, remove some"),
    "store": (store, StoreSettings, "show what is kept for later runs: pixels, features, facts; or empty it"),
    "predict": (predict, PredictSettings, "predict for images by a saved run, or for the run's own test split"),
}


def make_parser(every: bool = False) -> argparse.ArgumentParser:
    """Return the command line; with `every`, its help shows every flag of training."""
    return build_parser(COMMANDS, every, __doc__, EXAMPLES)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 2 the user can mend it, 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP.

    3 is `check --strict` with a severe finding, 4 `predict --strict` with a file that failed, 1 that nobody reads what
    is printed any more.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    command_line = shlex.join(["python", "main.py", *arguments])
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a file name that the console cannot show is no reason to stop
    try:
        every = any(pair in (("-h", "all"), ("--help", "all")) for pair in itertools.pairwise(arguments))
        parsed, unknown = make_parser(every).parse_known_args(arguments)
        flags = vars(parsed)
        command = flags.pop("command")
        if "paths" in (entry.name for entry in dataclasses.fields(COMMANDS[command][1])):  # before and after flags
            flags["paths"] = (*flags.get("paths", ()), *(word for word in unknown if not word.startswith("-")))
            unknown = [word for word in unknown if word.startswith("-")]
        if unknown:
            raise UserError(f"Unrecognized arguments: {' '.join(unknown)}. See: python main.py {command} --help")
        run, _, _ = COMMANDS[command]
        code = run(flags, command_line)
        sys.stdout.flush()
    except UserError as error:
        text = visible(with_flags(str(error)).replace("\n", "\\n"))  # a quoted cell of a table may hold several lines
        print(f"error: {text}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `| head` has read enough; Python would complain once more when it closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno is None:
            raise
        print(f"error: {error.strerror}: {error.filename or 'no file named'}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"\nstopped; nothing was left half-written. To begin again: {command_line}", file=sys.stderr)
        return 128 + (stop.args[0] if isinstance(stop, Terminated) else signal.SIGINT)
    return code or 0


if __name__ == "__main__":
    end_cleanly_on_signals()
    sys.exit(main())
