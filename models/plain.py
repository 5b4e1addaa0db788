"""A plain stack of convolutions, as deep as asked for: beyond some depth, more layers learn worse, not better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.parts.options import ArchitectureOptions
from models.parts.spec import Spec
from models.parts.stack import DEFAULTS, SUPPORTS, stack

if TYPE_CHECKING:
    import keras

SPEC = Spec(
    image_size=32,
    learning=("scratch",),
    source="https://arxiv.org/abs/1512.03385",
    summary="plain stack of 20 convolutional layers: deeper ones stop learning",
    supports=SUPPORTS,
    defaults=DEFAULTS,
)


def backbone(image_size: int, weights: str, options: ArchitectureOptions) -> keras.Model:
    """Raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, 4 * width)."""
    return stack(image_size, options, shortcuts=False)
