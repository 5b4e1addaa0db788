"""Uploads that a server must survive: each is made of a number alone, and claims more than it holds."""

import io
import struct
import zlib

import numpy as np
from helpers import toy_image
from serving import FORM, form


def sound(kind="PNG"):
    out = io.BytesIO()
    toy_image("circle", 1).save(out, kind)
    return out.getvalue()


def noise(rng):
    return rng.bytes(int(rng.integers(1, 3000)))


def cut(rng):
    content = sound(str(rng.choice(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])))
    return content[: int(rng.integers(1, len(content)))]


def changed(rng):
    content = bytearray(sound(str(rng.choice(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]))))
    for at in rng.integers(0, len(content), 8):
        content[at] = int(rng.integers(0, 256))
    return bytes(content)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def huge(rng):
    """A PNG that claims up to 4 billion pixels, and has none of them."""
    sides = (int(side) for side in rng.integers(20_000, 65_000, 2))
    head = struct.pack(">IIBBBBB", *sides, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def of_another_kind(rng):
    return [b"<!doctype html>", b"PK\3\4", b"%PDF-1.7", b"GIF89a", b"<svg/>", b"\0" * 500][int(rng.integers(6))]


KINDS = (noise, cut, changed, huge, of_another_kind)


def upload(number):
    """Body, content type and headers of an upload."""
    rng = np.random.default_rng(number)
    body = KINDS[number % len(KINDS)](rng)
    if number % 3 == 1:
        body, kind = form({"a": body, "b": noise(rng)}), FORM
        return (body[: int(rng.integers(1, len(body)))] if number % 2 else body), kind
    return body, "image/png" if number % 7 else str(rng.choice(["", "text/html", "image/\xff", "multipart/form-data"]))
