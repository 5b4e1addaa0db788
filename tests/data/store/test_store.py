"""The store gives back what it was given, bit for bit, or nothing: whoever is killed, in the way, or out of space."""

import contextlib
import gc
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT

from data.store import store as module
from data.store.hashes import hash_all
from data.store.rows import Kind
from data.store.store import Store

KIND = Kind("squares", (250,), "int32")  # 1,000 bytes a row
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for what it needs")

CHILD = """
import sys
from pathlib import Path
import numpy as np
from data.store import store
store.SEGMENT_ROWS = 10
kind = store.Kind("squares", (250,), "int32")
root, keys, stop = Path(sys.argv[1]), sys.argv[2].split(","), int(sys.argv[3])
with store.Store(root).writer(kind) as keep:
    for number, key in enumerate(keys, 1):
        keep.add(key, np.full(250, int(key) ** 2))
        if number == stop:
            print("reached", flush=True)
            sys.stdin.read()  # until killed
"""

FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from data import folder, pixels
from data.store import store
root, images, largest = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
if largest:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
kept = store.Store(root)
pictures, skipped = pixels.load(folder.scan(images).images, 128, "squash", kept)
plain, _ = pixels.load(folder.scan(images).images, 128, "squash", store.Store(None))
every = np.arange(len(plain.pixels))
assert len(every) == 40 and not skipped
assert np.array_equal(pictures.pixels[every], plain.pixels[every])
assert np.array_equal(pictures.prints, plain.prints)
print(kept.trouble)
"""

FLAT = """
import sys
from pathlib import Path
import numpy as np
from data.store.rows import Kind
from data.store.store import Store

def peak():  # of this process alone; ru_maxrss begins with that of its parent
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024

kind, count = Kind("large", (200_000,)), 1000
keys = list(map(str, range(count)))
with Store(Path(sys.argv[1])).writer(kind) as keep:
    for at, key in enumerate(keys):
        keep.add(key, np.full(kind.shape, at % 251, np.uint8))
rows, out = Store(Path(sys.argv[1])).rows(kind, keys), np.empty((20, *kind.shape), np.uint8)
rows.cut(np.arange(20), out)
before = peak()
for first in range(0, count, 20):
    rows.cut(np.arange(first, first + 20), out)
    assert (out == (np.arange(first, first + 20) % 251)[:, None]).all()
