"""What is learned of a picture, its class or that of every pixel: what the flags must say for it, what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.masks import BACKGROUND
from errors import UserError
from study import config, options
from study.config import TrainSettings

if TYPE_CHECKING:
    from models._spec import Spec

# What `data.augment` does to a mask as it does it to the picture, and what needs nothing done.
MASKED = ("flip", "rotation", "zoom", "translation", "crop", "brightness", "contrast", "saturation", "erase", "cutmix")


NO_TRANSFER = (
    "--auxiliary needs --learning scratch or finetune: under transfer the backbone, which the second task is to help, "
    "does not learn. Leave it out, or choose another learning type."
)


def needs_masks(settings: TrainSettings) -> bool:
    """Say whether training reads masks."""
    return settings.task == "segment" or settings.auxiliary == "mask"


def least_classes(task: str) -> int:
    """Return how many classes of pictures are needed: pixels of a single one can be told from the background."""
    return 1 if task == "segment" else 2


def output_names(task: str, class_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the probabilities are of, in their order; pixels may be of nothing too."""
    return (BACKGROUND, *class_names) if task == "segment" else class_names


def check(settings: TrainSettings, spec: Spec) -> None:
    """Raise UserError where flags do not go with the task, the model or the data."""
    if settings.task != spec.task:
        fit = {"classify": "one vector of features for a picture", "segment": "one for every pixel"}
        raise UserError(
            f"--task {settings.task} needs a model that gives {fit[settings.task]}, such as -m "
            f"{config.MODEL_FOR[settings.task]}. Received: -m {settings.model}"
        )
    check_auxiliary(settings)
    check_masks(settings)
    if settings.task == "segment":
        check_segment(settings)


def check_masks(settings: TrainSettings) -> None:
    """Raise UserError where masks are missing or of no use."""
    if not needs_masks(settings):
        given = [name for name in ("masks", "mask_values") if getattr(settings, name) != getattr(TrainSettings, name)]
        if given:
            raise UserError(
                f"{options.flag(given[0])} is for --task segment or --auxiliary mask: leave it out, or give one."
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
    if settings.task != "classify":
        raise UserError(f"--auxiliary is for --task classify. Received: {settings.auxiliary}; leave it out.")
    if settings.learning == "transfer":
        raise UserError(NO_TRANSFER)
    if settings.find_learning_rate:
        raise UserError("--find-learning-rate looks at the class alone: leave --auxiliary out while you look.")
    if settings.auxiliary == "coat" and settings.data is not None:
        raise UserError("--auxiliary coat is for the drawings only: leave --data out, or give a CSV file path,label.")


def check_segment(settings: TrainSettings) -> None:
    """Raise UserError for what segmentation does not know."""
    if settings.learning not in ("auto", "scratch") or settings.weights not in (None, "none"):
        given = f"--weights {settings.weights}" if settings.weights else f"--learning {settings.learning}"
        raise UserError(f"--task segment learns from scratch, from random weights. Received: {given}; leave it out.")
    if settings.progressive:
        raise UserError(
            f"--progressive is for --task classify. Received: {options.spelled(settings.progressive)}; leave it out."
        )
