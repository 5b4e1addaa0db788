import hashlib
import io

import numpy as np
import pytest
from PIL import Image as PillowImage

from data import pixels
from data.duplicates import PRINT
from data.folder import Image, Skipped
from data.store import Store


def picture(colour, size=(20, 10), kind="PNG"):
    buffer = io.BytesIO()
    PillowImage.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def save(root, **files):
    """Write files and list them in the order given."""
    for name, content in files.items():
        (root / name).write_bytes(content)
    return [Image(root / name, f"cat/{name}", "cat", None) for name in files]


@pytest.fixture(params=["on", "off"])
def store(request, tmp_path):
    """A store, and one that keeps nothing: neither changes what is read."""
    return Store(tmp_path / "store" if request.param == "on" else None)


def cut(pictures):
    return pictures.pixels[np.arange(len(pictures.pixels))]


def test_pixels_and_hashes_stand_in_the_order_of_the_files(tmp_path, store):
    colours = [(at, 255 - at, 7) for at in range(0, 250, 5)]  # more files than threads
    images = save(tmp_path, **{f"{at}.png": picture(colour) for at, colour in enumerate(colours)})
    pictures, skipped = pixels.load(images, 16, "crop", store)
    assert skipped == []
    assert pictures.images == tuple(images)
    assert pictures.pixels.shape == (50, 16, 16, 3)
    assert pictures.pixels.dtype == cut(pictures).dtype == pictures.prints.dtype == np.uint8
    assert pictures.prints.shape == (50, PRINT)
    for image, sha256, got, colour in zip(images, pictures.sha256, cut(pictures), colours, strict=True):
        assert sha256 == hashlib.sha256(image.path.read_bytes()).hexdigest()
        np.testing.assert_array_equal(got, np.broadcast_to(colour, (16, 16, 3)))


def test_what_cannot_be_used_is_left_out_with_its_reason(tmp_path, store):
    good = picture("red")
    images = save(
        tmp_path,
        first=good,
        empty=b"",
        text=b"hello, I am no picture",
        cut=picture("blue", (200, 200))[:-40],
        last=good,
    )
    images.insert(3, Image(tmp_path / "gone.jpg", "cat/gone.jpg", "cat", None))
    pictures, skipped = pixels.load(images, 16, "crop", store)
    assert [image.name for image in pictures.images] == ["cat/first", "cat/last"]
    assert len(pictures.sha256) == len(pictures.pixels) == len(pictures.prints) == 2
    np.testing.assert_array_equal(cut(pictures), np.broadcast_to((255, 0, 0), (2, 16, 16, 3)))
    assert [entry.name for entry in skipped] == ["cat/empty", "cat/text", "cat/gone.jpg", "cat/cut"]
    assert skipped[0] == Skipped("cat/empty", "the file is empty")
    assert skipped[1].reason.startswith("not an image")
    assert skipped[2].reason == "cannot be read: No such file or directory"
    assert skipped[3].reason == "truncated: the PNG file ends before the picture does"


@pytest.mark.parametrize("content", [[], [b"nothing"]])
def test_no_usable_file_gives_no_pixels(tmp_path, store, content):
    images = save(tmp_path, **{str(at): b for at, b in enumerate(content)})
    pictures, skipped = pixels.load(images, 16, "crop", store)
    assert pictures.pixels.shape == cut(pictures).shape == (0, 16, 16, 3)
    assert pictures.images == pictures.sha256 == ()
    assert len(skipped) == len(content)


def test_each_file_moves_the_bar_twice_usable_or_not_known_or_not(tmp_path, store):
    images = save(tmp_path, a=picture("red"), b=b"", c=picture("red"))
    for _ in range(2):
        steps = []
        pixels.load(images, 16, "crop", store, lambda steps=steps: steps.append(1))
        assert len(steps) == 6


def test_the_hash_is_that_of_the_file_not_of_the_picture(tmp_path, store):
    images = save(tmp_path, a=picture("red"), b=picture("red", kind="BMP"), c=picture("red"))
    pictures, _ = pixels.load(images, 16, "crop", store)
    assert pictures.sha256[0] == pictures.sha256[2] != pictures.sha256[1]
    np.testing.assert_array_equal(*pictures.pixels[[0, 1]])


def test_the_resize_rule_is_obeyed(tmp_path, store):
    halves = PillowImage.new("RGB", (40, 10), "red")
    halves.paste("blue", (0, 0, 10, 10))
    buffer = io.BytesIO()
    halves.save(buffer, "PNG")
    images = save(tmp_path, a=buffer.getvalue())
    loaded = {rule: pixels.load(images, 16, rule, store)[0] for rule in ("crop", "pad", "squash")}
    corner = {rule: pictures.pixels[[0]][0, 0, 0].tolist() for rule, pictures in loaded.items()}
    assert corner == {"crop": [255, 0, 0], "pad": [128, 128, 128], "squash": [0, 0, 255]}


def test_one_file_read_alone_is_what_load_reads(tmp_path, store):
    images = save(tmp_path, a=picture("green", (33, 21), "JPEG"))
    sha256, got = pixels.read(images[0].path, 16, "crop")
    pictures, _ = pixels.load(images, 16, "crop", store)
    assert sha256 == pictures.sha256[0]
    np.testing.assert_array_equal(got, pictures.pixels[[0]][0])
    assert pixels.read(tmp_path, 16, "crop").startswith("cannot be read: ")
