"""Images within a page: JPEG files, of which none is larger than a page has room for."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from study.pages.blocks import Figure

QUALITIES = (85, 70, 50, 30)  # tried in turn, where a file must not be larger than so many bytes


def jpeg(image: Image.Image, quality: int = 75) -> bytes:
    """Return the JPEG file of an image."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def jpeg_within(image: Image.Image, most: int) -> bytes:
    """Return the JPEG file of an image in the best quality that takes at most so many bytes; noise is made smaller."""
    while True:
        for quality in QUALITIES:
            if len(content := jpeg(image, quality)) <= most or max(image.size) <= 16:
                return content
        image = image.reduce(2)


def jpeg_figure(pixels: np.ndarray, width: int, height: int, text: str) -> Figure:
    """Return pixels as a JPEG that is shown in that size."""
    return Figure(jpeg(Image.fromarray(pixels.astype(np.uint8)), 80), text, (width, height), enlarges=False)


def overlay(image: Image.Image, heat: np.ndarray) -> Image.Image:
    """Return an image under a map of heat, 0..1 (height, width): the hotter, the less of the image is left."""
    from matplotlib import colormaps

    scaled = np.asarray(Image.fromarray(heat.astype(np.float32)).resize(image.size, Image.Resampling.BILINEAR))
    colours = colormaps["inferno"](scaled.clip(0, 1))[..., :3] * 255
    share = 0.25 + 0.4 * scaled[..., None]
    return Image.fromarray(((1 - share) * np.asarray(image) + share * colours).clip(0, 255).astype(np.uint8))
