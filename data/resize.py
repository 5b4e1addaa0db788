"""From an image of any shape to a square of pixels, and of a mask likewise."""

import numpy as np
from PIL import Image

RESIZE_RULES = ("crop", "pad", "squash")
PAD_GREY = 128


def resize(image: Image.Image, size: int, rule: str) -> np.ndarray:
    """Give uint8 pixels of shape (size, size, 3) from an RGB image; raise ValueError on an unknown rule.

    "crop" cuts the largest centred square; "pad" keeps everything, centred on mid-grey; "squash" ignores the shape.
    Mid-grey, as it lands near zero once a network's preprocessing has run; black would be the strongest signal.

    Of a mask, mode L, the same pixels are taken as they are, none between two values: (size, size), padded with 0.
    """
    width, height = image.size
    if rule == "crop":
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        if side == size:  # nothing to scale: keep to whole pixels, or half of one would blur the image
            left, top = left // 1, top // 1
        return np.array(_scale(image, (size, size), (left, top, left + side, top + side)))
    if rule == "squash":
        return np.array(_scale(image, (size, size), (0, 0, width, height)))
    if rule == "pad":
        left, top, *inner = padded_box(width, height, size)
        canvas = Image.new(image.mode, (size, size), 0 if image.mode == "L" else (PAD_GREY,) * 3)
        canvas.paste(_scale(image, tuple(inner), (0, 0, width, height)), (left, top))
        return np.array(canvas)
    raise ValueError(f"resize rule {rule!r} is unknown; it must be one of {', '.join(RESIZE_RULES)}")


def padded_box(width: int, height: int, size: int) -> tuple[int, int, int, int]:
    """Return left, top, width and height of what an image takes up of the square that "pad" makes of it."""
    longer = max(width, height)
    inner_width, inner_height = (max(1, round(side * size / longer)) for side in (width, height))
    return (size - inner_width) // 2, (size - inner_height) // 2, inner_width, inner_height


def _scale(image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    # `box` cuts before scaling, so a 1×5000 strip never becomes 224×1,120,000. Pillow widens the bilinear filter when
    # it shrinks (antialiasing); at a gap of 3 the reduction beforehand is faster and at most 2 levels off.
    if image.mode == "L":  # a mask: the mean of two classes is no class
        return image.resize(size, Image.Resampling.NEAREST, box=box)
    return image.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=3.0)
