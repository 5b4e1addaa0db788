"""What a training refuses: flags that do not go with each other, or with what its data and learning type turn out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from data.augment import MIXING
from errors import UserError
from study import learning, options, tasks
from study.config import TrainSettings

if TYPE_CHECKING:
    from models._spec import Spec
    from study.dataset import Dataset


def check_flags(settings: TrainSettings, spec: Spec) -> None:
    """Raise UserError, before any picture is read, where settings contradict each other or the model."""
    tasks.check(settings, spec)
    weights = learning.start_weights(settings.model, spec.weights, settings.learning, settings.weights)
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
        raise UserError(tasks.NO_TRANSFER)
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
            f"size. Received: {options.spelled(settings.progressive)}"
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