print(peak() - before)
"""


def row(key):
    return np.full(KIND.shape, int(key) ** 2, KIND.dtype)


def write(store, keys, kind=KIND):
    with store.writer(kind) as keep:
        for key in keys:
            keep.add(str(key), row(key))


def read(store, keys):
    """The rows that are found, by key; each is right."""
    out = np.zeros((len(keys), *KIND.shape), KIND.dtype)
    found = store.rows(KIND, [str(key) for key in keys]).fill(out)
    for key, there, got in zip(keys, found, out, strict=True):
        assert np.array_equal(got, row(key) if there else 0 * got)
    return {key for key, there in zip(keys, found, strict=True) if there}


def files(store):
    return sorted(store.root.glob("*.rows"))


def ask(store, query):
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        return index.execute(query).fetchall()


def child(store, keys, stop=0):
    words = [sys.executable, "-c", CHILD, str(store.root), ",".join(map(str, keys)), str(stop)]
    return subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def short(monkeypatch):
    """Segments of ten rows."""
    monkeypatch.setattr(module, "SEGMENT_ROWS", 10)


# ---- rows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["SEGMENT_ROWS", "SEGMENT_BYTES", None])
@pytest.mark.parametrize(
    ("shape", "dtype"), [((5, 7, 3), "uint8"), ((33,), "float32"), ((2, 3), "float64"), ((), "int64"), ((4,), "bool")]
)
def test_rows_come_back_bit_for_bit(store, monkeypatch, shape, dtype, limit):
    if limit:
        monkeypatch.setattr(module, limit, 7)
    kind, rng = Kind(f"{shape} {dtype}", shape, dtype), np.random.default_rng(0)
    noise = rng.integers(0, 256, (50, kind.bytes), np.uint8)
    rows = noise.view(bool) if dtype == "bool" else noise.view(dtype).reshape(50, *shape)  # not-a-numbers among them
    if dtype == "bool":
        rows = noise > 127
    keys = [f"key {at}" for at in range(50)]
    with store.writer(kind) as keep:
        for key, one in zip(keys, rows, strict=True):
            keep.add(key, one)
    assert (len(files(store)) > 1) == (limit is not None)
    found = Store(store.root).rows(kind, keys)
    assert found.found().all()
    out = np.zeros_like(rows)
    assert found.fill(out).all()
    assert out.tobytes() == rows.tobytes()
    order = rng.permutation(50)[:20]
    found.cut(order, some := np.zeros_like(rows[:20]))
    assert some.tobytes() == rows[order].tobytes()
    found.cut(order[:2], some, np.array([7, 3]))
    assert some[[7, 3]].tobytes() == rows[order[:2]].tobytes()


def test_a_view_is_kept_as_it_is_seen(store):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    kind = Kind("views", (8, 6, 3))
    with store.writer(kind) as keep:
        keep.add("turned", np.rot90(pixels))
    out = np.empty((1, 8, 6, 3), np.uint8)
    assert store.rows(kind, ["turned"]).fill(out).all()
    assert np.array_equal(out[0], np.rot90(pixels))


def test_unknown_keys_are_not_found(store):
    assert read(store, [1, 2]) == set()
    write(store, range(5))
    assert read(store, [7, 3, 9, 0]) == {3, 0}
    assert read(store, []) == set()
    assert not store.rows(Kind("squares, version 2", KIND.shape, KIND.dtype), ["3"]).found().any()
    assert store.trouble == ""


def test_a_key_twice(store, short):
    write(store, [1, 2, 1, 2, 3])
    assert read(store, [3, 1, 1, 2]) == {1, 2, 3}
    with store.writer(KIND) as keep:
        keep.add("1", row(9))  # the content of a key does not change: what is there stays
    assert read(store, [1]) == {1}
    assert [usage.rows for usage in store.usage()] == [3]


def test_what_was_written_before_an_error_is_kept(store, short):
    def fail():
        with store.writer(KIND) as keep:
            for key in range(13):
                keep.add(str(key), row(key))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert read(store, range(20)) == set(range(13))


def test_off_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    off = Store(None)
    write(off, range(5))
    assert read(off, range(5)) == set()
    assert off.usage() == []
    off.clear()
    assert off.trouble == ""
    assert list(tmp_path.iterdir()) == []


def test_usage_tells_kinds_the_largest_first(store, short):
    write(store, range(3))
    write(store, range(25), Kind("more", KIND.shape, KIND.dtype))
    usage = store.usage()
    assert [(entry.kind, entry.rows, entry.bytes) for entry in usage] == [("more", 25, 25_000), ("squares", 3, 3_000)]
    assert all(abs(entry.used - time.time()) < 60 for entry in usage)
    assert sum(path.stat().st_size for path in files(store)) == 28_000


def test_hashes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(b"")
    steps = []
    found = hash_all([tmp_path / "a", tmp_path / "none", tmp_path, tmp_path / "b"], lambda: steps.append(1))
    assert found == [
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "",
        "",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ]
    assert len(steps) == 4


# ---- several at once -------------------------------------------------------------------------------------------------


def test_threads_write_at_once(store, short):
    with store.writer(KIND) as keep:

        def work(first):
            for key in range(first, 180, 8):
                keep.add(str(key), row(key))

        threads = [threading.Thread(target=work, args=(first,)) for first in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert read(store, range(180)) == set(range(180))
    assert store.trouble == ""


def test_two_processes_write_the_same_and_other_keys(store):
    both = [child(store, range(120)), child(store, range(181, 39, -1))]
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0]
    assert read(store, range(200)) == set(range(182))
    assert [usage.rows for usage in store.usage()] == [182]
    assert ask(store, "PRAGMA integrity_check") == [("ok",)]
    assert {path.name for path in files(store)} == {name for (name,) in ask(store, "SELECT file FROM segments")}


def test_rows_that_leave_while_others_look(store, short):
    """One writes, so that the limit drives rows out all the time; another reads: it finds right rows or none."""
    writing, reading = Store(store.root, limit=15_000), Store(store.root)
    ended = threading.Event()

    def work():
        try:
            for first in range(0, 600, 10):
                write(writing, range(first, first + 10))
        finally:
            ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not ended.is_set():
        read(reading, range(600))
        time.sleep(0.001)
    thread.join()
    assert (writing.trouble, reading.trouble) == ("", "")
    assert read(reading, range(600)) == set(range(590, 600))


@pytest.mark.parametrize("stop", [1, 9, 10, 11, 25])
def test_a_killed_writer_leaves_nothing_half_read(store, stop, short, monkeypatch):
    process = child(store, range(30), stop)
    assert process.stdout.readline() == "reached\n"
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    whole = stop // 10 * 10
    assert read(store, range(30)) == set(range(whole))
    assert len(files(store)) == whole // 10 + (stop % 10 > 0)
    write(store, [40])
    assert len(files(store)) == whole // 10 + (stop % 10 > 0) + 1  # it might still be at work
    monkeypatch.setattr(module, "ABANDONED", 0)
    time.sleep(0.02)
    write(store, [41])
    assert len(files(store)) == whole // 10 + 2
    assert read(store, range(50)) == {*range(whole), 40, 41}
    write(store, range(30))
    assert read(store, range(50)) == {*range(30), 40, 41}


def test_a_writer_killed_at_any_moment(store):
    for at, moment in enumerate((0, 0.003, 0.01, 0.02, 0.04)):
        keys = range(1000 * at, 1000 * at + 150)
        process = child(store, [1000 * at, *keys], stop=1)
        process.stdout.readline()
        process.stdin.close()  # and on it goes
        time.sleep(moment)
        process.kill()
        process.wait()
        process.stdout.close()
        found = read(store, keys)
        assert store.trouble == ""
        assert sorted(found) == list(keys)[: len(found)]
    assert ask(store, "PRAGMA integrity_check") == [("ok",)]


# ---- damage ----------------------------------------------------------------------------------------------------------


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


# ---- room ------------------------------------------------------------------------------------------------------------


def test_what_was_not_used_for_longest_leaves_first(store, short):
    bounded = Store(store.root, limit=35_000)
    for first in (0, 10, 20):
        write(bounded, range(first, first + 10))
    assert read(bounded, [5]) == {5}
    write(bounded, range(30, 40))
    assert read(bounded, range(40)) == {*range(10), *range(20, 40)}
    assert sum(path.stat().st_size for path in files(bounded)) == 30_000


def test_a_lower_limit_holds_for_what_was_kept_before(store, short):
    write(store, range(30))
    bounded = Store(store.root, limit=25_000)
    bounded.make_room()
    assert [usage.bytes for usage in bounded.usage()] == [20_000]
    assert sum(path.stat().st_size for path in files(bounded)) == 20_000
    assert read(bounded, range(30)) == set(range(10, 30))


def test_a_set_is_held_or_is_not(tmp_path):
    assert Store(tmp_path, limit=30_000).holds(KIND, 30)
    assert not Store(tmp_path, limit=29_999).holds(KIND, 30)
    assert not Store(None).holds(KIND, 0)


def test_the_limit_counts_all_kinds(store, short):
    write(store, range(10), Kind("older", KIND.shape, KIND.dtype))
    write(Store(store.root, limit=25_000), range(20))
    assert [(usage.kind, usage.rows) for usage in store.usage()] == [("squares", 20)]


@pytest.mark.parametrize("limit", [0, 500, 15_000, 1e9])
def test_a_set_larger_than_the_limit_works(store, short, limit):
    bounded = Store(store.root, limit=limit)
    write(bounded, range(100))
    assert len(read(bounded, range(100))) == min(100, int(limit) // 10_000 * 10)
    assert sum(path.stat().st_size for path in files(bounded)) <= limit
    assert sum(usage.bytes for usage in bounded.usage()) <= limit
    assert bounded.trouble == ""


def test_clear_empties_and_a_reader_keeps_what_it_has_open(store, short):
    write(store, range(25))
    rows = store.rows(KIND, [str(key) for key in range(25)])
    (store.root / "README").write_text("not ours")
    Store(store.root).clear()
    assert [path.name for path in store.root.iterdir()] == ["README"]
    out = np.empty((25, *KIND.shape), KIND.dtype)
    assert rows.fill(out).all()
    assert all(np.array_equal(got, row(key)) for key, got in enumerate(out))
    assert read(store, range(25)) == set()
    write(store, range(3))
    assert read(store, range(25)) == {0, 1, 2}


def test_rows_that_are_dropped_close_their_files(store, short, recwarn):
    write(store, range(25))
    warnings.simplefilter("always")
    rows = store.rows(KIND, ["1", "11"])
    del rows
    gc.collect()
    assert not [str(seen.message) for seen in recwarn if "store" in str(seen.message)]


def test_clear_while_another_writes(store, short):
    with store.writer(KIND) as keep:
        for key in range(15):
            keep.add(str(key), row(key))
        Store(store.root).clear()
        for key in range(15, 25):
            keep.add(str(key), row(key))
    after = Store(store.root)
    read(after, range(25))  # rows that are right, or none
    assert after.trouble == ""
    write(after, range(25))
    assert read(after, range(25)) == set(range(25))


@LINUX
def test_memory_stays_flat_however_many_rows_are_cut(store):
    ran = subprocess.run(
        [sys.executable, "-c", FLAT, str(store.root)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) < 30e6  # of 200 MB
