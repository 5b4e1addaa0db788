"""What a training refuses: settings that do not go with each other, with the model, or with its data.

`check_explicit` and `check_flags` run once when the settings are resolved, `check` once more where data and learning
type are known. `check_installed` looks at this machine, for a command that is to begin now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import models
from data.augment.pipeline import MIXING
from errors import UserError
from study import tasks
from study.runtime import hardware
from study.runtime.format import format_value
from study.settings import declare, learning_type, processes
from study.settings.optimization import SCHEDULES, WITHOUT_WARMUP
from study.settings.stages import phases
from study.settings.train import DEFAULTS, FIELDS, TrainSettings

if TYPE_CHECKING:
    from data.dataset import Dataset
    from models.parts.spec import Spec
    from study.settings.task import TaskSettings

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


def check_explicit(settings: TrainSettings, explicit: Mapping[str, Any]) -> None:
    """Raise UserError where settings contradict each other, or one that was given says nothing."""
    optimization, run = settings.optimization, settings.run
    processes.check(settings)
    if optimization.warmup and optimization.schedule in WITHOUT_WARMUP:
        raise UserError(
            f"--warmup goes with --schedule {', '.join(name for name in SCHEDULES if name not in WITHOUT_WARMUP)}. "
            f"Received: --schedule {optimization.schedule} --warmup {optimization.warmup:g}"
        )
    declare.reject_unused(settings.as_dict(), explicit, FIELDS)
    if run.find_learning_rate and "learning_rate" in explicit:
        raise UserError("--find-learning-rate looks for what --learning-rate says. Leave one of the two out.")
    if run.find_learning_rate and run.augment_preview:
        raise UserError("--find-learning-rate and --augment-preview each end the command. Leave one of the two out.")
    if run.crossval and (run.find_learning_rate or run.augment_preview):
        other = "--find-learning-rate" if run.find_learning_rate else "--augment-preview"
        raise UserError(f"--crossval goes with a training, and {other} trains nothing. Leave one of the two out.")
    if settings.regularization.class_weight == settings.regularization.sampler == "balanced":
        both = "--class-weight balanced and --sampler balanced"
        raise UserError(f"{both} together would make up for rare classes twice. Leave one of the two out.")
    sizes, size = optimization.progressive, settings.data.image_size
    if sizes and size and sizes[-1] > size:
        given = format_value(sizes, as_flag=True)
        raise UserError(f"--progressive takes sizes up to the image size, {size}. Received: {given}")
    if {"progressive", "epochs"} <= explicit.keys() and len(phases(optimization.epochs, sizes, 0)) < len(sizes):
        raise UserError(
            f"--progressive leaves no epoch for one of its {len(sizes)} sizes. Received: --epochs "
            f"{optimization.epochs}; give more epochs or fewer sizes."
        )


def check_flags(settings: TrainSettings, spec: Spec) -> None:
    """Raise UserError, before any image is read, where settings contradict each other or the model."""
    check_task(settings, spec)
    check_joined(settings, spec)
    learning = settings.learning
    weights = learning_type.start_weights(settings.run.model, spec.weights, learning.kind, learning.weights)
    settings = settings.with_values(learning="scratch") if weights == "none" else settings
    check_engine(settings)
    check_precision(settings)
    check_transfer(settings)


def check_joined(settings: TrainSettings, spec: Spec) -> None:
    """Raise UserError for what models that stand side by side, all frozen, cannot do."""
    if not spec.parts:
        return
    model, kind, weights = settings.run.model, settings.learning.kind, settings.learning.weights
    if kind not in ("transfer", "auto"):
        raise UserError(
            f"-m {model} joins frozen models, of which only the head learns, --learning transfer. Received: "
            f"--learning {kind}; give one model for that, such as -m {spec.parts[0]}."
        )
    if weights == "none":
        raise UserError(
            f"-m {model} joins frozen models, which need pretrained weights. Received: --weights none; leave it out."
        )
    if settings.data.image_size or len(spec.image_sizes) < 2:
        return
    given = "--augment-with" if settings.regularization.augment_with else "--augment"
    if settings.run.augment_preview:
        given = "--augment-preview"
    if settings.regularization.augment_with or settings.regularization.augment or settings.run.augment_preview:
        sizes = " and ".join(map(str, spec.image_sizes))
        raise UserError(
            f"{given} changes images of one size, and -m {model} takes them at {sizes} pixels: leave it out, or give "
            f"--image-size, such as {spec.image_sizes[0]}, for all."
        )


def check_installed(settings: TrainSettings) -> None:
    """Raise UserError, before any image is read, where weights or backend are of a package that is not installed."""
    hardware.require_backend(settings.run.backend)
    spec, learning = models.get(settings.run.model).SPEC, settings.learning
    weights = learning_type.start_weights(settings.run.model, spec.weights, learning.kind, learning.weights)
    if weights in spec.weights and spec.check_installed:
        spec.check_installed()


def check(settings: TrainSettings, dataset: Dataset) -> None:
    """Raise UserError where settled settings contradict the data or each other."""
    check_engine(settings)
    check_precision(settings)
    check_transfer(settings)
    check_flip_pairs(settings, dataset)
    processes.check(settings)


def check_engine(settings: TrainSettings) -> None:
    """Raise UserError where an engine was asked for and nothing is frozen that it could run, or it runs elsewhere."""
    if settings.learning.kind == "scratch" and settings.run.engine != "auto":
        raise UserError(
            "--engine runs a frozen backbone, and here all learns from scratch: leave it out. "
            f"Received: {settings.run.engine}"
        )
    if settings.run.backend != "tensorflow" and settings.run.engine == "tensorflow":
        raise UserError(
            f"--engine tensorflow takes a network as TensorFlow has it. Received: --backend {settings.run.backend}; "
            "leave one of the two out."
        )


def check_precision(settings: TrainSettings) -> None:
    """Raise UserError where 8-bit integers were asked for and something learns that would compute in them."""
    if settings.run.precision == "int8" and settings.learning.kind not in ("auto", "transfer"):
        raise UserError(
            "--precision int8 is for a backbone that stays as it is, --learning transfer: gradients would be lost in "
            f"integers. Received: --learning {settings.learning.kind}"
        )


def check_transfer(settings: TrainSettings) -> None:
    """Raise UserError where a head alone would learn from views whose labels do not fit, or at other sizes."""
    if settings.learning.kind != "transfer":
        return
    if settings.task.auxiliary != "none":
        raise UserError(NO_TRANSFER)
    if mixed := [name for name in MIXING if name in (settings.regularization.augment or {})]:
        raise UserError(
            f"--augment {mixed[0]} needs --learning scratch or finetune: under transfer the views of an image are "
            "embedded with its own label. Leave it out, or choose another learning type."
        )
    if settings.regularization.dropout_at != "head":
        raise UserError(
            "--dropout-at needs --learning scratch or finetune: under transfer the network's inside does not learn. "
            f"Received: {settings.regularization.dropout_at}"
        )
    if settings.optimization.optimizer == "muon":
        raise UserError(
            "--optimizer muon needs --learning scratch or finetune: it moves the kernels inside a network, and under "
            "transfer only the last layer learns. Give another optimizer, such as adamw, or another learning type."
        )
    if settings.run.crossval and settings.optimization.schedule == "plateau":
        raise UserError(
            "--crossval does not go with --schedule plateau under transfer: that follows a validation loss, which the "
            "head of a fold has not. Give another schedule."
        )
    if settings.optimization.progressive:
        raise UserError(
            "--progressive needs --learning scratch or finetune: under transfer images are embedded once, at one "
            f"size. Received: {format_value(settings.optimization.progressive, as_flag=True)}"
        )


def check_flip_pairs(settings: TrainSettings, dataset: Dataset) -> None:
    """Raise UserError where a flip would leave labels or masks that do not fit."""
    if not dataset.flip_pairs or "flip" not in settings.regularization.augment:
        return
    if settings.learning.kind == "transfer":
        raise UserError(
            "--augment flip with flip-paired labels needs --learning scratch or finetune: under transfer the views "
            "of an image are embedded with its own label. Leave flip out, or choose another learning type."
        )
    if dataset.masks is not None:
        raise UserError(
            "--augment flip with flip-paired labels is not for masks, whose pixels keep their class. Leave flip or the "
            "flip-paired labels out."
        )


def needs_masks(task: TaskSettings) -> bool:
    """Say whether training reads masks."""
    return tasks.get(task.name).PER_PIXEL or task.auxiliary == "mask"


def check_task(settings: TrainSettings, spec: Spec) -> None:
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
    if not needs_masks(settings.task):
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
