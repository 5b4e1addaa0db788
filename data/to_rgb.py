"""From what Pillow has loaded to RGB: values that do not state their range, and transparency."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from data import pixel_range
from data.formats import ImageError
from data.pixel_range import Ranges

PALE = 236  # levels: laid over white, what is nowhere darker cannot be seen


def stored_layout(image: Image.Image) -> str:
    """Return Pillow's name for the layout in the file, such as "L;4": the mode alone hides the depth.

    It is gone after load().
    """
    layout = image.tile[0][3] if image.tile else ""
    layout = layout[0] if isinstance(layout, tuple) and layout else layout
    return layout if isinstance(layout, str) else ""


def kind_of(image: Image.Image, stored_as: str) -> str:
    """Return the kind of an image's values, one of `pixel_range.KINDS`, where they do not state their range."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        return "16-bit"  # of a PPM Pillow has scaled the values to that
    if image.mode == "I":
        return "signed 16-bit" if stored_as.startswith("I;16") else "32-bit"
    return "float" if image.mode == "F" else ""


def white_is_zero(image: Image.Image) -> bool:
    """Say whether 0 is white in an image of one of the kinds: Pillow turns such a TIFF of 1 to 8 bits alone."""
    return image.format == "TIFF" and image.tag_v2.get(262) == 0


def to_rgb(image: Image.Image, stored_as: str, ranges: Ranges | None) -> Image.Image:
    """Return an image that Pillow has loaded as RGB, by the ranges where it does not state its own."""
    kind = kind_of(image, stored_as)
    if kind:
        stated = image.format == "HEIF"  # of 10 or 12 bits, which are spread over all 16 when they are read
        ends = pixel_range.FULL if stated else _ends(kind, ranges, lambda: values_of(image, stored_as))
        grey = _grey(image, stored_as, ends)
        return grey if grey.mode == "RGB" else _on_ground(grey.convert("RGBA"))
    if not image.has_transparency_data:
        return image.convert("RGB")
    if "transparency" in image.info:
        image.info["transparency"] = _clear_colour(image.info["transparency"], stored_as)
    return _on_ground(image.convert("RGBA"))


def _on_ground(see_through: Image.Image) -> Image.Image:
    """Lay an image over white; over black where white would lose what it shows."""
    canvas = Image.new("RGB", see_through.size, "white")
    canvas.paste(see_through, mask=see_through)
    clearest, fullest = see_through.getchannel("A").getextrema()
    if clearest < fullest and min(low for low, _ in canvas.getextrema()) >= PALE:
        canvas = Image.new("RGB", see_through.size, "black")
        canvas.paste(see_through, mask=see_through)
    return canvas


def values_of(image: Image.Image, stored_as: str) -> np.ndarray:
    """Return the pixels of an image of one band, as the file stores them."""
    values = np.asarray(image)
    unsigned = image.mode == "I" and stored_as.startswith("I;32") and not stored_as.endswith("S")
    return values.view(np.uint32) if unsigned else values


def levels_of(values: np.ndarray, kind: str, ranges: Ranges | None) -> np.ndarray:
    """Turn values into levels of 0 to 255. Raise ImageError where nothing says which are black and white."""
    return pixel_range.to_levels(values, *_ends(kind, ranges, lambda: values)) if kind else values


def _grey(image: Image.Image, stored_as: str, ends: tuple[float, float]) -> Image.Image:
    # Strip by strip: a large image and a few copies of it would take gigabytes. Pillow's own conversion clips
    # everything above 255 to white.
    clear = image.info.get("transparency")
    canvas, inverted = Image.new("RGB" if clear is None else "LA", image.size), white_is_zero(image)
    rows = max(1, pixel_range.STRIP // max(1, image.width))
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        values = values_of(strip, stored_as)
        of_strip = pixel_range.to_levels(values, *ends)
        levels = Image.fromarray(255 - of_strip if inverted else of_strip)
        if clear is not None:
            levels.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
        canvas.paste(levels.convert(canvas.mode), (0, top))
    return canvas


def _ends(kind: str, ranges: Ranges | None, values: Callable[[], np.ndarray]) -> tuple[float, float]:
    if ranges is None:
        return pixel_range.FULL if kind == "16-bit" else pixel_range.customary(values(), kind)
    if kind not in ranges and kind != "16-bit":
        what = pixel_range.KINDS[kind]
        reason = (
            f"nothing says which values of {what} are black and white, as none were learned from: save it with 8 bits"
        )
        raise ImageError("undecodable", reason)
    return ranges.get(kind, pixel_range.FULL)


def _clear_colour(colour: object, stored_as: str) -> object:
    # Pillow scales the pixels of a PNG to 8 bits, but leaves its one transparent colour (tRNS) as stored.
    if stored_as in ("L;2", "L;4") and isinstance(colour, int):
        return colour * (85 if stored_as == "L;2" else 17)
    if stored_as == "RGB;16B" and isinstance(colour, tuple):
        return tuple(level >> 8 for level in colour)
    return colour
