"""Resizing rules, and drafts that spare decoding."""

import numpy as np
import pytest
from image_files import VALID, encoded, photo
from PIL import Image

from data.image import DRAFT_MARGIN, decode, load
from data.resize import PAD_GREY, RESIZE_RULES, resize


@pytest.mark.parametrize("rule", RESIZE_RULES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (300, 200), (200, 300), (64, 64), (63, 64), (65, 64)])
def test_every_rule_gives_the_shape_asked_for(shape, rule):
    pixels = resize(Image.new("RGB", shape, (9, 99, 199)), 64, rule)
    assert pixels.shape == (64, 64, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert (pixels[31, 31] == (9, 99, 199)).all()


def stripes():
    """Red, green and blue, side by side: 300×100."""
    picture = Image.new("RGB", (300, 100), (0, 255, 0))
    picture.paste((255, 0, 0), (0, 0, 100, 100))
    picture.paste((0, 0, 255), (200, 0, 300, 100))
    return picture


def test_crop_keeps_the_middle():
    # The filter reaches past the cut, as it should: the outermost pixels are mixed.
    assert (resize(stripes(), 50, "crop")[:, 1:-1] == (0, 255, 0)).all()
    assert (resize(stripes().transpose(Image.Transpose.ROTATE_90), 50, "crop")[1:-1] == (0, 255, 0)).all()


def test_crop_without_scaling_is_exact():
    pixels = np.random.default_rng(1).integers(0, 256, (64, 75, 3), dtype=np.uint8)
    assert np.array_equal(resize(Image.fromarray(pixels), 64, "crop"), pixels[:, 5:69])


def test_crop_of_a_mirrored_picture_is_the_mirrored_crop():
    picture = photo(131, 90)
    mirrored = resize(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 40, "crop")
    assert np.abs(mirrored[:, ::-1].astype(int) - resize(picture, 40, "crop")).max() <= 1


def test_pad_keeps_everything_on_grey():
    pixels = resize(stripes(), 60, "pad")
    assert (pixels[:20] == PAD_GREY).all()
    assert (pixels[40:] == PAD_GREY).all()
    assert [tuple(pixels[30, x]) for x in (3, 30, 56)] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


def test_squash_ignores_the_shape():
    pixels = resize(stripes(), 60, "squash")
    assert [tuple(pixels[y, x]) for y, x in ((0, 3), (30, 30), (59, 56))] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


def test_shrinking_is_antialiased():
    board = Image.fromarray(np.indices((512, 512)).sum(0).astype(np.uint8) % 2 * 255).convert("RGB")
    assert np.abs(resize(board, 32, "squash").astype(int) - 127).max() <= 3


def test_unknown_rule():
    with pytest.raises(ValueError, match="'stretch' is unknown; it must be one of crop, pad, squash"):
        resize(photo(), 64, "stretch")


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("rule", RESIZE_RULES)
def test_draft_is_near_the_full_decoding(rule, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(photo(1001, 803), "JPEG", exif=exif, quality=90)
    full, quick = decode(content), decode(content, min_side=100)
    assert quick.width < full.width / 3
    assert min(quick.size) >= 100
    difference = np.abs(load(content, 50, rule).astype(int) - resize(full, 50, rule))
    assert difference.max() <= 4


@pytest.mark.parametrize("size", [(400, 100), (100, 400), (223, 223), (448, 448), (4000, 450)])
def test_draft_never_falls_below_what_is_asked(size):
    for least in (50, 99, 100, 224, 10_000):
        picture = decode(encoded(Image.new("RGB", size), "JPEG"), min_side=least)
        assert picture.size == size or min(picture.size) >= least


def test_load_is_decode_then_resize():
    content = VALID["PNG"]
    for rule in RESIZE_RULES:
        assert np.array_equal(load(content, 32, rule), resize(decode(content, DRAFT_MARGIN * 32), 32, rule))
        assert np.array_equal(load(content, 32, rule), load(content, 32, rule))
