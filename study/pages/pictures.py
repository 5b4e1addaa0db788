"""Images as a page holds them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


def jpeg(image: Image.Image, quality: int = 75) -> bytes:
    """Return the JPEG file of an image."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
