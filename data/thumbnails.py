"""Thumbnails by which near duplicates are found: how fingerprints become comparable."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from data.augment.photometric import LUMINANCE

SIDE = 24
PRINT = SIDE * SIDE * 3  # numbers of a fingerprint
CHUNK = 32  # images, or pairs, held at a time as float32: few enough for the processor's cache
CONTRAST_FLOOR = 6.0  # grey levels: below, an image is plain, and its noise must not be blown up to a likeness
GREY_LIMIT = 2.0  # grey levels between the channels, root mean square: below, an image has no colour


@dataclass(frozen=True)
class View:
    """What is compared of one image with the whole of another: `scale` of its sides from the middle, mirrored or not.

    Where one of the two is grey and the other is not, both are compared without colour.
    """

    scale: float = 1.0
    mirrored: bool = False
    grey: bool = False


def thumbnails(prints: np.ndarray, view: View = View(), side: int = SIDE) -> np.ndarray:
    """Return a view of fingerprints, uint8 (n, 1728), as float32 (n, side, side, 3); `side` divides 24."""
    images = prints.reshape(-1, SIDE, SIDE, 3).astype(np.float32)
    if (view.scale, side) != (1, SIDE):
        cut = _cutting(view.scale, side)
        rows = cut @ images.reshape(-1, SIDE, SIDE * 3)
        images = (cut @ rows.reshape(-1, SIDE, 3)).reshape(-1, side, side, 3)
    if view.grey:
        images = np.repeat((images @ np.array(LUMINANCE, np.float32))[..., None], 3, axis=3)
    return images[:, :, ::-1] if view.mirrored else images


def normalised(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return thumbnails (n, side, side, 3) at mean 0 and contrast 1; before that, their mean and contrast, (n,).

    One mean for all three channels, so that images of another tint stay apart.
    """
    area = images.shape[1] ** 2
    pixels = images.reshape(-1, area, 3)
    means = np.einsum("npc->nc", pixels) / area  # einsum takes half the time of mean and var
    power = np.einsum("npc,npc->n", pixels, pixels) / area
    contrast = np.sqrt(np.maximum((power - (means * means).sum(axis=1)) / 3, CONTRAST_FLOOR**2))
    mean = means.mean(axis=1)
    return (images - mean[:, None, None, None]) / contrast[:, None, None, None], mean, contrast


def without_colour(prints: np.ndarray) -> np.ndarray:
    """Return which of fingerprints, uint8 (n, 1728), show something, and that in grey alone, bool (n,)."""
    found = [np.empty(0, bool)]
    for start in range(0, len(prints), CHUNK):
        images = thumbnails(prints[start : start + CHUNK])
        apart = images[..., :2] - images[..., 1:]
        grey = np.einsum("nijk,nijk->n", apart, apart) < GREY_LIMIT**2 * SIDE**2
        found.append(grey & (normalised(images)[2] > CONTRAST_FLOOR))
    return np.concatenate(found)


@cache
def _cutting(scale: float, side: int) -> np.ndarray:
    """Weights (side, 24) from a row of a thumbnail to its middle at full width, by cubic convolution (Keys 1981).

    Linear interpolation would blur the details, which are compared too.
    """
    place = (np.arange(SIDE) + 0.5 - SIDE / 2) * scale + SIDE / 2 - 0.5
    gap = np.abs(place[:, None] - np.arange(SIDE))
    near, far = 1.5 * gap**3 - 2.5 * gap**2 + 1, -0.5 * gap**3 + 2.5 * gap**2 - 4 * gap + 2
    weights = np.where(gap <= 1, near, np.where(gap < 2, far, 0))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.reshape(side, SIDE // side, SIDE).mean(axis=1).astype(np.float32)
