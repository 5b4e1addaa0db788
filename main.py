"""Train an image classifier on a folder of images, look at it, and let it answer."""

from __future__ import annotations

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing has begun: Ctrl-C ends the imports without a traceback

import argparse
import dataclasses
import errno
import importlib
import itertools
import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from errors import UserError, did_you_mean
from study.runtime.format import visible
from study.runtime.gradients import gradients_forgotten
from study.runtime.result import Result, plain
from study.runtime.signals import (
    NOBODY_READS,
    Terminated,
    end_at_once_on_signals,
    end_cleanly_on_signals,
    forget_stops,
    is_stopped,
    stop_behind,
)
from study.runtime.streams import kept_free, open_closed
from study.settings import declare
from study.settings.as_command import COMMANDS, fields_of
from study.settings.command_line import build_parser
from study.settings.train import with_flags

EXAMPLES = """examples:
  python main.py summary                                    the models
  python main.py fetch oxford-pets                          a public data set, where you have no images
  python main.py check --data photos                        audit images before training
  python main.py train                                      draw animals and learn them
  python main.py train -m efficientnet_lite --data photos   one sub-folder of photos a class
  python main.py predict picture.jpg                        predict by the newest run
  python main.py serve                                      a page to drop images on, and JSON for programs
  python main.py compare --vary optimizer=sgd,adam          which is better, and is that chance?
  python main.py crossval --data photos                     how good, from all images?
  python main.py ensemble --data photos                     do ten heads together do better than one?
  python main.py tune -m efficientnet_lite --data photos    better settings than the defaults?
  python main.py inspect                                    what is inside a network?
"""

ON_ANY_BACKEND = ("train", "crossval", "ensemble")  # with --backend jax or torch, TensorFlow need not be installed
# commands that are refused where TensorFlow is not installed
LEARNING = (*ON_ANY_BACKEND, "compare", "tune", "inspect", "export", "page")


def make_parser(every: bool = False) -> argparse.ArgumentParser:
    """Return the command line; with `every`, its help shows every flag of training."""
    return build_parser(COMMANDS, every, __doc__, EXAMPLES)


def finish(result: Result, out: TextIO, as_json: bool) -> None:
    """Print what is sensible to do next, for a person, and the result, for a script that asked for it."""
    if line := result.next_line():
        print(visible(line.replace("\n", "\\n")), file=sys.stderr)
    if as_json:
        print(json.dumps(result.as_json(), allow_nan=False), file=out)
    out.flush()


def fail(text: str, out: TextIO, as_json: bool) -> int:
    """Say on standard error what the user can mend, and to a script that asked for JSON too; return the exit code."""
    text = visible(text.replace("\n", "\\n"))  # a quoted cell of a table may hold several lines
    print(f"error: {text}", file=sys.stderr)
    if as_json:
        try:
            print(json.dumps(plain({"error": text})), file=out)
            out.flush()
        except OSError as error:  # no room where the output goes, which may be what is told
            if isinstance(error, BrokenPipeError):
                raise
    forget_unwritten()
    return 2


def forget_unwritten() -> None:
    """Let what standard output did not take go: Python would complain of it once more when it closes the stream."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 2 the user can mend it, 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP.

    3 is `check --strict` with a severe finding, 4 `predict --strict` with a file that failed, 141 that nobody reads
    what is printed any more.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    command_line = shlex.join(["python", "main.py", *arguments])
    forget_stops()
    open_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a file name that the console cannot show is no reason to stop
    as_json = "--json" in itertools.takewhile(lambda word: word != "--", arguments)
    try:
        with kept_free(as_json) as out:
            return run(arguments, command_line, out, as_json)
    except BrokenPipeError:  # `| head` has read enough
        forget_unwritten()
        return NOBODY_READS
    except BaseException as error:
        if not (stop := stop_behind(error)):
            raise
        if resume := getattr(stop, "resume", ""):
            print(f"\nstopped; what was done is kept. To go on: {visible(resume)}", file=sys.stderr)
        else:
            print(f"\nstopped; nothing was left half-written. To begin again: {command_line}", file=sys.stderr)
        return 128 + (stop.args[0] if isinstance(stop, Terminated) else signal.SIGINT)


def run(arguments: Sequence[str], command_line: str, out: TextIO, as_json: bool) -> int:
    """Run a command, print its result or what is wrong, and return the exit code."""
    try:
        command, flags = read(arguments)
        from study.runtime import console

        if command in LEARNING:
            check_backend(command, flags)
        flags.pop("json", None)
        console.to_stderr(as_json)
        with gradients_forgotten():  # of one command after another in a process
            result = importlib.import_module(f"study.commands.{command.replace('-', '_')}").run(flags, command_line)
        finish(result, out, as_json)
    except UserError as error:
        if is_stopped():  # what a stop made of native code is no fault that the user could mend
            raise
        return fail(with_flags(str(error)), out, as_json)
    except OSError as error:
        if error.errno is None or isinstance(error, BrokenPipeError) or is_stopped():
            raise
        return fail(reason_of(error), out, as_json)
    return result.code


def reason_of(error: OSError) -> str:
    """Return what the system refused; without a file's name, which the user needs, also where to look."""
    if error.filename is None:
        if isinstance(error, FileNotFoundError) and is_working_folder_gone():
            return "The working folder is not there any more: go into one that is (cd), and start again"
        if error.errno == errno.ENOSPC:
            return f"{error.strerror}: free some space where the output goes, or in TMPDIR, for temporary files"
    return f"{error.strerror}: {error.filename or 'no file named'}"


def is_working_folder_gone() -> bool:
    """Say whether the folder that relative paths begin at was removed."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def check_backend(command: str, flags: Mapping[str, Any]) -> None:
    """Raise UserError where TensorFlow is not installed, or the command does not learn on the backend asked for."""
    from study.runtime import hardware
    from study.settings.resolve import with_backend

    if flags.get("resume") not in (None, "auto"):  # its flags are read later; without TensorFlow Keras refuses to start
        return
    if command not in ON_ANY_BACKEND:
        hardware.require_tensorflow(command)
        return
    chosen = with_backend(flags).get("backend", "tensorflow")
    if chosen == "tensorflow":
        hardware.require_tensorflow(command, or_another=True)
    if chosen == hardware.HEADS and command != "train":
        raise UserError(f"--backend {chosen} is for the head of one train. Received: {command}; leave it out.")


def read(arguments: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return the command and its flags. Raise UserError for what is none."""
    every = any(pair in (("-h", "all"), ("--help", "all")) for pair in itertools.pairwise(arguments))
    parsed, unknown = make_parser(every).parse_known_args(arguments)
    flags = vars(parsed)
    command = flags.pop("command")
    if "paths" in (entry.name for entry in dataclasses.fields(COMMANDS[command][0])):  # before and after flags
        flags["paths"] = (*flags.get("paths", ()), *(word for word in unknown if not word.startswith("-")))
        unknown = [word for word in unknown if word.startswith("-")]
    if unknown:
        known = [declare.flag(name) for name in fields_of(command)]
        hint = did_you_mean(unknown[0].partition("=")[0], known)
        if "--data" in known and Path(unknown[0]).exists():
            hint = f"Did you mean --data {unknown[0]}? "
        raise UserError(f"Unrecognized arguments: {' '.join(unknown)}. {hint}See: python main.py {command} --help")
    return command, flags


if __name__ == "__main__":
    end_cleanly_on_signals()
    code = main()
    end_at_once_on_signals()
    sys.exit(code)
