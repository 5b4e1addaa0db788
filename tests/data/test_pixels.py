import hashlib
import io
import itertools
import os
import re
import shutil

import numpy as np
import pytest
from PIL import Image as PillowImage

from data import image, loading, pixels
from data.duplicates import PRINT
from data.folder import ImageRecord, Skipped
from data.store import rounds
from data.store import store as store_module
from data.store.store import Store
from errors import UserError


def picture(colour, size=(20, 10), kind="PNG"):
    buffer = io.BytesIO()
    PillowImage.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def save(root, **files):
    """Write files and list them in the order given."""
    for name, content in files.items():
        (root / name).write_bytes(content)
    return [ImageRecord(root / name, f"cat/{name}", "cat", None) for name in files]


@pytest.fixture(params=["on", "off"])
def store(request, tmp_path):
    """A store, and one that keeps nothing: neither changes what is read."""
    return Store(tmp_path / "store" if request.param == "on" else None)


def cut(pictures):
    return pictures.pixels[np.arange(len(pictures.pixels))]


def test_pixels_and_hashes_stand_in_the_order_of_the_files(tmp_path, store):
    colours = [(at, 255 - at, 7) for at in range(0, 250, 5)]  # more files than threads
    images = save(tmp_path, **{f"{at}.png": picture(colour) for at, colour in enumerate(colours)})
    pictures, skipped = loading.load(images, 16, "crop", store)
    assert skipped == []
    assert pictures.records == tuple(images)
    assert pictures.pixels.shape == (50, 16, 16, 3)
    assert pictures.pixels.dtype == cut(pictures).dtype == pictures.fingerprints.dtype == np.uint8
    assert pictures.fingerprints.shape == (50, PRINT)
    for entry, sha256, got, colour in zip(images, pictures.sha256, cut(pictures), colours, strict=True):
        assert sha256 == hashlib.sha256(entry.path.read_bytes()).hexdigest()
        np.testing.assert_array_equal(got, np.broadcast_to(colour, (16, 16, 3)))


def test_what_cannot_be_used_is_left_out_with_its_reason(tmp_path, store):
    good = picture("red")
    images = save(
        tmp_path,
        first=good,
        empty=b"",
        text=b"hello, I am no image",
        cut=picture("blue", (200, 200))[:-40],
        last=good,
    )
    images.insert(3, ImageRecord(tmp_path / "gone.jpg", "cat/gone.jpg", "cat", None))
    pictures, skipped = loading.load(images, 16, "crop", store)
    assert [image.name for image in pictures.records] == ["cat/first", "cat/last"]
    assert len(pictures.sha256) == len(pictures.pixels) == len(pictures.fingerprints) == 2
    np.testing.assert_array_equal(cut(pictures), np.broadcast_to((255, 0, 0), (2, 16, 16, 3)))
    assert [entry.name for entry in skipped] == ["cat/empty", "cat/text", "cat/gone.jpg", "cat/cut"]
    assert skipped[0] == Skipped("cat/empty", "the file is empty")
    assert skipped[1].reason.startswith("not an image")
    assert skipped[2].reason == "cannot be read: No such file or directory"
    assert skipped[3].reason == "truncated: the PNG file ends before the image does"


@pytest.mark.parametrize("content", [[], [b"nothing"]])
def test_no_usable_file_gives_no_pixels(tmp_path, store, content):
    images = save(tmp_path, **{str(at): b for at, b in enumerate(content)})
    pictures, skipped = loading.load(images, 16, "crop", store)
    assert pictures.pixels.shape == cut(pictures).shape == (0, 16, 16, 3)
    assert pictures.records == pictures.sha256 == ()
    assert len(skipped) == len(content)


def test_each_file_moves_the_bar_twice_usable_or_not_known_or_not(tmp_path, store):
    images = save(tmp_path, a=picture("red"), b=b"", c=picture("red"))
    for _ in range(2):
        steps = []
        loading.load(images, 16, "crop", store, lambda steps=steps: steps.append(1))
        assert len(steps) == 6


def test_the_hash_is_that_of_the_file_not_of_the_picture(tmp_path, store):
    images = save(tmp_path, a=picture("red"), b=picture("red", kind="BMP"), c=picture("red"))
    pictures, _ = loading.load(images, 16, "crop", store)
    assert pictures.sha256[0] == pictures.sha256[2] != pictures.sha256[1]
    np.testing.assert_array_equal(*pictures.pixels[[0, 1]])


def test_the_resize_rule_is_obeyed(tmp_path, store):
    halves = PillowImage.new("RGB", (40, 10), "red")
    halves.paste("blue", (0, 0, 10, 10))
    buffer = io.BytesIO()
    halves.save(buffer, "PNG")
    images = save(tmp_path, a=buffer.getvalue())
    loaded = {rule: loading.load(images, 16, rule, store)[0] for rule in ("crop", "pad", "squash")}
    corner = {rule: pictures.pixels[[0]][0, 0, 0].tolist() for rule, pictures in loaded.items()}
    assert corner == {"crop": [255, 0, 0], "pad": [128, 128, 128], "squash": [0, 0, 255]}


