"""What a file says of itself is read without its pixels."""

import io

from image_files import encoded, photo
from PIL import Image

from data.header import header


def test_a_header_is_read_without_the_pixels_behind_it():
    content = encoded(photo(800, 600), "JPEG", quality=95)
    file = io.BytesIO(content)
    assert header(file) == ("JPEG", 800, 600, 1, 1, "RGB")
    assert file.tell() < len(content) / 3


def test_sides_are_those_of_the_image_seen_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert header(io.BytesIO(encoded(photo(64, 40), "JPEG", exif=exif))) == ("JPEG", 40, 64, 6, 1, "RGB")
