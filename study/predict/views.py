"""Test-time augmentation: answer for several views of an image and take the mean of the probabilities.

The views are those of Krizhevsky et al. (https://papers.nips.cc/paper/4824, 4.1), the whole image first, and always
the same ones: 1 the image, 2 its mirror image, 3 its middle, 4 to 7 its corners, 8 to 12 the mirror images of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from data.squares import Size, by_square
from errors import UserError

if TYPE_CHECKING:
    from study.inference.openvino_ir import Runner

CROP = 7 / 8  # of the side; a crop is scaled to the whole again
CROP_POSITIONS = ((0.5, 0.5), (0, 0), (1, 0), (0, 1), (1, 1))  # of the free room: the middle and the corners, (x, y)


def number_of_views(tta: str) -> int:
    """Return how many views of an image `none`, `flip` or a number means."""
    return {"none": 1, "flip": 2}.get(tta) or int(tta)


def views(count: int) -> list[tuple[bool, Callable[[np.ndarray], np.ndarray]]]:
    """Return the first `count` views: whether it is a mirror image, and what makes it of uint8 (n, side, side, 3)."""
    plain = [lambda pixels, position=position: crop(pixels, position) for position in CROP_POSITIONS]
    flipped = [lambda pixels, make=make: make(flip(pixels)) for make in plain]
    whole_image = [(False, lambda pixels: pixels), (True, flip)]
    return (whole_image + [(False, make) for make in plain] + [(True, make) for make in flipped])[:count]


def flip(pixels: np.ndarray) -> np.ndarray:
    """Swap left and right."""
    return np.ascontiguousarray(pixels[:, :, ::-1])


def crop(pixels: np.ndarray, position: tuple[float, float]) -> np.ndarray:
    """Cut `CROP` of the side out of each image and scale it up to the old size."""
    side = pixels.shape[1]
    left, top = ((1 - CROP) * side * share for share in position)
    box = (left, top, left + CROP * side, top + CROP * side)
    scaled = [Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR, box=box) for image in pixels]
    return np.stack(scaled)


def average_views(runner: Runner, count: int, flipped_classes: np.ndarray | None = None, size: Size = 0) -> Runner:
    """Return a runner that answers with the mean over `count` views.

    Args:
        runner: pixels, uint8 (n, side, side, 3) -> probabilities, float32 (n, classes).
        count: of views; 1 is `runner` itself.
        flipped_classes: class index -> class index of the mirrored image; what a mirror image gets is swapped back by
            it.
        size: of the images; of several, each is viewed by itself.
    """
    if count == 1:
        return runner

    def averaged(pixels: np.ndarray) -> np.ndarray:
        total = 0
        for flipped, view in views(count):
            probabilities = runner(by_square(view, size)(pixels))
            total += probabilities[:, flipped_classes] if flipped and flipped_classes is not None else probabilities
        return np.asarray(total / count, np.float32)

    return averaged


def check_views(tta: str, info: Mapping[str, Any], flip_pairs: Mapping[str, str]) -> None:
    """Raise UserError where a run tells left from right and pairs no labels: half the views would be wrong."""
    if number_of_views(tta) > 1 and info.get("settings", {}).get("label") == "facing" and not flip_pairs:
        raise UserError(
            f"--tta {tta} looks at mirror images, and this run tells left from right (--label facing). "
            "Leave --tta out, or train with --labels and a row left<->right."
        )
