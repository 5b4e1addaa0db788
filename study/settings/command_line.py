"""The command line, made of the settings' declarations."""

from __future__ import annotations

import argparse
import dataclasses
import re
from collections.abc import Mapping
from typing import NoReturn

from errors import UserError, did_you_mean
from study.settings import commands as commands_settings
from study.settings import declare
from study.settings.commands import CompareSettings, CrossvalSettings, EnsembleSettings, InspectSettings, TuneSettings
from study.settings.train import TrainSettings

SHORT = {"model": ["-m"], "verbose": ["-v"]}
JSON_HELP = "print the result as one JSON object on standard output, and all else on standard error"
TRAIN_FIELDS = {
    CompareSettings: commands_settings.compare_fields,
    CrossvalSettings: commands_settings.crossval_fields,
    EnsembleSettings: commands_settings.ensemble_fields,
    InspectSettings: commands_settings.inspect_fields,
    TuneSettings: commands_settings.tune_fields,
}


class Parser(argparse.ArgumentParser):
    """Argparse whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        """Raise UserError instead of printing the usage."""
        chosen = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        hint = did_you_mean(chosen[1], re.findall(r"[\w.-]+", chosen[2])) if chosen else ""
        raise UserError(f"{message[0].upper()}{message[1:]}. {hint}See: {self.prog} --help")


def build_parser(
    commands: Mapping[str, tuple[type, str]], every: bool, description: str, examples: str
) -> argparse.ArgumentParser:
    """Build the command line out of the settings' declarations.

    Args:
        commands: name -> its settings, its help.
        every: whether the help shows every flag of training.
        description: of the program.
        examples: shown below the help.
    """
    formatter = argparse.RawDescriptionHelpFormatter
    parser = Parser(
        prog="python main.py", description=description, epilog=examples, formatter_class=formatter, allow_abbrev=False
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for name, (settings, help) in commands.items():
        of_training = TRAIN_FIELDS.get(settings, list)()
        more = f"All flags, in groups: {parser.prog} {name} --help all"
        command = subparsers.add_parser(
            name,
            allow_abbrev=False,
            help=help,
            usage=f"{parser.prog} {name} [flags]" + _words(settings),
            description=help[0].upper() + help[1:] + ".",
            epilog=more if (of_training or settings is TrainSettings) and not every else None,
        )
        groups: dict[str, argparse._ArgumentGroup] = {}
        for entry in commands_settings.entries(settings):
            shown = every or settings is not TrainSettings or entry.metadata["basic"]
            heading = entry.metadata["group"] if every or settings is not TrainSettings else "the flags to begin with"
            groups.setdefault(heading, command.add_argument_group(heading))
            add_flag(groups[heading], entry, shown)
        for entry in of_training:
            as_typed = settings in (CompareSettings, CrossvalSettings, TuneSettings)  # these hand on texts
            prefix = "the network and its images" if settings is InspectSettings else "the same for all"
            heading = f"{prefix}: {entry.metadata['group'].removesuffix(' and output')}" if every else prefix
            groups.setdefault(heading, command.add_argument_group(heading))
            add_flag(groups[heading], entry, every or entry.metadata["basic"], as_typed)
        command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=JSON_HELP)
    return parser


def _words(settings: type) -> str:
    """Return what stands behind the flags in the usage of a command."""
    named = [entry.metadata["metavar"] for entry in dataclasses.fields(settings) if entry.name == "paths"]
    return f" {named[0] or '[PATH ...]'}" if named else ""


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
        group.add_argument("paths", nargs="*", **shown)
    elif name == "vary":
        group.add_argument("--vary", action="append", **shown)
    else:
        group.add_argument(*words, **shown)
