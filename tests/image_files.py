"""Image files of every format, made byte by byte where Pillow would not write them."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from data.image import decode


def encoded(picture, form, **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def chunk(tag, body):
    return struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))


def png(width, height, depth, colour, rows, *extra):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = b"".join(extra) + chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def tiff(width, height, rows, **tags):
    """A minimal little-endian, uncompressed greyscale TIFF with the tags' values given by number."""
    fields = {256: width, 257: height, 259: 1, 262: 1, 273: 0, 277: 1, 278: height, 279: len(rows)}
    fields |= {int(name[1:]): value for name, value in tags.items()}
    fields[273] = 8 + 2 + 12 * len(fields) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(fields.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + entries + b"\0\0\0\0" + rows


def colour_at(content, where=(0, 0)):
    picture = decode(content)
    assert picture.mode == "RGB"
    return picture.getpixel(where)


def close(colour, expected, tolerance=3):
    return all(abs(a - b) <= tolerance for a, b in zip(colour, expected, strict=True))


def photo(width=160, height=120):
    """A smooth image with a different colour in each corner."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    red, green = 255 * x / max(1, width - 1), 255 * y / max(1, height - 1)
    return Image.fromarray(np.stack([red, green, 255 - red], axis=-1).astype(np.uint8))


def mpo():
    pictures = [Image.new("RGB", (64, 48), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    return encoded(pictures[0], "MPO", save_all=True, append_images=pictures[1:])


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8))
VALID = {form: encoded(NOISE, form) for form in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")}
VALID |= {
    "JPEG progressive": encoded(NOISE, "JPEG", progressive=True),
    "TIFF lzw": encoded(NOISE, "TIFF", compression="tiff_lzw"),
}