def test_one_file_read_alone_is_what_load_reads(tmp_path, store):
    images = save(tmp_path, a=picture("green", (33, 21), "JPEG"))
    sha256, got = pixels.read(images[0].path, 16, "crop")
    pictures, _ = loading.load(images, 16, "crop", store)
    assert sha256 == pictures.sha256[0]
    np.testing.assert_array_equal(got, pictures.pixels[[0]][0])
    assert pixels.read(tmp_path, 16, "crop").startswith("cannot be read: ")


# ---- what the store keeps --------------------------------------------------------------------------------------------


def test_fingerprints_can_be_had_again(tmp_path, store, monkeypatch):
    loaded, _ = loading.load(many(tmp_path), 32, "crop", store)
    monkeypatch.setattr(pixels, "TOGETHER", 3)
    asked = np.array([7, 2, 11, 0, 1])
    found = pixels.fingerprints_of(loaded, asked, store)
    np.testing.assert_array_equal(found, loaded.fingerprints[asked])
    assert pixels.fingerprints_of(loaded, asked[:0], store).shape == (0, PRINT)


@pytest.fixture
def kept(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def decoded(monkeypatch):
    """The contents that are decoded from now on."""
    contents, load = [], image.load

    def counted(content, *rest, **named):
        contents.append(content)
        return load(content, *rest, **named)

    monkeypatch.setattr(image, "load", counted)
    return contents


def noise(seed, kind="PNG", size=(30, 20)):
    buffer = io.BytesIO()
    array = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)
    PillowImage.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


def many(root, count=12):
    return save(root, **{f"{seed}.png": noise(seed) for seed in range(count)})


def test_a_second_look_decodes_nothing_and_is_the_same(tmp_path, kept, decoded):
    images = many(tmp_path)
    first, _ = loading.load(images, 32, "crop", kept)
    assert len(decoded) == 12
    again, _ = loading.load(images, 32, "crop", Store(kept.root))
    np.testing.assert_array_equal(cut(again), cut(first))
    np.testing.assert_array_equal(again.fingerprints, first.fingerprints)
    assert again.sha256 == first.sha256
    assert len(decoded) == 12


def test_the_store_changes_no_bit(tmp_path, kept):
    images = [*many(tmp_path), *save(tmp_path, bad=b"no image", jpeg=noise(99, "JPEG", (90, 140)))]
    plain, plainly_skipped = loading.load(images, 48, "pad", Store(None))
    for _ in range(2):
        stored, skipped = loading.load(images, 48, "pad", kept)
        assert (stored.records, stored.sha256, skipped) == (plain.records, plain.sha256, plainly_skipped)
        np.testing.assert_array_equal(cut(stored), cut(plain))
        np.testing.assert_array_equal(stored.fingerprints, plain.fingerprints)


def test_touched_renamed_and_copied_files_are_not_decoded_again(tmp_path, kept, decoded):
    (file,) = save(tmp_path, a=noise(0))
    first, _ = loading.load([file], 32, "crop", kept)
    os.utime(file.path, (1, 1))
    shutil.copy(file.path, tmp_path / "copy.jpg")
    file.path.rename(tmp_path / "b.png")
    moved = [ImageRecord(tmp_path / name, f"dog/{name}", "dog", "val") for name in ("b.png", "copy.jpg")]
    again, _ = loading.load(moved, 32, "crop", kept)
    np.testing.assert_array_equal(cut(again), np.repeat(cut(first), 2, axis=0))
    assert again.records == tuple(moved)
    assert len(decoded) == 1


