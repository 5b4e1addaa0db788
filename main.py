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
from typing import Any, NoReturn

import models
from errors import UserError
from study.runtime.format import visible
from study.settings import commands as settings_commands
from study.settings import conflicts, declare
from study.settings.commands import (
    CheckSettings,
    CompareSettings,
    InspectSettings,
    PredictSettings,
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


def train(flags: Mapping[str, Any], command_line: str) -> None:
    """Train a classifier and write its run folder."""
    from study.runtime import backend

    asked, flags = flags, with_model(flags)
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

    failed = predict(run, settings.paths, settings.part, table, settings.tta, settings.masks)
    return 4 if failed and settings.strict else 0


COMMANDS = {
    "summary": (summary, SummarySettings, "describe a model, or list all models"),
    "check": (check, CheckSettings, "audit images before training: duplicates, issues, classes; a page and a table"),
    "train": (train, TrainSettings, "train a classifier and write a run folder with its report"),
    "compare": (compare, CompareSettings, "train every combination of some settings with several seeds, and rank them"),
    "inspect": (
        inspect,
        InspectSettings,
        "what is inside a network: activations, gradients, weights, filters, Grad-CAM",
    ),
    "store": (store, StoreSettings, "show what is kept for later runs: pixels, features, facts; or empty it"),
    "predict": (predict, PredictSettings, "predict for images by a saved run, or for the run's own test split"),
}


SHORT = {"model": ["-m"], "verbose": ["-v"]}
TRAIN_FIELDS = {CompareSettings: settings_commands.compare_fields, InspectSettings: settings_commands.inspect_fields}


class Parser(argparse.ArgumentParser):
    """Argparse whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        """Raise UserError instead of printing the usage."""
        raise UserError(f"{message[0].upper()}{message[1:]}. See: {self.prog} --help")


def make_parser(every: bool = False) -> argparse.ArgumentParser:
    """Build the command line out of the settings' declarations; with `every`, the help shows every flag of training."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = Parser(
        prog="python main.py", description=__doc__, epilog=EXAMPLES, formatter_class=formatter, allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for name, (_, settings, help) in COMMANDS.items():
        of_training = TRAIN_FIELDS.get(settings, list)()
        more = f"All flags, in groups: {parser.prog} {name} --help all"
        command = commands.add_parser(
            name,
            allow_abbrev=False,
            help=help,
            usage=f"{parser.prog} {name} [flags]" + " [PATH ...]" * (name in ("predict", "inspect")),
            description=help[0].upper() + help[1:] + ".",
            epilog=more if (of_training or settings is TrainSettings) and not every else None,
        )
        groups: dict[str, argparse._ArgumentGroup] = {}
        for entry in settings_commands.entries(settings):
            shown = every or settings is not TrainSettings or entry.metadata["basic"]
            heading = entry.metadata["group"] if every or settings is not TrainSettings else "the flags to begin with"
            groups.setdefault(heading, command.add_argument_group(heading))
            add_flag(groups[heading], entry, shown)
        for entry in of_training:
            prefix = "the same for all" if settings is CompareSettings else "the network and its images"
            heading = f"{prefix}: {entry.metadata['group'].removesuffix(' and output')}" if every else prefix
            groups.setdefault(heading, command.add_argument_group(heading))
            add_flag(groups[heading], entry, every or entry.metadata["basic"], as_typed=settings is CompareSettings)
    return parser


def add_flag(group: argparse._ArgumentGroup, entry: dataclasses.Field, visible: bool, as_typed: bool = False) -> None:
    """Add one field as a flag; what is not given stays out of the result, so that defaults come from elsewhere.

    `visible` says whether the help shows it; `as_typed` leaves its text unread.
    """
    meta, name = entry.metadata, declare.name_of(entry)
    words = [*SHORT.get(name, ()), declare.flag(name)]
    help = declare.help_text(entry).replace("%", "%%") if visible else argparse.SUPPRESS
    shown = {"default": argparse.SUPPRESS, "help": help}
    if meta["kind"] is bool:
        group.add_argument(*words, action="store_const", const="on" if as_typed else True, **shown)
        return
    shown["type"] = str if as_typed else lambda text: declare.read(entry, text)
    shown["metavar"] = "|".join(meta["choices"]) or meta["metavar"] or {int: "N", float: "X"}.get(meta["kind"], "PATH")
    if name == "paths":
        group.add_argument("paths", nargs="*", **shown | {"metavar": "PATH"})
    elif name == "vary":
        group.add_argument("--vary", action="append", **shown)
    else:
        group.add_argument(*words, **shown)


class Terminated(KeyboardInterrupt):
    """A signal that a shutdown, a batch system or a closed terminal sends: everything ends as by Ctrl-C."""


def terminate(number: int, frame: object) -> NoReturn:
    """Raise what ends a command cleanly."""
    raise Terminated(number)


def end_cleanly_on_signals() -> None:
    """Let a plain `kill` and a closed terminal end a command as Ctrl-C does; `nohup` has it ignore the latter."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), terminate)


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
