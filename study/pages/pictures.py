"""Pixels and images as the files that a page holds."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from study.pages.blocks import Figure


def jpeg_figure(pixels: np.ndarray, width: int, height: int, text: str) -> Figure:
    """Return pixels as a JPEG that is shown in that size."""
    return Figure(jpeg(Image.fromarray(pixels.astype(np.uint8)), 80), text, (width, height), enlarges=False)


def jpeg(image: Image.Image, quality: int = 75) -> bytes:
    """Return the JPEG file of an image."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
