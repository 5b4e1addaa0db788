"""What to do after a training, as commands for the same images that carry on with the flags that were given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import models
from data.dataset import Dataset
from study.runs.advice import Commands, next_step
from study.runs.folder import Run
from study.settings.as_command import as_command
from study.settings.declare import flag
from study.settings.experiments import CrossvalSettings
from study.settings.train import TrainSettings

FEW = 300  # images of the rarest class, below which the test split has fewer than 30 of it

Next = tuple[str, str]  # a command, and what it is for in a few words


def after(
    settings: TrainSettings,
    asked: Mapping[str, Any],
    dataset: Dataset,
    run: Run,
    results: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
) -> Next:
    """Return what is sensible after a training: cross-validation where images are few, else what its figures advise.

    Weights that leave whole classes unfound come first: cross-validation would go by the same.

    Args:
        settings: with nothing left open.
        asked: flags of train that were given.
        dataset: that was learned.
        run: that was written.
        results: what `metrics.json` holds.
        history: the rows of `history.csv`.
    """
    possible = commands(settings, asked, dataset)
    advice = next_step(run.info, results, history, possible)
    is_first = advice.command == possible.unweighted
    if not is_first and "crossval" not in results and (suggested := crossval(settings, asked, dataset)):
        return suggested
    if advice.command:
        return advice.command, advice.short
    return as_command("predict", {"run": run.folder}, ["IMAGE"]), "predict for images of yours in the place of IMAGE"


def commands(settings: TrainSettings, asked: Mapping[str, Any], dataset: Dataset) -> Commands:
    """Return what can be done about a run, as commands."""
    unlimited = {**asked, "time_limit": None, "name": None}
    longer = {**unlimited, "epochs": 2 * (settings.optimization.epochs or 1)}
    values, _ = for_crossval(settings, asked)
    return Commands(
        as_command("check", asked),
        as_command("train", longer),
        as_command("crossval", values) if can_be_divided(settings, dataset) else "",
        as_command("train", {**asked, "class_weight": None, "name": None}),
        as_command("train", unlimited),
    )


def crossval(settings: TrainSettings, asked: Mapping[str, Any], dataset: Dataset) -> Next | None:
    """Return the command that cross-validates, where images are few; nothing where it would refuse, or on drawings."""
    images = Counter(entry.label for entry in dataset.entries)
    if dataset.synthetic or not can_be_divided(settings, dataset) or min(images.values()) >= FEW:
        return None
    values, left_out = for_crossval(settings, asked)
    why = f"only {dataset.sizes()['test']:,} test images, this gives a figure from all {len(dataset.entries):,}"
    return as_command("crossval", values), f"{why} ({left_out})" if left_out else why


def can_be_divided(settings: TrainSettings, dataset: Dataset) -> bool:
    """Say whether `crossval` takes these images: its folds need as many units of every class, and no given splits."""
    if settings.task.name != "classify":
        return False
    units = Counter(label for label, _ in {*zip((row.label for row in dataset.entries), dataset.units, strict=True)})
    given = dataset.images.records[0].split is not None
    return min(units.values()) >= CrossvalSettings.folds and not (given and settings.learning.kind != "transfer")


def for_crossval(settings: TrainSettings, asked: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the flags for `crossval`, and which of those that matter it would refuse, with the reason; "" for none.

    What it does not know, such as the ratio of a split, `as_command` leaves out.
    """
    kind, values = settings.learning.kind, dict(asked)
    if values.get("learning", "auto") == "auto":
        values.pop("learning", None)
        if kind == "finetune" or (kind == "scratch" and models.get(settings.run.model).SPEC.weights):
            values["learning"] = kind  # else crossval takes it of its own accord
    refused = ["patience"] * ("patience" in values)
    if values.get("schedule") == "plateau":
        refused.append("schedule")
    if kind != "transfer" or not refused:
        return values, ""
    kept = {name: value for name, value in values.items() if name not in refused}
    flags = " and ".join(flag(name) for name in refused)
    return kept, f"without {flags}, as its heads learn for a number of epochs that is fixed before"
