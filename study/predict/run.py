"""The road of `predict`: by a saved run, for files and folders or for a split of the run's own data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from errors import UserError
from study.predict.outcome import Predicted
from study.predict.told import task_of
from study.predict.written import Wanted, check_wanted
from study.runs.folder import Run


def predict(
    run: Run,
    paths: Sequence[str | Path],
    split: str,
    wanted: Wanted,
    views: str,
    labelled: bool,
    right: float | None,
) -> Predicted:
    """Print predictions, and write a table, a page, masks or sorted files where these are asked for.

    Args:
        run: a complete run folder.
        paths: files and folders, as `expand_paths` takes them; none: the run's own split.
        split: "val" or "test", without paths.
        wanted: what to write.
        views: of each image, as `--tta` names them.
        labelled: whether the paths are folders of classes, or tables, with whose labels predictions are compared.
        right: share of answers that must be right, where it was asked for.

    Raises:
        UserError: what is asked for is not for a run of this task, or no file could be used.
    """
    if labelled and not paths:
        raise UserError(
            "--labelled takes folders with one sub-folder for each class, or tables path,label. Received: no path; "
            "without one, predict reports on the run's own test split."
        )
    if task_of(run).PER_PIXEL:
        return predict_pixels(run, paths, split, wanted, {"tta": views != "none", "labelled": labelled, "right": right})
    if wanted.masks:
        raise UserError(f"--masks is for runs of train --task segment, and {run.folder} classifies: leave it out.")
    check_wanted(run, wanted, paths)
    if labelled:
        from study.predict.labelled import predict_labelled

        return predict_labelled(run, paths, wanted, views, right)
    from study.predict import classify

    if paths:
        return classify.predict_paths(run, paths, wanted, views, right)
    return classify.evaluate_split(run, split, wanted, views, right)


def predict_pixels(
    run: Run, paths: Sequence[str | Path], split: str, wanted: Wanted, given: Mapping[str, object]
) -> Predicted:
    """Answer by a run that segments. `given`: flag -> whether it was given, of those that are for other runs."""
    for flag, value in {**given, "page": wanted.page, "sort": wanted.sort}.items():
        if value:
            raise UserError(f"--{flag} is for runs that classify, and {run.folder} segments: leave it out.")
    from study.predict import segment

    with segment.mask_writer(run, wanted.masks) as writer:
        if paths:
            return segment.predict_paths(run, paths, wanted.table, writer)
        return segment.evaluate_split(run, split, wanted.table, writer)
