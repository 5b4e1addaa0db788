"""A head alone learns in NumPy: there Keras can run on OpenVINO, and TensorFlow need not start."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from errors import UserError
from models.parts.efficientnet_lite import VARIANTS
from study.runtime import hardware
from study.runtime.hardware import HEADS
from study.settings.train import TrainSettings

SMALLEST = 64  # pixels: the networks with pretrained weights have a place for each 32 of them


def with_backend_of_heads(settings: TrainSettings, asked: Mapping[str, Any]) -> TrainSettings:
    """Let Keras run on OpenVINO where that spares a training seconds and changes nothing else.

    `asked`: the flags that were given; a backend among them counts.

    Raises:
        UserError: OpenVINO was asked for, and cannot do what else is asked for.
    """
    if "keras" in sys.modules and sys.modules["keras"].config.backend() != HEADS:
        return settings  # it runs on one backend in a process
    if settings.run.backend == HEADS:
        if hindrance := next(hindrances(settings), ""):
            raise UserError(f"--backend {HEADS} is for a head alone, and {hindrance}. Leave one of the two out.")
        return settings
    maybe_gpu = sys.platform != "linux" or any(file.exists() for file in hardware.gpu_files())
    if "backend" in asked or not is_command_line() or maybe_gpu or not hardware.openvino_available():
        return settings
    return settings if next(hindrances(settings), "") else settings.with_values(backend=HEADS)


def is_command_line() -> bool:
    """Say whether this process is one command, after which Keras will not be wanted on another backend."""
    return Path(getattr(sys.modules["__main__"], "__file__", None) or "").name == "main.py"


def hindrances(settings: TrainSettings) -> Iterator[str]:
    """Yield what is asked for that needs gradients of a network, or TensorFlow."""
    run, learning, regularization = settings.run, settings.learning, settings.regularization
    if learning.kind != "transfer":
        yield f"--learning {learning.kind} trains a network"
    if run.model not in VARIANTS or learning.weights not in (None, "imagenet"):
        yield f"only {', '.join(VARIANTS)} with their own weights are made for it"
    if 0 < (settings.data.image_size or SMALLEST) < SMALLEST:
        yield f"images below {SMALLEST} pixels, whose last maps have one place, are explained by gradients"
    if regularization.augment or regularization.augment_with:
        yield "augmented views are made by TensorFlow"
    if run.engine == "tensorflow":
        yield "--engine tensorflow is another"
    for name in ("find_learning_rate", "augment_preview", "callback", "tensorboard"):
        if getattr(run, name):
            yield f"--{name.replace('_', '-')} needs TensorFlow"