def test_a_changed_file_is_noticed_even_at_the_same_size_and_time(tmp_path, kept):
    (file,) = save(tmp_path, a=noise(0, "BMP"))
    before, stat = loading.load([file], 32, "crop", kept)[0], file.path.stat()
    file.path.write_bytes(noise(1, "BMP"))
    os.utime(file.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert file.path.stat().st_size == stat.st_size
    after = loading.load([file], 32, "crop", kept)[0]
    assert after.sha256 != before.sha256
    np.testing.assert_array_equal(cut(after), cut(loading.load([file], 32, "crop", Store(None))[0]))
    assert not np.array_equal(cut(after), cut(before))
    assert not np.array_equal(after.fingerprints, before.fingerprints)


def test_another_size_or_rule_or_version_is_decoded_anew(tmp_path, kept, decoded, monkeypatch):
    images = save(tmp_path, a=noise(0))
    for size, rule in ((32, "crop"), (48, "crop"), (32, "pad"), (32, "squash")):
        wanted = pixels.read(images[0].path, size, rule)[1]
        np.testing.assert_array_equal(cut(loading.load(images, size, rule, kept)[0])[0], wanted)
    assert len(decoded) == 8
    loading.load(images, 32, "crop", kept)
    assert len(decoded) == 8
    monkeypatch.setattr(pixels, "VERSION", "another")
    loading.load(images, 32, "crop", kept)
    assert len(decoded) == 9


def test_files_that_cannot_be_used_are_looked_at_again(tmp_path, kept):
    images = save(tmp_path, a=noise(0), b=b"half")
    assert [entry.name for entry in loading.load(images, 32, "crop", kept)[1]] == ["cat/b"]
    images[1].path.write_bytes(noise(1))
    pictures, skipped = loading.load(images, 32, "crop", kept)
    assert (len(pictures.pixels), skipped) == (2, [])


@pytest.mark.parametrize("limit", [0, 15_000, 40_000])
def test_a_folder_larger_than_the_store_is_streamed(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(store_module, "SEGMENT_ROWS", 4)
    images, bounded = many(tmp_path), Store(tmp_path / "store", limit)  # 3,072 bytes a picture, 1,728 a fingerprint
    plain, _ = loading.load(images, 32, "crop", Store(None))
    for _ in range(2):
        pictures, _ = loading.load(images, 32, "crop", bounded)
        order = np.array([7, 0, 11, 7, 3])
        np.testing.assert_array_equal(pictures.pixels[order], plain.pixels[order])
        np.testing.assert_array_equal(cut(pictures), cut(plain))
        np.testing.assert_array_equal(pictures.fingerprints, plain.fingerprints)
    assert bounded.trouble == ""
    assert sum(path.stat().st_size for path in bounded.root.glob("*.rows")) <= limit


def test_damaged_rows_are_made_anew(tmp_path, kept):
    images = many(tmp_path)
    first, _ = loading.load(images, 32, "crop", kept)
    expected = cut(first)
    for path in kept.root.glob("*.rows"):
        path.write_bytes(path.read_bytes()[:-1])
    again, skipped = loading.load(images, 32, "crop", Store(kept.root))
    np.testing.assert_array_equal(cut(again), expected)
    np.testing.assert_array_equal(again.fingerprints, first.fingerprints)
    assert skipped == []


@pytest.mark.parametrize("when", ["before the run", "during the run"])
def test_pixels_that_are_zeros_in_the_store_are_decoded(tmp_path, kept, when, capsys):
    images = many(tmp_path)
    first, _ = loading.load(images, 32, "crop", kept)
    expected = cut(first)
    again = loading.load(images, 32, "crop", Store(kept.root))[0] if when == "during the run" else None
    for path in kept.root.glob("*.rows"):
        path.write_bytes(bytes(path.stat().st_size))
    again = again or loading.load(images, 32, "crop", Store(kept.root))[0]
    np.testing.assert_array_equal(cut(again), expected)
    np.testing.assert_array_equal(again.fingerprints, first.fingerprints)
    assert capsys.readouterr().err.count("note: damaged ") == 1


@pytest.mark.parametrize("how", ["changed", "broken", "removed"])
def test_a_file_that_changes_during_the_run(tmp_path, how, kept):
    images = many(tmp_path)
    streamed, stored = (loading.load(images, 32, "crop", store)[0] for store in (Store(None), kept))
    expected = cut(streamed)
    path = images[5].path
    path.unlink() if how == "removed" else path.write_bytes(noise(77) if how == "changed" else b"")
    with pytest.raises(UserError, match=re.escape(f"{path} was changed or removed during the run. Start again.")):
        cut(streamed)
    np.testing.assert_array_equal(streamed.pixels[[4, 6]], expected[[4, 6]])
    np.testing.assert_array_equal(cut(stored), expected)


def test_stopping_while_looking_keeps_what_is_done(tmp_path, kept, decoded):
    images, steps = many(tmp_path, 200), itertools.count(1)

    def interrupt():
        if next(steps) == 205:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loading.load(images, 32, "crop", kept, interrupt)
    done = len(decoded)
    assert 5 <= done < 200
    loading.load(images, 32, "crop", kept)
    assert len(decoded) == 200


def test_commands_that_share_a_store_share_the_decoding(tmp_path, kept, decoded, monkeypatch):
    monkeypatch.setattr(rounds, "ROUND", 10)
    images, steps = many(tmp_path, 100), itertools.count(1)

    def second_command():  # decodes all as soon as the first one has begun to
        if next(steps) == 101:
            loading.load(images, 32, "crop", Store(kept.root))

    first, _ = loading.load(images, 32, "crop", kept, second_command)
    assert 100 <= len(decoded) <= 110
    again, _ = loading.load(images, 32, "crop", Store(None))
    np.testing.assert_array_equal(cut(first), cut(again))
    np.testing.assert_array_equal(first.fingerprints, again.fingerprints)
