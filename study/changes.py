"""What is done to the pictures of a training batch: `--augment`, then the user's own function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from data import own_function
from data.augment import MIXING, augmenter
from study.config import TrainSettings

if TYPE_CHECKING:
    from data.augment import Augment


def changes(
    settings: TrainSettings,
    mirror: np.ndarray | None = None,
    classes: int = 0,
    size: int | None = None,
    number: int = 0,
    mixing: bool = True,
) -> Augment | None:
    """Return a function of a batch of pixels and labels, or None where nothing is changed.

    Args:
        settings: with the augmentation settled.
        mirror: class index -> class index of the mirrored picture, where a flip changes the label.
        classes: how many there are.
        size: side of the pictures that come out, where it is another.
        number: of the phase, else one would see the changes of the one before.
        mixing: whether pictures may be mixed with others.
    """
    chosen = {name: strength for name, strength in (settings.augment or {}).items() if mixing or name not in MIXING}
    augment = augmenter(chosen, settings.seed + number, mirror, classes, size) if chosen or size else None
    return own_function.after(augment, settings.augment_with) if settings.augment_with else augment


def told(settings: TrainSettings) -> str:
    """`flip 1, translation 0.06, then noise.py:add`; `none`."""
    own = f"then {settings.augment_with}" if settings.augment_with else ""
    names = [f"{name} {strength:g}" for name, strength in (settings.augment or {}).items()]
    return ", ".join([*names, *filter(None, [own])]).removeprefix("then ") or "none"
