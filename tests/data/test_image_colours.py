"""Every mode and every kind of transparency becomes the right RGB."""

import struct

import numpy as np
import pytest
from image_files import chunk, close, colour_at, encoded, png, tiff
from PIL import Image, ImageCms, features

from data import to_rgb
from data.image import decode

PINK = (255, 127, 127)
HALF_RED = (255, 0, 0, 128)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_half_transparent_red_is_pink(form):
    options = {"lossless": True} if form == "WEBP" else {}
    assert close(colour_at(encoded(Image.new("RGBA", (8, 8), HALF_RED), form, **options)), PINK, 1)


def test_hidden_colour_under_full_transparency_is_white():
    assert colour_at(encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 0)), "PNG")) == (255, 255, 255)


def test_grey_with_alpha():
    assert close(colour_at(encoded(Image.new("LA", (4, 4), (0, 128)), "PNG")), (127,) * 3, 1)


def test_palette_with_alpha_for_each_entry():
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    assert close(colour_at(encoded(picture, "PNG", transparency=bytes([255, 128]))), PINK, 1)


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_palette_with_one_transparent_entry(form):
    picture = Image.new("P", (4, 4), 1)
    picture.putpixel((3, 3), 0)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    content = encoded(picture, form, transparency=1)
    assert colour_at(content) == (255, 255, 255)
    assert colour_at(content, (3, 3)) == (0, 0, 255)


def grey_png(depth, levels, clear):
    bits = "".join(f"{level:0{depth}b}" for level in levels)
    row = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return png(len(levels), 1, depth, 0, b"\0" + row, chunk(b"tRNS", struct.pack(">H", clear)))


@pytest.mark.parametrize(
    ("depth", "levels", "clear", "expected"),
    [
        (1, [1, 0], 0, [255, 0]),  # white on clear: over white nothing could be seen
        (1, [1, 0], 1, [255, 0]),
        (2, [1, 2], 1, [255, 170]),
        (4, [5, 10], 5, [255, 170]),
        (8, [5, 96], 5, [255, 96]),
        (16, [1000, 257 * 96], 1000, [255, 96]),
    ],
)
def test_png_with_one_transparent_grey(depth, levels, clear, expected):
    content = grey_png(depth, levels, clear)
    assert [colour_at(content, (x, 0)) for x in range(2)] == [(grey,) * 3 for grey in expected]


def test_png_with_one_transparent_colour():
    rows = b"\0" + bytes([1, 2, 3, 4, 5, 6])
    content = png(2, 1, 8, 2, rows, chunk(b"tRNS", struct.pack(">3H", 1, 2, 3)))
    assert [colour_at(content, (x, 0)) for x in range(2)] == [(255, 255, 255), (4, 5, 6)]


def test_png_of_16_bits_with_one_transparent_colour():
    rows = b"\0" + struct.pack(">6H", 1000, 2000, 3000, 40000, 50000, 60000)
    content = png(2, 1, 16, 2, rows, chunk(b"tRNS", struct.pack(">3H", 1000, 2000, 3000)))
    assert [colour_at(content, (x, 0)) for x in range(2)] == [(255, 255, 255), (156, 195, 234)]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF"])
def test_formats_in_colour(form):
    options = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(form, {})
    assert close(colour_at(encoded(Image.new("RGB", (16, 16), (200, 100, 40)), form, **options)), (200, 100, 40))


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif():
    assert close(colour_at(encoded(Image.new("RGB", (16, 16), (200, 100, 40)), "AVIF")), (200, 100, 40), 6)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "TIFF"])
def test_grey(form):
    assert colour_at(encoded(Image.new("L", (8, 8), 77), form)) == (77, 77, 77)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
def test_one_bit(form):
    picture = Image.new("1", (8, 8), 1)
    picture.putpixel((2, 2), 0)
    content = encoded(picture, form)
    assert colour_at(content) == (255, 255, 255)
    assert colour_at(content, (2, 2)) == (0, 0, 0)


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF", "TIFF"])
def test_palette(form):
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([0, 0, 0, 10, 200, 30])
    assert colour_at(encoded(picture, form)) == (10, 200, 30)


@pytest.mark.parametrize(("mode", "form"), [("I;16", "PNG"), ("I;16", "TIFF"), ("I;16B", "TIFF")])
def test_16_bit_grey_keeps_its_levels(mode, form):
    picture = Image.new(mode, (3, 1))
    for x, level in enumerate((0, 32768, 65535)):
        picture.putpixel((x, 0), level)
    content = encoded(picture, form)
    assert [colour_at(content, (x, 0))[0] for x in range(3)] == [0, 128, 255]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0, 128, 255], [0, 128, 255]),
        ([-5, 32768, 65535], [0, 128, 255]),
        ([0, 5e5, 1e6], [0, 128, 255]),
        ([float("nan"), 0.5, 1.0], [0, 128, 255]),
    ],
)
def test_float_grey(levels, expected):
    content = encoded(Image.fromarray(np.array([levels], np.float32)), "TIFF")
    assert [colour_at(content, (x, 0))[0] for x in range(3)] == expected


@pytest.mark.parametrize(
    ("kind", "sample_format", "levels"),
    [
        ("<i4", 2, [0, 128, 255]),
        ("<i4", 2, [-9, 32768, 65535]),
        ("<u4", 1, [0, 2**31, 2**32 - 1]),
        ("<i2", 2, [-9, 128, 255]),
    ],
)
def test_integer_grey(kind, sample_format, levels):
    rows = np.array([levels], kind)
    content = tiff(3, 1, rows.tobytes(), t258=rows.dtype.itemsize * 8, t339=sample_format)
    assert [colour_at(content, (x, 0))[0] for x in range(3)] == [0, 128, 255]


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk_cyan(form):
    assert close(colour_at(encoded(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), form)), (0, 255, 255), 4)


def test_ycck_jpeg():
    # Pillow writes CMYK with an Adobe marker whose transform is 0; 2 declares the first three channels YCC.
    content = encoded(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "JPEG", quality=95)
    at = content.index(b"Adobe") + 11
    assert content[at] == 0
    ycck = content[:at] + b"\x02" + content[at + 1 :]
    assert decode(ycck).size == (16, 16)


def test_lab_tiff():
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    picture = ImageCms.profileToProfile(Image.new("RGB", (8, 8), (200, 40, 90)), srgb, lab, outputMode="LAB")
    assert close(colour_at(encoded(picture, "TIFF")), (200, 40, 90))


def test_ycbcr_tiff():
    content = encoded(Image.new("RGB", (8, 8), (200, 40, 90)).convert("YCbCr"), "TIFF")
    assert close(colour_at(content), (200, 40, 90))


def test_hsv_is_converted():
    assert close(
        to_rgb.to_rgb(Image.new("RGB", (2, 2), (200, 40, 90)).convert("HSV"), "", None).getpixel((0, 0)),
        (200, 40, 90),
        4,
    )
