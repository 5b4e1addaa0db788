"""Predict for files and folders, or for a split of the run's own data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import models
from errors import UserError
from study.runtime.result import Result
from study.runtime.signals import naming
from study.settings.as_command import as_command, changed
from study.settings.commands import PredictSettings

if TYPE_CHECKING:
    from study.predict.outcome import Predicted
    from study.runs.folder import Run

TABLE, MASKS = "predictions.csv", "masks"  # that are suggested where there is no such file yet
PATHS_NAMED = 8  # of a command that is suggested: the shell makes thousands of one *.jpg
Next = tuple[str, str]  # a command, and what it is for


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Predict for files and folders, or for a split of the run's own data; with `--strict`, 4 where a file failed."""
    from study.runs import folder as run_folder
    from study.runtime import output

    settings = PredictSettings(**flags)
    if settings.paths and "part" in flags:
        raise UserError(f"--part {settings.part} goes without files and folders. Leave one of the two out.")
    if settings.paths and settings.data and not settings.merge:
        raise UserError(
            f"--data {settings.data} is where the run's own images are, which are predicted for without files and "
            "folders. Leave one of the two out."
        )
    if settings.merge:
        return merged(settings, flags)
    check_together(settings, flags)
    try:
        run = run_folder.find_run(settings.run, settings.runs, settings.model)
    except UserError:
        if settings.model:
            models.get(settings.model)  # a misspelt name has an answer of its own
        raise
    from study.predict.tables import writable_table
    from study.runs.images import with_data

    run, paths = with_data(run, settings.data), settings.paths
    if settings.boxes:
        run, paths = with_boxes(run, settings)
    table = writable_table(settings.csv) if settings.csv else None
    written = {"--csv": table, "--page": output.writable_page(settings.page) if settings.page else None}
    for flag, path in written.items():
        if path:
            output.refuse_input(path, paths, flag)
    if all(written.values()) and output.are_one(*written.values()):
        raise UserError(f"--csv {table} and --page {settings.page} are one file: give each its own.")
    if in_bulk(settings):
        with naming(command_line):
            return in_blocks(run, settings, flags, table)
    from study.predict.run import predict
    from study.predict.written import Wanted

    wanted = Wanted(
        table,
        written["--page"],
        Path(settings.sort) if settings.sort else None,
        settings.sort_as,
        settings.masks,
        command_line,
        settings.language,
    )
    done = predict(run, paths, settings.part, wanted, settings.tta, settings.labelled, flags.get("right"))
    following = after_paths(settings, flags, done) if settings.paths else after_split(done)
    return Result(done.values(), *following, 4 if done.failed and settings.strict else 0)


def in_bulk(settings: PredictSettings) -> bool:
    """Say whether the table is written in blocks."""
    return settings.resume or settings.shard is not None


def check_together(settings: PredictSettings, flags: Mapping[str, Any]) -> None:
    """Raise UserError for a flag without the one that it goes with."""
    if in_bulk(settings):
        check_bulk(settings)
    elif "resume_by" in flags:
        raise UserError(f"--resume-by {settings.resume_by} goes with --resume or --shard. Leave it out, or add one.")
    if "sort_as" in flags and not settings.sort:
        raise UserError(f"--sort-as {settings.sort_as} goes with --sort DIR. Received: no --sort; leave --sort-as out.")
    if "language" in flags and not settings.page:
        raise UserError(
            f"--language {settings.language} goes with --page FILE.html. Received: no --page; leave --language out."
        )


def with_boxes(run: Run, settings: PredictSettings) -> tuple[Run, list[str | Path]]:
    """Return the run with the boxes of a table, and the paths, those on standard input among them.

    Raises:
        UserError: the run has no use for boxes, or nothing is named that could have some.
    """
    if not settings.paths:
        raise UserError("--boxes goes with files and folders; the run knows the boxes of its own images: leave it out.")
    from study.predict.stream import with_list
    from study.saved.cut import given_boxes

    paths = with_list(settings.paths)
    return replace(run, boxes=given_boxes(run, settings.boxes, paths)), paths


def check_bulk(settings: PredictSettings) -> None:
    """Raise UserError where a table in blocks lacks something, or what else is asked for needs all images at once."""
    flag = "--resume" if settings.resume else "--shard"
    if not settings.paths:
        raise UserError(f"{flag} takes files and folders to predict for. Received: no path.")
    if not settings.csv:
        raise UserError(f"{flag} goes on with a table: give --csv FILE.csv. Received: no --csv.")
    if settings.boxes:
        raise UserError(
            f"{flag} does not note which --boxes its rows were made with, so that a table could mix two: leave one of "
            "the two out."
        )
    for name in ("labelled", "page", "sort", "masks"):
        if getattr(settings, name):
            raise UserError(
                f"{flag} writes a table in blocks, and --{name} needs all images at once: leave one of the two out."
            )


