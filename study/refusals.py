"""What a training refuses once its data and its learning type are known: flags that do not go with them."""

from __future__ import annotations

from data.augment import MIXING
from errors import UserError
from study import options, tasks
from study.config import TrainSettings
from study.dataset import Dataset


def check(settings: TrainSettings, dataset: Dataset) -> None:
    """Raise UserError where settled settings contradict the data or each other."""
    check_engine(settings)
    check_transfer(settings, dataset)
    check_masks(settings, dataset)


def check_engine(settings: TrainSettings) -> None:
    """Raise UserError where an engine was asked for and nothing is frozen that it could run."""
    if settings.learning == "scratch" and settings.engine != "auto":
        raise UserError(
            "--engine runs a frozen backbone, and here all learns from scratch: leave it out. "
            f"Received: {settings.engine}"
        )


def check_transfer(settings: TrainSettings, dataset: Dataset) -> None:
    """Raise UserError where a head alone would learn from views whose labels do not fit, or at other sizes."""
    if settings.learning != "transfer":
        return
    if settings.auxiliary != "none":
        raise UserError(tasks.NO_TRANSFER)
    if mixed := [name for name in MIXING if name in settings.augment]:
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
    if dataset.mirrors and "flip" in settings.augment:
        raise UserError(
            "--augment flip with mirror classes needs --learning scratch or finetune: under transfer the views of a "
            "picture are embedded with its own label. Leave flip out, or choose another learning type."
        )


def check_masks(settings: TrainSettings, dataset: Dataset) -> None:
    """Raise UserError where a flip would leave masks that do not fit."""
    if dataset.masks is not None and dataset.mirrors and "flip" in settings.augment:
        raise UserError(
            "--augment flip with mirror classes is not for masks, whose pixels keep their class. Leave flip or the "
            "mirror classes out."
        )
