"""Uploads that a server must survive: each is made of a number alone, and claims more than it holds.

The benchmark of `serve` sends them too, so nothing of the tests is needed here.
"""

import io
import struct
import zlib

import numpy as np
from PIL import Image

BOUNDARY = "----boundary7"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")


def form(contents):
    """A form with one field for each name and bytes, of a dict or of pairs."""
    out = io.BytesIO()
    for name, content in contents.items() if isinstance(contents, dict) else contents:
        out.write(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'.encode())
        out.write(content + b"\r\n")
    out.write(f"--{BOUNDARY}--\r\n".encode())
    return out.getvalue()


def sound(rng):
    """A small image in any of the formats."""
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (24, 30, 3)).astype(np.uint8)).save(out, str(rng.choice(FORMATS)))
    return out.getvalue()


def noise(rng):
    return rng.bytes(int(rng.integers(1, 3000)))


def cut(rng):
    content = sound(rng)
    return content[: int(rng.integers(1, len(content)))]


def changed(rng):
    content = bytearray(sound(rng))
    for at in rng.integers(0, len(content), 8):
        content[at] = int(rng.integers(0, 256))
    return bytes(content)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def huge(rng):
    """A PNG that claims hundreds of millions of pixels and more, and has none of them."""
    sides = (int(side) for side in rng.integers(20_000, 65_000, 2))
    head = struct.pack(">IIBBBBB", *sides, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def of_another_kind(rng):
    return [b"<!doctype html>", b"PK\3\4", b"%PDF-1.7", b"GIF89a", b"<svg/>", b"\0" * 500][int(rng.integers(6))]


KINDS = (noise, cut, changed, huge, of_another_kind)


def upload(number):
    """Body and content type of an upload."""
    rng = np.random.default_rng(number)
    body = KINDS[number % len(KINDS)](rng)
    if number % 3 == 1:
        body = form({"a": body, "b": noise(rng)})
        return (body[: int(rng.integers(1, len(body)))] if number % 2 else body), FORM
    return body, "image/png" if number % 7 else str(rng.choice(["", "text/html", "image/\xff", "multipart/form-data"]))
