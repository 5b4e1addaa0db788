"""A store that is damaged, locked, read-only or out of space does no harm."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT
from stored_rows import LINUX, ask, files, read, write

from data.store import store as module
from data.store.store import Store

FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from data import folder, loading, pixels
from data.store import store
root, images, largest = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
if largest:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
kept = store.Store(root)
pictures, skipped = loading.load(folder.scan(images).images, 128, "squash", kept)
plain, _ = loading.load(folder.scan(images).images, 128, "squash", store.Store(None))
every = np.arange(len(plain.pixels))
assert len(every) == 40 and not skipped
assert np.array_equal(pictures.pixels[every], plain.pixels[every])
assert np.array_equal(pictures.fingerprints, plain.fingerprints)
print(kept.trouble)
"""


@pytest.mark.parametrize("damage", ["truncated", "emptied", "removed", "longer"])
def test_a_damaged_segment_is_forgotten_and_written_again(store, short, damage):
    write(store, range(20))
    name, *_ = [name for (name,) in ask(store, "SELECT file FROM segments ORDER BY id")]
    path = store.root / name
    if damage == "removed":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes({"truncated": content[:-1], "emptied": b"", "longer": content + bytes(1000)}[damage])
    assert read(store, range(20)) == set(range(10, 20))
    assert store.trouble == ""
    assert [usage.rows for usage in store.usage()] == [10]
    write(store, range(20))
    assert read(store, range(20)) == set(range(20))


@pytest.mark.parametrize("damage", [lambda old: b"spilt milk " * 1000, lambda old: old[:4096], lambda old: old[:700]])
def test_a_damaged_index_is_told_and_set_aside_and_a_new_one_begun(store, damage, capsys):
    write(store, range(20))
    path = store.root / "index.sqlite3"
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    after = Store(store.root)
    assert read(after, range(20)) == set()
    told = capsys.readouterr().err
    assert told.startswith(f"note: the index of the store in {store.root} is damaged (")
    assert told.endswith("): set aside, and a new one begun\n")
    assert told.count("\n") == 1
    assert (store.root / "index.sqlite3.damaged").read_bytes() == damaged
    write(after, range(20))
    assert read(after, range(20)) == read(Store(store.root), range(20)) == set(range(20))
    assert (after.trouble, capsys.readouterr().err) == ("", "")
    kept = sum(path.stat().st_size for path in store.root.iterdir())
    assert after.clear() == kept > 0
    assert list(store.root.iterdir()) == []


def test_an_index_in_use_for_long_is_not_waited_for(store, monkeypatch):
    write(store, range(3))
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        waiting = Store(store.root)
        assert read(waiting, range(3)) == set()
        assert "locked" in waiting.trouble
    assert read(store, range(3)) == {0, 1, 2}


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "store").write_text("mine")
    blocked = Store(tmp_path / "store")
    write(blocked, range(3))
    assert read(blocked, range(3)) == set()
    assert blocked.trouble
    assert (tmp_path / "store").read_text() == "mine"


@LINUX
@pytest.mark.parametrize("filled", [True, False])
def test_a_folder_that_may_only_be_read(filled):
    with tempfile.TemporaryDirectory() as name:
        store = Store(Path(name) / "store")
        store.root.mkdir()
        Path(name).chmod(0o755)
        if filled:
            write(store, range(3))
        before = {path: path.read_bytes() for path in store.root.iterdir()}
        store.root.chmod(0o555)
        user = os.geteuid()
        if user == 0:  # root may write anywhere
            os.seteuid(65534)
        try:
            reading = Store(store.root)
            read(reading, range(3))
            write(reading, range(5))
        finally:
            os.seteuid(user)
        assert reading.trouble.startswith(f"the store in {store.root} is not used: ")
        assert {path: path.read_bytes() for path in store.root.iterdir()} == before
        store.root.chmod(0o755)


@contextlib.contextmanager
def small_disk(path):
    path.mkdir()
    ran = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)], capture_output=True, check=False
    )
    if ran.returncode:
        pytest.skip("a small disk can't be mounted here")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    from PIL import Image

    root, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    for at in range(40):
        (root / "ab"[at % 2]).mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (20, 20, 3), np.uint8)).save(root / "ab"[at % 2] / f"{at}.png")
    return root


def read_images_on(root, images, largest=0):
    words = [sys.executable, "-c", FULL, str(root), str(images), str(largest)]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.strip()


@LINUX
@pytest.mark.parametrize("largest", [0, 5_000, 100_000, 500_000])
def test_a_full_disk(tmp_path, images, largest):
    """40 images of 49,152 bytes do not fit: they are streamed, and the reason is told. With 0, a real small disk."""
    with contextlib.ExitStack() as stack:
        root = tmp_path / "disk"
        if not largest:
            stack.enter_context(small_disk(root))
        trouble = read_images_on(root, images, largest)
        assert trouble.startswith(f"the store in {root} is not used: ")
        assert files(Store(root)) == []  # no half of a segment takes room
    assert read_images_on(tmp_path / "large", images) == ""
    assert len(files(Store(tmp_path / "large"))) == 2
