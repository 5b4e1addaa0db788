"""What a training refuses where TensorFlow is not installed, and another backend of Keras learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errors import UserError
from study.runtime import hardware
from study.settings import declare, typed

if TYPE_CHECKING:
    from study.settings.train import TrainSettings

NEEDS = {  # setting -> what of it is TensorFlow's
    "augment": "images are changed by TensorFlow",
    "augment_with": "changed images come from TensorFlow's batches",
    "augment_preview": "images are changed by TensorFlow",
    "progressive": "images are scaled by TensorFlow",
    "find_learning_rate": "its batches are TensorFlow's",
    "auxiliary": "its batches are TensorFlow's",
}


def check(settings: TrainSettings) -> None:
    """Raise UserError where settled settings ask for what TensorFlow does, and it is not installed."""
    if hardware.tensorflow_available():
        return
    values = settings.as_dict()
    for name, what in NEEDS.items():
        if values[name] in (None, False, "none", (), {}):
            continue
        given = typed.as_typed(name, values[name])
        off = "give --augment none" if name == "augment" else "leave it out"
        raise UserError(
            f"{declare.flag(name)}: {what}, which is not installed. Run: python -m pip install tensorflow, or {off}. "
            f"Received: {given}"
        )
