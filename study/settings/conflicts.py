"""What a training refuses: flags that do not go with each other, or with what its data and learning type turn out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from data.augment.pipeline import MIXING
from errors import UserError
from study import tasks
from study.runtime.format import format_value
from study.settings import declare, learning_type
from study.settings.train import TrainSettings

if TYPE_CHECKING:
    from data.dataset import Dataset
    from models.parts.spec import Spec

# What `data.augment.pipeline` does to a mask as it does it to the picture, and what needs nothing done.
MASKED = ("flip", "rotation", "zoom", "translation", "crop", "brightness", "contrast", "saturation", "erase", "cutmix")
NO_TRANSFER = (
    "--auxiliary needs --learning scratch or finetune: under transfer the backbone, which the second task is to help, "
    "does not learn. Leave it out, or choose another learning type."
)


def check_flags(settings: TrainSettings, spec: Spec) -> None:
    """Raise UserError, before any picture is read, where settings contradict each other or the model."""
    check_task(settings, spec)
    weights = learning_type.start_weights(settings.model, spec.weights, settings.learning, settings.weights)
    settings = replace(settings, learning="scratch") if weights == "none" else settings
    check_engine(settings)
    check_transfer(settings)


def check(settings: TrainSettings, dataset: Dataset) -> None:
    """Raise UserError where settled settings contradict the data or each other."""
    check_engine(settings)
    check_transfer(settings)
    check_mirrors(settings, dataset)


def check_engine(settings: TrainSettings) -> None:
    """Raise UserError where an engine was asked for and nothing is frozen that it could run."""
    if settings.learning == "scratch" and settings.engine != "auto":
        raise UserError(
            "--engine runs a frozen backbone, and here all learns from scratch: leave it out. "
            f"Received: {settings.engine}"
        )


def check_transfer(settings: TrainSettings) -> None:
    """Raise UserError where a head alone would learn from views whose labels do not fit, or at other sizes."""
    if settings.learning != "transfer":
        return
    if settings.auxiliary != "none":
        raise UserError(NO_TRANSFER)
    if mixed := [name for name in MIXING if name in (settings.augment or {})]:
        raise UserError(
            f"--augment {mixed[0]} needs --learning scratch or finetune: under transfer the views of a picture are "
            "embedded with its own label. Leave it out, or choose another learning type."
        )
    if settings.dropout_at != "head":
        raise UserError(
            "--dropout-at needs --learning scratch or finetune: under transfer the network's inside does not learn. "
            f"Received: {settings.dropout_at}"
        )
    if settings.progressive:
        raise UserError(
            "--progressive needs --learning scratch or finetune: under transfer pictures are embedded once, at one "
            f"size. Received: {format_value(settings.progressive, as_flag=True)}"
        )


def check_mirrors(settings: TrainSettings, dataset: Dataset) -> None:
    """Raise UserError where a flip would leave labels or masks that do not fit."""
    if not dataset.mirrors or "flip" not in settings.augment:
        return
    if settings.learning == "transfer":
        raise UserError(
            "--augment flip with mirror classes needs --learning scratch or finetune: under transfer the views of a "
            "picture are embedded with its own label. Leave flip out, or choose another learning type."
        )
    if dataset.masks is not None:
        raise UserError(
            "--augment flip with mirror classes is not for masks, whose pixels keep their class. Leave flip or the "
            "mirror classes out."
        )


def needs_masks(settings: TrainSettings) -> bool:
    """Say whether training reads masks."""
    return tasks.get(settings.task).PER_PIXEL or settings.auxiliary == "mask"


def check_task(settings: TrainSettings, spec: Spec) -> None:
    """Raise UserError where flags do not go with the task, the model or the data."""
    task = tasks.get(settings.task)
    if (spec.task == "segment") != task.PER_PIXEL:
        fit = "one for every pixel" if task.PER_PIXEL else "one vector of features for a picture"
        raise UserError(
            f"--task {settings.task} needs a model that gives {fit}, such as -m {task.MODEL}. "
            f"Received: -m {settings.model}"
        )
    check_known(settings)
    check_auxiliary(settings)
    check_masks(settings)


def check_known(settings: TrainSettings) -> None:
    """Raise UserError for what the task does not know."""
    task = tasks.get(settings.task)
    if task.LEARNING == ("scratch",) and not (
        settings.learning in ("auto", "scratch") and settings.weights in (None, "none")
    ):
        given = f"--weights {settings.weights}" if settings.weights else f"--learning {settings.learning}"
        raise UserError(
            f"--task {settings.task} learns from scratch, from random weights. Received: {given}; leave it out."
        )
    for name, value in task.FIXED.items():
        if (given := getattr(settings, name)) != value:
            able = [other for other in tasks.available() if name not in tasks.get(other).FIXED]
            received = f"Received: {format_value(given, as_flag=True)}; leave it out."
            raise UserError(f"{declare.flag(name)} is for --task {' or '.join(able)}. {received}")


def check_masks(settings: TrainSettings) -> None:
    """Raise UserError where masks are missing or of no use."""
    if not needs_masks(settings):
        given = [name for name in ("masks", "mask_values") if getattr(settings, name) != getattr(TrainSettings, name)]
        if given:
            raise UserError(
                f"{declare.flag(given[0])} is for --task segment or --auxiliary mask: leave it out, or give one."
            )
        return
    if settings.augment_with:
        raise UserError("--augment-with cannot be done to masks: leave it out.")
    if settings.data is None and settings.masks:
        raise UserError("--masks goes with --data; the drawings bring their own masks: leave it out.")
    if settings.data is not None and not settings.masks:
        raise UserError(
            "Masks are missing: give --masks DIR, a folder with a PNG for each picture of --data, of the same path "
            "and size, 0 for background."
        )
    if without := [name for name in settings.augment or {} if name not in MASKED]:
        raise UserError(
            f"--augment {without[0]} cannot be done to masks: leave it out. There are: {', '.join(MASKED)}."
        )


def check_auxiliary(settings: TrainSettings) -> None:
    """Raise UserError where a second task does not go with the rest."""
    if settings.auxiliary == "none":
        if settings.auxiliary_weight != TrainSettings.auxiliary_weight:
            raise UserError("--auxiliary-weight is for --auxiliary: give that, or leave it out.")
        return
    if settings.learning == "transfer":
        raise UserError(NO_TRANSFER)
    if settings.find_learning_rate:
        raise UserError("--find-learning-rate looks at the class alone: leave --auxiliary out while you look.")
    if settings.auxiliary == "coat" and settings.data is not None:
        raise UserError("--auxiliary coat is for the drawings only: leave --data out, or give a CSV file path,label.")
