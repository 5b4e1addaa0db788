"""A convolution that moves over an image, and images whose pixels are moved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.patches import Rectangle

from scratch.conv import im2col
from study.pages.palette import VERMILION

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras
    from matplotlib.axes import Axes

    from data.dataset import Dataset


def feature_map(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return what a kernel (size, size) makes of a grey image (H, W), without padding, at stride 1."""
    size = len(kernel)
    return (im2col(image[None, ..., None], size, 1) @ kernel.ravel())[0]


def draw_moving(axes: Sequence[Axes], image: np.ndarray, kernel: np.ndarray, done: int) -> None:
    """Draw a kernel on its way: the image with the window above, and below the map as far as it is done.

    Args:
        axes: the upper and the lower.
        image: grey, (H, W).
        kernel: (size, size).
        done: values of the map, row by row; the window is that of the last of them.
    """
    found, size = feature_map(image, kernel), len(kernel)
    row, column = divmod(done - 1, found.shape[1])
    axes[0].imshow(image, cmap="gray", vmin=image.min(), vmax=image.max())
    axes[0].add_patch(Rectangle((column - 0.5, row - 0.5), size, size, fill=False, edgecolor=VERMILION, linewidth=3))
    shown = np.where(np.arange(found.size).reshape(found.shape) < done, found, np.nan)
    colours = colormaps["PuOr"].with_extremes(bad="#dddddd")
    limit = np.abs(found).max()
    axes[1].imshow(shown, cmap=colours, vmin=-limit, vmax=limit)
    axes[1].add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=VERMILION, linewidth=2))
    for ax in axes:
        ax.set_xticks([])
        ax.set_yticks([])


def shifted(pixels: np.ndarray, right: int) -> np.ndarray:
    """Return images (n, H, W, C) moved to the right; what comes in on the left repeats the edge."""
    width = pixels.shape[2]
    return np.pad(pixels, ((0, 0), (0, 0), (right, 0), (0, 0)), "edge")[:, :, :width]


def shuffled(dataset: Dataset, seed: int = 0) -> Dataset:
    """Return the data set with the pixels of all images in another order, the same for every image."""
    pixels = dataset.images.pixels
    images = pixels[np.arange(len(pixels))]
    count, height, width, channels = images.shape
    order = np.random.default_rng(seed).permutation(height * width)
    moved = images.reshape(count, height * width, channels)[:, order].reshape(images.shape)
    return replace(dataset, images=replace(dataset.images, pixels=moved))


def share_right(network: keras.Model, pixels: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of images that a network names rightly."""
    scores = np.asarray(network(pixels.astype(np.float32), training=False))
    return float((scores.argmax(1) == labels).mean())
