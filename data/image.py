"""From the bytes of a file to pixels: the one decoder that training, evaluation and prediction share.

Colours are taken as the file stores them: an embedded ICC profile (Adobe RGB, Display P3 …) is not applied.
"""

import contextlib
import io
import logging
import re
import struct
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image

RESIZE_RULES = ("crop", "pad", "squash")

# Only formats that photos come in: Pillow would also hand PostScript to Ghostscript, or guess at headerless files.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF")  # "JPEG" opens MPO too, "PNG" APNG
MAX_PIXELS = 178_956_970  # where Pillow itself refuses; about 0.7 GB once decoded
DRAFT_MARGIN = 2  # see `load`
PAD_GREY = 128

_TURN_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_QUIET = ("ignore", None, Warning, re.compile(r"PIL\."), 0)  # how `warnings` writes down the filter set below

Image.init()  # register every format now: decode runs in threads
logging.getLogger("PIL").addHandler(logging.NullHandler())  # else Python prints Pillow's errors for want of a handler


class ImageError(ValueError):
    """Why a file gives no picture: `kind`, one of five words to count by, and a one-line `reason` to show.

    The kinds: "empty", "not an image", "truncated", "too large", "undecodable".
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(kind, reason)
        self.kind = kind
        self.reason = " ".join(reason.split())

    def __str__(self) -> str:
        """Give the reason alone."""
        return self.reason


class Header(NamedTuple):
    """What a file says of its first image: pixels as seen upright, EXIF orientation 1..8, images in the file."""

    format: str
    width: int
    height: int
    orientation: int
    frames: int
    mode: str


def header(content: bytes) -> Header:
    """Read what a file says of itself, no pixels; call it on what `decode` has taken, as it explains no failure."""
    _silence_pillow()
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    form, mode, (width, height) = image.format or "", image.mode, image.size
    if form == "TIFF":  # some versions of Pillow tell the size upright, others as it is stored
        width, height = image.tag_v2[256], image.tag_v2[257]
    turn, frames = _orientation(image), 1
    turn = turn if turn in _TURN_UPRIGHT else 1
    if turn >= 5:  # stored on its side
        width, height = height, width
    with contextlib.suppress(Exception):  # a broken later frame: the first one is sound
        frames = getattr(image, "n_frames", 1)
    return Header(form, width, height, turn, frames, mode)


def load(content: bytes, size: int, rule: str) -> np.ndarray:
    """Give uint8 pixels of shape (size, size, 3), RGB; raise ImageError where `decode` does.

    A JPEG of 4000×3000 takes 35 ms at size 224, against 74 ms decoded in full (one core). With the margin of 2 the
    pixels differ from the full decoding by 0.3 of 255 levels on average, without one by 1.1.
    """
    return resize(decode(content, least=DRAFT_MARGIN * size), size, rule)


def decode(content: bytes, least: int | None = None) -> Image.Image:
    """Give the picture in a file's bytes, or the first frame: RGB, upright, transparency laid over white.

    With `least`, a large JPEG may come out 2, 4 or 8 times smaller, never below `least` pixels a side, which decodes
    faster. Raises ImageError for whatever cannot be decoded, and nothing else; broken metadata alone is no reason.
    """
    if not content:
        raise ImageError("empty", "the file is empty")
    _silence_pillow()
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(image.size)
        if least is not None:
            image.draft(None, (least, least))  # a square, so that it holds whichever way up the picture is
        stored_as = _stored_as(image)
        image.load()
        upright = _TURN_UPRIGHT.get(_orientation(image))
        rgb = _to_rgb(image, stored_as)
        rgb = rgb if upright is None else rgb.transpose(upright)
        rgb.info.clear()  # an orientation left in here would be applied twice by the next reader
        return rgb
    except ImageError:
        raise
    except Exception as error:  # hostile bytes draw nearly every built-in exception out of Pillow
        raise _explain(error, content) from error


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
        if side == size:  # nothing to scale: keep to whole pixels, or half of one would blur the picture
            left, top = left // 1, top // 1
        return np.array(_scale(image, (size, size), (left, top, left + side, top + side)))
    if rule == "squash":
        return np.array(_scale(image, (size, size), (0, 0, width, height)))
    if rule == "pad":
        longer = max(width, height)
        inner = (max(1, round(width * size / longer)), max(1, round(height * size / longer)))
        canvas = Image.new(image.mode, (size, size), 0 if image.mode == "L" else (PAD_GREY,) * 3)
        canvas.paste(_scale(image, inner, (0, 0, width, height)), ((size - inner[0]) // 2, (size - inner[1]) // 2))
        return np.array(canvas)
    raise ValueError(f"resize rule {rule!r} is unknown; it must be one of {', '.join(RESIZE_RULES)}")


def _scale(image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    # `box` cuts before scaling, so a 1×5000 strip never becomes 224×1,120,000. Pillow widens the bilinear filter when
    # it shrinks (antialiasing); at a gap of 3 the reduction beforehand is faster and at most 2 levels off.
    if image.mode == "L":  # a mask: the mean of two classes is no class
        return image.resize(size, Image.Resampling.NEAREST, box=box)
    return image.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=3.0)


def _to_rgb(image: Image.Image, stored_as: str) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_grey_levels(image, stored_as)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    if "transparency" in image.info:
        image.info["transparency"] = _clear_colour(image.info["transparency"], stored_as)
    see_through = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(see_through, mask=see_through)
    return canvas


def _grey_levels(image: Image.Image, stored_as: str) -> np.ndarray:
    # Pillow's own conversion clips everything above 255 to white. 16-bit files state their range; 32-bit and float
    # ones do not: take the smallest customary full scale that holds the brightest pixel, else that pixel itself.
    values = np.asarray(image)
    clear = values == image.info.get("transparency") if "transparency" in image.info else np.False_
    if image.mode.startswith("I;16"):
        white = 65535.0
    else:
        unsigned = image.mode == "I" and stored_as.startswith("I;32") and not stored_as.endswith("S")
        values = np.nan_to_num(values.view(np.uint32) if unsigned else values, posinf=0.0, neginf=0.0)
        brightest = float(values.max())
        scales = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
        white = next((scale for scale in scales if brightest <= scale), brightest)
    grey = np.clip(values / np.float32(white), 0.0, 1.0) * 255.0 + 0.5
    return np.where(clear, 255, grey).astype(np.uint8)


def _stored_as(image: Image.Image) -> str:
    # Pillow's name for the layout in the file, such as "L;4": the mode alone hides the depth. Gone after load().
    layout = image.tile[0][3] if image.tile else ""
    layout = layout[0] if isinstance(layout, tuple) and layout else layout
    return layout if isinstance(layout, str) else ""


def _clear_colour(colour: object, stored_as: str) -> object:
    # Pillow scales the pixels of a PNG to 8 bits, but leaves its one transparent colour (tRNS) as stored.
    if stored_as in ("L;2", "L;4") and isinstance(colour, int):
        return colour * (85 if stored_as == "L;2" else 17)
    if stored_as == "RGB;16B" and isinstance(colour, tuple):
        return tuple(level >> 8 for level in colour)
    return colour


def _orientation(image: Image.Image) -> int:
    with contextlib.suppress(Exception):  # a broken EXIF block: the picture itself is sound
        return int(image.getexif().get(0x0112, 1))
    return 1


def _silence_pillow() -> None:
    # Asked before each picture, as catch_warnings() elsewhere (pytest's, say) drops the filter on leaving; used here,
    # catch_warnings() would not be safe in threads. Once in place, this costs one comparison.
    if warnings.filters[:1] != [_QUIET]:
        warnings.filterwarnings("ignore", module=_QUIET[3].pattern)


def _too_large(size: tuple[int, int]) -> ImageError:
    return ImageError("too large", f"too large: {size[0]}×{size[1]} pixels, the limit is {MAX_PIXELS:,} in all")


def _explain(error: Exception, content: bytes) -> ImageError:
    if isinstance(error, Image.DecompressionBombError):
        return ImageError("too large", f"too large: more than {MAX_PIXELS:,} pixels")
    if isinstance(error, MemoryError):
        return ImageError("too large", "too large for the memory of this computer")
    if content[4:8] == b"ftyp" and content[8:11] in (b"hei", b"hev"):
        return ImageError("undecodable", "a HEIC photo, which Pillow cannot read: export it as JPEG")
    kind = next((name for name in FORMATS if Image.OPEN[name][1](content[:16]) is True), None)
    if kind is None:
        reason = f"not an image in a format read here ({', '.join(FORMATS)}); it starts with {content[:12]!r}"
        return ImageError("not an image", reason)
    if "truncated" in str(error).lower() or _is_cut(content, kind):
        return ImageError("truncated", f"truncated: the {kind} file ends before the image does")
    if isinstance(error, Image.UnidentifiedImageError):  # its text names a BytesIO object, of no use to anybody
        return ImageError("undecodable", f"undecodable: a {kind} file with a broken or unsupported header")
    return ImageError("undecodable", f"undecodable: a broken {kind} file ({error or type(error).__name__})")


def _is_cut(content: bytes, kind: str) -> bool:
    # Pillow calls many cut files "unidentified", so look at what each format says of its own length or end.
    if kind in ("JPEG", "GIF"):
        return not content.rstrip(b"\0").endswith(b"\xff\xd9" if kind == "JPEG" else b";")
    if kind == "PNG":
        return b"IEND" not in content[-64:]
    if len(content) < 16:
        return True
    if kind == "AVIF":
        at = 0
        while at + 8 <= len(content):
            at += max(8, int.from_bytes(content[at : at + 4], "big"))
        return at != len(content)
    if kind == "TIFF":
        return struct.unpack_from("<I" if content[:2] == b"II" else ">I", content, 4)[0] + 2 > len(content)
    return struct.unpack_from("<I", content, 2 if kind == "BMP" else 4)[0] > len(content)
