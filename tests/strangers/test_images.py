"""Images of strangers: whatever was done to their bytes, they are decoded, or it is said why not."""

import io
import struct
import zlib

import numpy as np
import pytest
from mutations import changed_bytes, fuzz
from PIL import Image

from data import image
from data.header import header

pytestmark = [pytest.mark.slow, pytest.mark.soak]
HEADER = 400  # bytes: headers, tables and the first data
FORMS = {
    "JPEG": {"quality": 80},
    "PNG": {},
    "GIF": {},
    "BMP": {},
    "TIFF": {},
    "TIFF, packed": {"compression": "tiff_lzw"},
    "WEBP": {},
    "PPM": {},
    "JPEG2000": {},
}


def with_right_sums(content):
    """A PNG whose chunks have the checksums of what is in them now: else nobody looks at it."""
    parts, at = [content[:8]], 8
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        body = content[at + 4 : at + 8 + length]
        parts += [content[at : at + 4], body, struct.pack(">I", zlib.crc32(body))]
        at += 12 + length
    return b"".join(parts)


def file_of(name):
    pixels = np.random.default_rng(0).integers(0, 256, (24, 30, 3)).astype(np.uint8)
    content = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    form, more = name.split(",")[0], FORMS[name] | ({"exif": exif} if name in ("JPEG", "WEBP", "PNG") else {})
    Image.fromarray(pixels).save(content, form, **more)
    return content.getvalue()


@pytest.mark.parametrize("name", FORMS)
def test_a_changed_image_is_decoded_or_refused(name):
    def read(content):
        try:
            with image.decoded(content) as found:
                assert found.mode == "RGB"
            told = header(io.BytesIO(content))
            assert told.width * told.height <= image.MAX_PIXELS
        except image.ImageError as error:
            return error.kind if "\n" not in error.reason else "told in several lines"
        return "read"

    cases = changed_bytes(file_of(name), HEADER, signature=8 if name == "PNG" else 4)
    fuzz(f"{name} images", cases.map(with_right_sums) if name == "PNG" else cases, read)
