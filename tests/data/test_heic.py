"""HEIC: real files are read as their JPEG is, and where pillow-heif is missing each is told with the command."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from helpers import ROOT, toy_image
from PIL import Image

from data.dataset import load
from data.folder import Skipped, list_images
from data.formats import HEIC, ImageError
from data.header import header
from data.image import decode
from data.skipped import describe_skipped
from data.source import Source

pillow_heif = pytest.importorskip("pillow_heif")

MISSING = "not an image file name (.heic): " + HEIC


def quarters():
    levels = np.zeros((48, 64, 3), np.uint8)
    levels[:24, :32], levels[24:, 32:], levels[:24, 32:] = (200, 40, 90), (20, 200, 30), 255
    return Image.fromarray(levels)


def encoded(picture, form="HEIF", **options):
    file = io.BytesIO()
    picture.save(file, form, quality=95, **options)
    return file.getvalue()


def deep(mode, levels):
    """A HEIC of 10 bits."""
    file = io.BytesIO()
    size = levels.shape[1::-1]
    pillow_heif.from_bytes(mode=mode, size=size, data=levels.tobytes()).save(file, quality=95)
    return file.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_heic_stands_upright_as_its_jpeg_does(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    found, expected = (decode(encoded(quarters(), form, exif=exif.tobytes())) for form in ("HEIF", "JPEG"))
    assert found.size == expected.size == ((64, 48) if orientation < 5 else (48, 64))
    assert np.abs(np.asarray(found).astype(int) - np.asarray(expected)).mean() < 4
    assert header(io.BytesIO(encoded(quarters(), exif=exif.tobytes())))[:3] == ("HEIF", *found.size)


@pytest.mark.parametrize("mode", ["RGB;16", "L;16"])
def test_ten_bits_are_read_by_their_full_range_whatever_that_of_other_images_is(mode):
    ramp = np.repeat(np.linspace(0, 65535, 64)[None], 48, 0).astype(np.uint16)
    content = deep(mode, np.repeat(ramp[..., None], 3, 2) if mode == "RGB;16" else ramp)
    assert Image.open(io.BytesIO(content)).info["bit_depth"] == 10
    levels = np.asarray(decode(content, ranges={"16-bit": (0.0, 4095.0)})).astype(int)
    assert np.abs(levels - (np.linspace(0, 255, 64)[None, :, None])).max() < 4


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"msf1"])
def test_a_heic_of_another_brand_is_read(brand):
    content = encoded(quarters())
    assert decode(content[:8] + brand + content[12:]).size == (64, 48)


def test_transparency_is_laid_over_white():
    clear = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    clear.paste((200, 40, 90, 255), (0, 0, 32, 48))
    levels = np.asarray(decode(encoded(clear))).astype(int)
    assert np.abs(levels[24, 48] - 255).max() < 8
    assert np.abs(levels[24, 8] - (200, 40, 90)).max() < 8


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_heic_is_truncated(share):
    content = encoded(quarters())
    with pytest.raises(ImageError, match="truncated: the HEIF file ends before the image does"):
        decode(content[: int(share * len(content))])


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Two classes: one of HEIC, HEIF and AVIF, one of HEIC alone."""
    root = tmp_path_factory.mktemp("photos")
    for label in ("circle", "square"):
        (root / label).mkdir()
        for number in range(4):
            (root / label / f"{number}.heic").write_bytes(encoded(toy_image(label, number).resize((64, 64))))
    (root / "circle" / "0.heic").rename(root / "circle" / "0.HEIF")
    (root / "circle" / "1.heic").unlink()
    (root / "circle" / "1.avif").write_bytes(encoded(toy_image("circle", 1).resize((64, 64)), "AVIF"))
    return root


def test_training_and_prediction_find_them(photos):
    notes = []
    found = load(Source(photos, 32, split=(2, 1, 1)), note=notes.append)
    assert (len(found.entries), found.skipped) == (8, ())
    assert not [line for line in notes if "left out" in line]
    assert list_images([photos]) == ([image.path for image in found.images.records], [])
    assert found.images.pixels[np.arange(8)].std(axis=(1, 2)).min() > 5


WITHOUT = """
import sys
sys.modules["pillow_heif"] = None  # as Python has it where a package is not installed
import main
sys.exit(main.main(sys.argv[1:]))
"""


def without(*arguments, cwd):
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", WITHOUT, *map(str, arguments)]
    return subprocess.run(words, cwd=cwd, env=variables, capture_output=True, text=True, check=False)


def test_a_folder_of_heic_alone_ends_with_the_command_where_pillow_heif_is_missing(photos, tmp_path):
    only = tmp_path / "only"
    for label in ("circle", "square"):
        (only / label).mkdir(parents=True)
        (only / label / "2.heic").write_bytes((photos / label / "2.heic").read_bytes())
    ran = without("check", "--data", only, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"{only}: no images found (2 skipped, such as circle/2.heic: {MISSING});" in ran.stderr


def test_a_class_of_heic_alone_is_no_class_for_that_reason(photos, tmp_path):
    ran = without("check", "--data", photos, cwd=tmp_path)
    assert ran.returncode == 2
    told = "only one class, circle; at least two sub-folders with images are needed (7 left out, such as circle/0.HEIF"
    assert f"{photos}: {told}: {HEIC})" in ran.stderr


def test_many_of_one_folder_are_told_in_one_line():
    skipped = [Skipped(f"cat/{number}.heic", MISSING) for number in range(9)] + [Skipped("dog/1.heic", MISSING)]
    assert describe_skipped(skipped) == [
        "10 file(s) left out:",
        f"  cat/0.heic and 8 more in cat: {MISSING}",
        f"  dog/1.heic: {MISSING}",
    ]