def in_blocks(run: Run, settings: PredictSettings, flags: Mapping[str, Any], table: Path) -> Result:
    """Predict for images of which nothing but the block under way is in memory."""
    from study.predict.bulk import Asked, predict_bulk

    number, shards = map(int, (settings.shard or "1/1").split("/"))
    asked = Asked(table, settings.tta, flags.get("right"), settings.resume_by, (number, shards))
    done = predict_bulk(run, settings.paths, asked)
    return Result(done.values(), *own_split_of(run.folder), 4 if done.failed and settings.strict else 0)


def merged(settings: PredictSettings, flags: Mapping[str, Any]) -> Result:
    """Write the tables of all shards as one."""
    if others := [name for name in flags if name not in ("paths", "merge", "csv", "strict")]:
        given = as_command("predict", {name: flags[name] for name in others[:1]}).partition(" predict ")[2]
        raise UserError(f"--merge predicts nothing, and {given} changes nothing in it: leave one of the two out.")
    if not settings.paths or not settings.csv:
        lacking = "no --csv" if settings.paths else "no path"
        raise UserError(f"--merge takes the tables of all shards, and --csv FILE for the new one. Received: {lacking}.")
    from study.predict.merge import merge
    from study.predict.stream import expand_paths
    from study.predict.tables import writable_table
    from study.runtime import console

    done = merge(list(expand_paths(settings.paths)), writable_table(settings.csv))
    console.print(
        f"{done.table}: {done.rows:,} rows of {done.shards:,} shards, {done.failed:,} file(s) could not be used"
    )
    there = (Path(done.run) / "run.json").is_file()  # the shards may have been made elsewhere
    following = own_split_of(done.run) if there else ("", "")
    return Result(done.values(), *following, 4 if done.failed and settings.strict else 0)


def own_split_of(folder: Path | str) -> Next:
    """Return the report of a run on its own test split."""
    return as_command("predict", {"run": folder}), "how good this run is on its own test split"


def after_split(done: Predicted) -> Next:
    """Return a look at the run's data where a class was predicted wrong, else a prediction for other images."""
    wrong, known = wrong_in(done)
    if wrong:
        return check_of(done), f"{wrong:,} of {known:,} are wrong, look at the data and its labels"
    return as_command("predict", {"run": done.run.folder}, ["IMAGE"]), "predict for images of yours in place of IMAGE"


def after_paths(settings: PredictSettings, flags: Mapping[str, Any], done: Predicted) -> Next:
    """Return what the same command does not tell yet: whether the folders' names agree, masks, or a table."""
    own_split = own_split_of(done.run.folder)
    if "-" in settings.paths:  # the list on standard input is read
        return own_split
    again = {**flags, "masks": None}
    if done.in_class_folders:
        why = "the sub-folders are named as classes of this run, compare the predictions with them"
        return once_more({**again, "labelled": True}, settings.paths, why)
    labels = {image["label"] for image in done.images if image["error"] is None}
    wrong, known = wrong_in(done)
    if settings.labelled and wrong and len(labels) > 1 and len(settings.paths) == 1:
        from study.predict.labelled import label_file_for

        flags = {"data": settings.paths[0], **label_file_for(done.run.folder, Path(settings.paths[0]))}
        return as_command("check", flags), f"{wrong:,} of {known:,} are wrong, look whether their labels are right"
    if "mask" in done.images[0] and not settings.masks and not Path(MASKS).exists():
        return once_more({**again, "masks": MASKS}, settings.paths, "write the masks as well")
    if not settings.csv and not Path(TABLE).exists():
        there = [path for path in settings.paths if Path(path).exists()]
        return once_more({**again, "csv": TABLE}, there or settings.paths, "write a table as well")
    return own_split


def once_more(flags: Mapping[str, Any], paths: Sequence[str], why: str) -> Next:
    """Return the same command with other flags."""
    if len(paths) <= PATHS_NAMED:
        return as_command("predict", flags, paths), why
    return as_command("predict", flags, ["IMAGES"]), f"{why}, with your {len(paths):,} paths in place of IMAGES"


def wrong_in(done: Predicted) -> tuple[int, int]:
    """Return how many images of known labels are predicted wrong, of how many; of one class an image, as in `check`."""
    if done.run.task != "classify":
        return 0, 0
    told = [image for image in done.images if image.get("predicted") is not None and image["label"] is not None]
    return sum(image["predicted"] != image["label"] for image in told), len(told)


def check_of(done: Predicted) -> str:
    """Return the command that looks at the data of the run, read as that read it."""
    info, flags = done.run.info, changed(done.run.info.get("settings", {}))
    source = None if info["data"].get("drawn") else info["data"].get("table") or info["data"]["folder"]
    now = {"data": done.run.data} if done.run.data and not info["data"].get("table") else {}
    return as_command("check", {"data": source, **flags} | now)
