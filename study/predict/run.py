"""The road of `predict`: by a saved run, for files and folders or for a split of the run's own data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from errors import UserError
from study import tasks
from study.predict.outcome import Predicted
from study.runs.folder import Run


def predict(
    run: Run,
    paths: Sequence[str],
    split: str,
    table: Path | None,
    views: str = "none",
    masks: str | None = None,
    labelled: bool = False,
    right: float | None = None,
) -> Predicted:
    """Print predictions, and write them to a table, or masks into a folder, where these are asked for.

    Args:
        run: a complete run folder.
        paths: files and folders; none: the run's own split.
        split: "val" or "test", without paths.
        table: CSV file.
        views: of each image, as `--tta` names them.
        masks: new or empty folder.
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
    if tasks.get(run.info.get("task", "classify")).PER_PIXEL:
        if views != "none":
            raise UserError(f"--tta is for runs that classify, and {run.folder} segments: leave it out.")
        if labelled:
            raise UserError(f"--labelled is for runs that classify, and {run.folder} segments: leave it out.")
        if right is not None:
            raise UserError(f"--right is for runs that classify, and {run.folder} segments: leave it out.")
        from study.predict import segment

        if paths:
            return segment.predict_paths(run, paths, table, masks)
        return segment.evaluate_split(run, split, table, masks)
    if masks:
        raise UserError(f"--masks is for runs of train --task segment, and {run.folder} classifies: leave it out.")
    if labelled:
        from study.predict.labelled import predict_labelled

        return predict_labelled(run, paths, table, views, right)
    from study.predict import classify

    if paths:
        return classify.predict_paths(run, paths, table, views, right)
    return classify.evaluate_split(run, split, table, views, right)
