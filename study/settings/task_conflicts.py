"""What a task refuses: settings, models and data that do not go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errors import UserError
from study import tasks
from study.runtime.format import format_value
from study.settings import declare
from study.settings.train import DEFAULTS, TrainSettings

if TYPE_CHECKING:
    from models.parts.spec import Spec

# What `data.augment.pipeline` does to a mask as it does it to the image, and what needs nothing done.
MASK_AUGMENTATIONS = (
    "flip",
    "rotation",
    "zoom",
    "translation",
    "crop",
    "brightness",
    "contrast",
    "saturation",
    "erase",
    "cutmix",
)
NO_TRANSFER = (
    "--auxiliary needs --learning scratch or finetune: under transfer the backbone, which the auxiliary task is to "
    "help, does not learn. Leave it out, or choose another learning type."
)


def check(settings: TrainSettings, spec: Spec) -> None:
    """Raise UserError where flags do not go with the task, the model or the data."""
    task = tasks.get(settings.task.name)
    if (spec.task == "segment") != task.PER_PIXEL:
        fit = "one for every pixel" if task.PER_PIXEL else "one vector of features for an image"
        raise UserError(
            f"--task {settings.task.name} needs a model that gives {fit}, such as -m {task.MODEL}. "
            f"Received: -m {settings.run.model}"
        )
    if settings.run.crossval and settings.task.name != "classify":
        raise UserError(f"--crossval is for one class an image, --task classify. Received: --task {settings.task.name}")
    check_supported_by_task(settings)
    check_auxiliary(settings)
    check_masks(settings)
    check_crop(settings)


def check_supported_by_task(settings: TrainSettings) -> None:
    """Raise UserError for what the task does not know."""
    task = tasks.get(settings.task.name)
    if task.LEARNING == ("scratch",) and not (
        settings.learning.kind in ("auto", "scratch") and settings.learning.weights in (None, "none")
    ):
        weights = settings.learning.weights
        given = f"--weights {weights}" if weights else f"--learning {settings.learning.kind}"
        raise UserError(
            f"--task {settings.task.name} learns from scratch, from random weights. Received: {given}; leave it out."
        )
    if settings.loss.name not in task.LOSSES:
        raise UserError(
            f"--task {settings.task.name} takes --loss {', '.join(task.LOSSES)}. Received: {settings.loss.name}; leave "
            "it out."
        )
    for name, value in task.FIXED.items():
        if (given := settings.as_dict()[name]) != value:
            supporting = [other for other in tasks.available() if name not in tasks.get(other).FIXED]
            received = f"Received: {format_value(given, as_flag=True)}; leave it out."
            raise UserError(f"{declare.flag(name)} is for --task {' or '.join(supporting)}. {received}")


def check_masks(settings: TrainSettings) -> None:
    """Raise UserError where masks are missing or of no use."""
    if not (tasks.get(settings.task.name).PER_PIXEL or settings.task.auxiliary == "mask"):
        given = [name for name in ("masks", "mask_values") if settings.as_dict()[name] != DEFAULTS[name]]
        if given:
            raise UserError(
                f"{declare.flag(given[0])} is for --task segment or --auxiliary mask: leave it out, or give one."
            )
        return
    if settings.regularization.augment_with:
        raise UserError("--augment-with cannot be done to masks: leave it out.")
    if settings.data.folder is None and settings.task.masks:
        raise UserError("--masks goes with --data; the drawings bring their own masks: leave it out.")
    if settings.data.folder is not None and not settings.task.masks:
        raise UserError(
            "Masks are missing: give --masks DIR, a folder with a PNG for each image of --data, of the same path "
            "and size, 0 for background."
        )
    if without := [name for name in settings.regularization.augment or {} if name not in MASK_AUGMENTATIONS]:
        raise UserError(
            f"--augment {without[0]} cannot be done to masks: leave it out. There are: {', '.join(MASK_AUGMENTATIONS)}."
        )


def check_crop(settings: TrainSettings) -> None:
    """Raise UserError where what images are to be cut by is missing, or something else needs whole ones."""
    data = settings.data
    if data.crop_to == "mask" and not data.finder:
        raise UserError("--crop-to mask needs what finds the animal: give --finder RUN, a run of train --task segment.")
    if data.crop_to == "box" and not data.boxes:
        raise UserError("--crop-to box needs the boxes: give --boxes FILE.csv with path,left,top,right,bottom.")
    if data.crop_to != "none" and settings.task.auxiliary == "mask":
        raise UserError(
            "--auxiliary mask learns masks of whole images, and --crop-to cuts the images: leave one of the two out."
        )


def check_auxiliary(settings: TrainSettings) -> None:
    """Raise UserError where an auxiliary task does not go with the rest."""
    if settings.task.auxiliary == "none":
        if settings.task.auxiliary_weight != DEFAULTS["auxiliary_weight"]:
            raise UserError("--auxiliary-weight is for --auxiliary: give that, or leave it out.")
        return
    if settings.learning.kind == "transfer":
        raise UserError(NO_TRANSFER)
    if settings.run.find_learning_rate:
        raise UserError("--find-learning-rate looks at the class alone: leave --auxiliary out while you look.")
    if settings.task.auxiliary == "coat" and settings.data.folder is not None:
        raise UserError("--auxiliary coat is for the drawings only: leave --data out, or give a CSV file path,label.")
