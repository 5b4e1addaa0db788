"""A function of the user's own that changes the images of a training batch, found by its import path."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data import own_code
from data.own_code import one_line
from errors import UserError

ImageFunction = Callable[[np.ndarray], np.ndarray]  # float32 0..255, (n, side, side, 3) -> the same shape

WHAT = ("augment_with", "function")  # the setting, and what it names


def parse(text: str) -> str | None:
    """Read what names a function, or `none`; a file's path becomes absolute. Raise UserError else."""
    return own_code.parse(text, *WHAT)


def load(path: str) -> ImageFunction:
    """Import what `parse` returned, once. Raise UserError where there is no such function."""
    return own_code.load(path, *WHAT)


def apply(path: str, function: ImageFunction, pixels: np.ndarray) -> np.ndarray:
    """Let the function change a batch, a copy of it, and look at what comes back.

    Args:
        path: as it was given, for what is told.
        function: that of the user.
        pixels: float32 0..255, (n, side, side, 3).

    Returns:
        float32 of the same shape; what left 0..255 is cut off.

    Raises:
        UserError: it raised something, or returned another shape or values that are no numbers.
    """
    try:
        result = np.asarray(function(pixels.copy()))
    except Exception as error:  # whatever the user's code raises
        raise UserError(f"`augment_with` {path} failed on a batch {pixels.shape}: {one_line(error)}.") from error
    if result.shape != pixels.shape:
        raise UserError(
            f"`augment_with` {path} must return images of the shape it gets, {pixels.shape}. Received: {result.shape}"
        )
    if result.dtype.kind not in "fiu":
        raise UserError(f"`augment_with` {path} must return numbers 0 to 255. Received: values of type {result.dtype}")
    if not np.isfinite(result).all():
        raise UserError(f"`augment_with` {path} must return finite numbers 0 to 255. Received: nan or infinity")
    return np.clip(result, 0, 255).astype(np.float32)


def check(path: str, pixels: np.ndarray) -> None:
    """Try the function on a real batch, uint8 0..255, before anything is trained.

    Raises:
        UserError: what `load` and `apply` raise, or values scaled to 0..1.
    """
    pixels = pixels.astype(np.float32)
    result = apply(path, load(path), pixels)
    if result.max() <= 1 < pixels.max():
        raise UserError(
            f"`augment_with` {path} must return values 0 to 255, as it gets them; scaling is the model's. "
            f"Received: values up to {result.max():g}"
        )
