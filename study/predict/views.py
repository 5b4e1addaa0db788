"""Test-time augmentation: answer for several views of a picture and take the mean of the probabilities.

The views are those of Krizhevsky et al. (https://papers.nips.cc/paper/4824, 4.1), the whole picture first, and always
the same ones: 1 the picture, 2 its mirror image, 3 its middle, 4 to 7 its corners, 8 to 12 the mirror images of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from errors import UserError

if TYPE_CHECKING:
    from study.inference.openvino_ir import Runner

CROP = 7 / 8  # of the side; a crop is scaled to the whole again
PLACES = ((0.5, 0.5), (0, 0), (1, 0), (0, 1), (1, 1))  # of the free room: the middle and the corners, (x, y)


def count_of(tta: str) -> int:
    """Return how many views of an image `none`, `flip` or a number means."""
    return {"none": 1, "flip": 2}.get(tta) or int(tta)


def views(count: int) -> list[tuple[bool, Callable[[np.ndarray], np.ndarray]]]:
    """Return the first `count` views: whether it is a mirror image, and what makes it of uint8 (n, side, side, 3)."""
    plain = [lambda pixels, place=place: crop(pixels, place) for place in PLACES]
    turned = [lambda pixels, make=make: make(mirrored(pixels)) for make in plain]
    every = [(False, lambda pixels: pixels), (True, mirrored)]
    return (every + [(False, make) for make in plain] + [(True, make) for make in turned])[:count]


def mirrored(pixels: np.ndarray) -> np.ndarray:
    """Swap left and right."""
    return np.ascontiguousarray(pixels[:, :, ::-1])


def crop(pixels: np.ndarray, place: tuple[float, float]) -> np.ndarray:
    """Cut `CROP` of the side out of each image and scale it up to the old size."""
    side = pixels.shape[1]
    left, top = ((1 - CROP) * side * share for share in place)
    box = (left, top, left + CROP * side, top + CROP * side)
    scaled = [Image.fromarray(one).resize((side, side), Image.Resampling.BILINEAR, box=box) for one in pixels]
    return np.stack(scaled)


def averaged(respond: Runner, count: int, mirror: np.ndarray | None = None) -> Runner:
    """Return a runner that answers with the mean over `count` views.

    Args:
        respond: pixels, uint8 (n, side, side, 3) -> probabilities, float32 (n, classes).
        count: of views; 1 is `respond` itself.
        mirror: class index -> class index of the mirrored picture; what a mirror image gets is swapped back by it.
    """
    if count == 1:
        return respond

    def answer(pixels: np.ndarray) -> np.ndarray:
        total = 0
        for turned, view in views(count):
            probabilities = respond(view(pixels))
            total += probabilities[:, mirror] if turned and mirror is not None else probabilities
        return np.asarray(total / count, np.float32)

    return answer


def check_views(tta: str, info: Mapping[str, Any], mirrors: Mapping[str, str]) -> None:
    """Raise UserError where a run tells left from right and names no mirror classes: half the views would be wrong."""
    if count_of(tta) > 1 and info.get("settings", {}).get("label") == "facing" and not mirrors:
        raise UserError(
            f"--tta {tta} looks at mirror images, and this run tells left from right (--label facing). "
            "Leave --tta out, or train with --labels and a row left<->right."
        )
