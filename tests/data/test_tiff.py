"""TIFF that Pillow cannot read."""

import io

import numpy as np
import pytest
import tifffile

from data.formats import ImageError
from data.header import header
from data.image import decode

RANGES = {"16-bit": (0.0, 4000.0), "float": (0.0, 1.0), "32-bit": (0.0, 4000.0)}
GREY = np.linspace(0.0, 1.0, 30 * 20).reshape(30, 20)
THREE = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=-1)


def written(values, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, values, **{"photometric": "minisblack"} | options)
    return file.getvalue()


def seen(content):
    return np.asarray(decode(content, ranges=RANGES)).astype(int)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floating_point_of_every_size(dtype):
    assert np.abs(seen(written(GREY.astype(dtype)))[..., 0] - GREY * 255).max() <= 1


@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
@pytest.mark.parametrize(("dtype", "peak"), [(np.uint8, 255), (np.uint16, 4000), (np.float32, 1)])
def test_of_13_bands_the_first_three_are_red_green_and_blue(planarconfig, dtype, peak):
    bands = np.concatenate([THREE, np.zeros((30, 20, 10))], axis=-1) * peak
    bands = np.moveaxis(bands, -1, 0) if planarconfig == "separate" else bands
    content = written(bands.astype(dtype), planarconfig=planarconfig)
    assert np.abs(seen(content) - THREE * 255).max() <= 1
    told = header(io.BytesIO(content))
    assert told[:5] == ("TIFF", 20, 30, 1, 1)
    assert told.mode.startswith("13 × ") or "13 bands" in told.mode


def test_16_bit_colour_that_does_not_call_itself_colour():
    content = written((THREE * 4000).astype(np.uint16), planarconfig="contig")
    assert np.abs(seen(content) - THREE * 255).max() <= 1


def test_of_two_bands_the_first_is_grey():
    bands = np.stack([GREY, np.ones_like(GREY)], axis=-1).astype(np.float64)
    assert np.abs(seen(written(bands, planarconfig="contig")) - GREY[..., None] * 255).max() <= 1


def test_orientation_and_white_is_zero():
    double = GREY.astype(np.float64)
    turned = written(double, extratags=[(274, "H", 1, 6, False)])
    assert np.abs(seen(turned)[..., 0] - np.rot90(GREY, -1) * 255).max() <= 1
    assert header(io.BytesIO(turned))[:4] == ("TIFF", 30, 20, 6)
    for kind, most in ((np.float64, 1), (np.float32, 1), (np.uint16, 4000), (np.uint8, 255)):
        negative = written((GREY * most).astype(kind), photometric="miniswhite")
        assert np.abs(seen(negative)[..., 0] - (255 - GREY * 255)).max() <= 1, kind


def test_what_cannot_be_read_says_what_it_is():
    with pytest.raises(ImageError) as caught:
        decode(written(np.zeros((8, 8), np.complex64)), ranges=RANGES)
    assert caught.value.reason == (
        "undecodable: a TIFF file of 1 band(s) of complex64 (MINISBLACK, compression NONE), which is not read here: "
        "save it as grey or RGB"
    )


def test_packing_that_tifffile_does_not_know_is_named():
    content = bytearray(written(GREY.astype(np.float64)))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        at = file.pages[0].tags[259].valueoffset
    content[at] = 5  # LZW
    with pytest.raises(ImageError) as caught:
        decode(bytes(content), ranges=RANGES)
    assert caught.value.reason == (
        "undecodable: a TIFF file of 1 band(s) of float64 (MINISBLACK, compression LZW): save it without compression"
    )


def test_damaged_files_decode_or_raise_image_error_and_nothing_is_printed(capfd):
    content = written((np.dstack([GREY] * 13) * 4000).astype(np.uint16), planarconfig="contig")
    rng, reasons = np.random.default_rng(0), []
    for turn in range(300):
        damaged = bytearray(content)
        for _ in range(int(rng.integers(1, 8))):
            damaged[int(rng.integers(0, 400 if turn % 2 else len(damaged)))] = int(rng.integers(0, 256))
        damaged = bytes(damaged[: int(rng.integers(1, len(damaged)))] if turn % 5 == 0 else damaged)
        try:
            decode(damaged, ranges=RANGES)
        except ImageError as error:
            reasons.append(error.reason)
    assert reasons
    assert not any("\n" in reason for reason in reasons)
    assert capfd.readouterr() == ("", "")


def test_values_that_nothing_was_learned_of_are_refused():
    with pytest.raises(ImageError) as caught:
        decode(written(GREY.astype(np.float32)), ranges={"16-bit": (0.0, 4000.0)})
    assert caught.value.reason == (
        "nothing says which values of floating-point images are black and white, as none were learned from: save it "
        "with 8 bits"
    )
