"""The same stack with shortcuts, a ResNet for small images: what came in is added again, and depth does no harm."""

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
    summary="the same stack with residual connections, which cure it; ResNet-20 by default",
    supports=SUPPORTS,
    defaults=DEFAULTS,
)


def backbone(image_size: int, weights: str, options: ArchitectureOptions) -> keras.Model:
    """Raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, 4 * width)."""
    return stack(image_size, options, shortcuts=True)
