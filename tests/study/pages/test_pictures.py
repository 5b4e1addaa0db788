"""JPEG files within a page: bounded, and a map of heat over an image."""

import io

import numpy as np
import pytest
from PIL import Image

from study.pages.pictures import jpeg_within, overlay


def noise(width, height):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize("most", [2_500, 4_000, 22_000])
def test_no_file_is_larger_than_asked(most):
    content = jpeg_within(noise(320, 240), most)
    assert len(content) <= most
    with Image.open(io.BytesIO(content)) as image:
        assert image.width / image.height == pytest.approx(4 / 3, rel=0.05)


def test_what_is_small_enough_keeps_its_size():
    plain = Image.new("RGB", (320, 240), (200, 30, 30))
    with Image.open(io.BytesIO(jpeg_within(plain, 22_000))) as image:
        assert image.size == (320, 240)
        assert np.abs(np.asarray(image).astype(int) - (200, 30, 30)).max() <= 3


def test_the_hottest_place_is_the_brightest_and_the_coldest_stays_the_image():
    grey, heat = Image.new("RGB", (60, 60), (100, 100, 100)), np.zeros((6, 6), np.float32)
    heat[:3] = 1
    pixels = np.asarray(overlay(grey, heat)).astype(int)
    assert pixels.shape == (60, 60, 3)
    assert pixels[:20].sum(axis=2).min() > pixels[40:].sum(axis=2).max()
    assert len(np.unique(pixels[45:].reshape(-1, 3), axis=0)) == 1
