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
from study.runtime import hardware
from study.runtime.format import format_value
from study.settings import declare, learning_type, processes, task_conflicts
from study.settings.optimization import SCHEDULES, WITHOUT_WARMUP
from study.settings.stages import phases
from study.settings.train import FIELDS, TrainSettings

if TYPE_CHECKING:
    from data.dataset import Dataset
    from models.parts.spec import Spec


WITHOUT_LIMIT = {  # settings that say nothing under a time limit, or nothing true -> why
    "find_learning_rate": "which trains nothing",
    "augment_preview": "which trains nothing",
    "finish": "which trains nothing more",
    "crossval": "which trains again for each fold, and the clock would end each of them elsewhere",
    "deterministic": "under which nothing goes by the clock",
}


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
    if run.time_limit and (other := next((name for name in WITHOUT_LIMIT if getattr(run, name)), "")):
        told = f"--time-limit does not go with {declare.flag(other)}, {WITHOUT_LIMIT[other]}"
        raise UserError(f"{told}. Leave one of the two out.")
    if settings.regularization.class_weight == settings.regularization.sampler == "balanced":
        both = "--class-weight balanced and --sampler balanced"
        raise UserError(f"{both} together would make up for rare classes twice. Leave one of the two out.")
    if run.finish and (not run.resume or run.fresh or run.crossval or run.find_learning_rate or run.augment_preview):
        raise UserError(
            "--finish ends a training that was stopped: it goes with --resume, and without --fresh, --crossval, "
            "--find-learning-rate and --augment-preview."
        )
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
    task_conflicts.check(settings, spec)
    check_joined(settings, spec)
    learning, sizes, smallest = settings.learning, settings.optimization.progressive, spec.smallest_image_size
    if sizes and sizes[0] < smallest:
        given = format_value(sizes, as_flag=True)
        raise UserError(
            f"--progressive for {settings.run.model} begins at {smallest} pixels or above. Received: {given}"
        )
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
        raise UserError(task_conflicts.NO_TRANSFER)
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
