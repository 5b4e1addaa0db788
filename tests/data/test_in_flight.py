"""Memory is bounded: by a file's size, by its header, and by the pixels that all threads hold together."""

import io
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image as Pillow

from data import first_pass, image, loading, pixels
from data.folder import ImageRecord
from data.in_flight import Budget
from data.store.store import Store


def sparse(path, head, size):
    """A file that says it is so large, and takes no room on the disk."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    return path


def png_header(width, height):
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return start + struct.pack(">I", 2**30) + b"IDAT"


def test_a_file_far_too_large_is_not_read(tmp_path):
    path = sparse(tmp_path / "1.jpg", b"\xff\xd8\xff\xe0", 6 * 2**30)
    started = time.monotonic()
    pictures, skipped = loading.load([ImageRecord(path, "a/1.jpg", "a", None)], 32, "crop", Store(None))
    assert time.monotonic() - started < 2  # hashing it would take longer
    assert pictures.records == ()
    assert skipped[0].reason == pixels.read(path, 32, "crop") == "too large: a file of 6.0 GiB, the limit is 1 GiB"
    assert first_pass.hashes_of([path]) == [""]


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"no image at all" * 300, "not an image in a format read here"),
        (b"\0" * 5000, "not an image but zero bytes only"),
        (png_header(50_000, 50_000), "too large: more than 178,956,970 pixels"),
    ],
)
def test_of_a_large_file_the_header_comes_first(tmp_path, head, reason):
    path = sparse(tmp_path / "1.png", head, 900 * 2**20)
    started = time.monotonic()
    assert pixels.read(path, 32, "crop").startswith(reason)
    assert time.monotonic() - started < 0.3  # reading it takes longer


def test_a_large_file_that_is_an_image_is_read(tmp_path):
    file = io.BytesIO()
    Pillow.new("RGB", (8, 8), "red").save(file, "PNG")
    path = sparse(tmp_path / "1.png", file.getvalue(), image.LARGE_FILE + 1)  # what follows its end does not count
    assert pixels.read(path, 32, "crop")[1][0, 0].tolist() == [255, 0, 0]


def test_no_more_is_inside_than_the_limit_but_for_one_alone():
    budget, lock, inside, seen = Budget(10), threading.Lock(), [], []

    def work(amount):
        with budget.spend(amount):
            with lock:
                inside.append(amount)
                seen.append(tuple(inside))
            time.sleep(0.002)
            with lock:
                inside.remove(amount)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [3, 4, 25, 5, 1, 10, 2, 2, 2, 7, 30, 1] * 4))
    assert all(sum(held) <= 10 or len(held) == 1 for held in seen)
    assert any(len(held) > 1 for held in seen)
    assert budget.inside == 0


def test_room_is_given_back_after_an_error():
    budget = Budget(10)
    with pytest.raises(ValueError, match="broken"), budget.spend(10):
        raise ValueError("broken")
    with budget.spend(10):
        assert budget.inside == 10


def test_images_are_decoded_within_the_bounds_for_all_threads(monkeypatch):
    file = io.BytesIO()
    Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)).save(file, "PNG")
    budget, seen = Budget(200_000), []
    monkeypatch.setattr(image, "_IN_FLIGHT", budget)

    def work(_):
        with image.decoded(file.getvalue()):
            seen.append(budget.inside)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(30)))
    assert set(seen) <= {90_000, 180_000}
    assert budget.inside == 0
