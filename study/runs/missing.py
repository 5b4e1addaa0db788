"""What is said where a run is not there: which folder was searched, and what would help."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from errors import UserError
from study.checkpoint.unfinished import ASKED as UNFINISHED

CROSSVAL = "crossval.json"  # of a cross-validation, which lies beside the runs
MANY = {  # files -> what they are of, and where in its folder the runs lie
    ("tune.json", "tune.csv", "tune.html"): ("a search of settings", "retrained/*/seed-*/*/run.json"),
    ("compare.json", "compare.csv", "compare.html"): ("a comparison of settings", "*/seed-*/*/run.json"),
}
OTHER = "or give another folder of runs by --runs DIR"
DEFAULT = Path("runs")  # that is searched, and written to, where no other is given


def no_run(runs: Path, which: str = "", flags: Sequence[str] = (), instead: str = "name a run, ") -> UserError:
    """Return the error of a folder without a complete run, or without one of those that are meant.

    Args:
        runs: the folder.
        which: those that are meant, in words that stand behind "run".
        flags: of the training that makes one.
        instead: what else would do.
    """
    runs.absolute()  # in a working folder that is gone it raises what says so
    place = [] if runs == DEFAULT else ["--runs", str(runs)]
    command = shlex.join(["python", "main.py", "train", *flags, *place])
    return UserError(f"There is no complete run{which} in {runs}. Train first ({command}), {instead}{OTHER}.")


def no_folder(path: Path, runs: str | None = None) -> UserError:
    """Return the error of a run that was given by what is no folder.

    `runs`: where a run of that name was looked for.
    """
    path.absolute()  # as in `no_run`
    what = "a file" if path.is_file() else "there is none"
    if runs is not None and len(path.parts) == 1 and not path.exists():
        what += f", and no run of that name in {runs}: {OTHER.removeprefix('or ')}"
    return UserError(f"A run is given by its folder or its name. Received: {path} ({what})")


def incomplete(folder: Path, lacking: Sequence[str]) -> UserError:
    """Return the error of a folder that lacks files of a run: what it is instead, where that is known."""
    if (folder / CROSSVAL).is_file():
        return UserError(
            f"{folder} is a cross-validation, which keeps predictions and no network. Give a run: train makes one."
        )
    if (folder / UNFINISHED).is_file():
        command = shlex.join(["python", "main.py", "train", "--resume", str(folder)])
        return UserError(f"{folder} is a training that was stopped, and no run yet. To go on with it: {command}")
    for files, (what, place) in MANY.items():
        if any((folder / name).is_file() for name in files):
            run = min(folder.glob(place), default=None)
            instead = f"one of its own, such as {run.parent}" if run else "there is none in it; train makes one"
            return UserError(f"{folder} is {what}, and no run. Give a run: {instead}.")
    return UserError(f"{folder} is no complete run folder: {', '.join(lacking)} missing. Train again.")
