"""Blobs come back byte for byte or not at all, small ones from the index and large ones from files of their own."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT

from data.store import store as module
from data.store.rows import RowType
from data.store.store import IN_INDEX, Store

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for what it needs")
LARGE = 10 * IN_INDEX

CHILD = """
import sys
from pathlib import Path
from data.store.store import Store
root, first, last, size = Path(sys.argv[1]), *map(int, sys.argv[2:])
store = Store(root)
print("ready", flush=True)
sys.stdin.readline()
for key in range(first, last):
    store.keep_blob("numbers", str(key), str(key).encode() * size)
print(store.trouble, flush=True)
sys.stdin.read()  # until killed
"""

OLD = """
CREATE TABLE kinds (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE segments (id INTEGER PRIMARY KEY, kind INTEGER, file TEXT, bytes INTEGER, used REAL);
CREATE TABLE rows (kind INTEGER, key TEXT, segment INTEGER, position INTEGER, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE INDEX rows_of_segment ON rows (segment);
INSERT INTO kinds VALUES (1, 'facts');
INSERT INTO segments VALUES (1, 1, 'old.rows', 8, 1000);
INSERT INTO rows VALUES (1, 'a', 1, 0), (1, 'b', 1, 1);
"""


def noise(size, seed=0):
    return np.random.default_rng(seed).bytes(size)


def files(store):
    return sorted(store.root.glob("*.blob"))


def ask(store, query):
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        return index.execute(query).fetchall()


def child(store, first, last, size):
    words = [sys.executable, "-c", CHILD, str(store.root), *map(str, (first, last, size))]
    process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def go(process):
    process.stdin.write("\n")
    process.stdin.flush()


def end(process):
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


# ---- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 300, IN_INDEX, IN_INDEX + 1, LARGE])
def test_a_blob_comes_back_byte_for_byte(store, size):
    content = noise(size)
    store.keep_blob("some", "key", content)
    assert Store(store.root).blob("some", "key") == content
    assert [path.read_bytes() for path in files(store)] == ([content] if size > IN_INDEX else [])
    assert store.blob("some", "another key") is None
    assert store.blob("other", "key") is None
    assert store.trouble == ""


def test_many_at_once_of_every_size(store):
    contents = {f"key {at}": noise(at * 40, at) for at in range(2500)}  # the last ones in files
    for first in range(0, 2500, 500):
        store.keep_blobs("some", {key: contents[key] for key in list(contents)[first : first + 500]})
    store.keep_blobs("some", {})
    assert store.blobs("some", [*contents, "unknown", *contents]) == contents
    assert store.blobs("some", ["unknown", "key 7", "key 2400"]) == {
        key: contents[key] for key in ("key 7", "key 2400")
    }
    assert store.blobs("some", []) == {}
    assert len(files(store)) == sum(len(content) > IN_INDEX for content in contents.values())


def test_what_is_there_stays_and_takes_its_place_once(store):
    for size in (10, LARGE):
        store.keep_blob("some", f"{size}", noise(size))
        before = store.usage()[0].bytes
        store.keep_blobs("some", {f"{size}": noise(size, 1)})
        assert store.blob("some", f"{size}") == noise(size)
        assert store.usage()[0].bytes == before
    store.keep_blobs("some", {"10": b"other", "new": b"12345"})
    assert store.blobs("some", ["10", "new"]) == {"10": noise(10), "new": b"12345"}
    assert (store.usage()[0].rows, store.usage()[0].bytes) == (3, 10 + LARGE + 5)
    assert len(files(store)) == 1


def test_a_writer_keeps_batches_and_the_rest_however_its_block_ends(store, monkeypatch):
    monkeypatch.setattr(module, "SEGMENT_ROWS", 10)

    def fail():
        with store.blob_writer("some") as keep:
            for at in range(25):
                keep(str(at), bytes([at]))
                kept = len(store.blobs("some", list(map(str, range(25)))))
                assert kept == (at + 1) // 10 * 10
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert store.blobs("some", list(map(str, range(30)))) == {str(at): bytes([at]) for at in range(25)}


def test_usage_counts_blobs_beside_rows(store):
    with store.writer(RowType("rows", (100,))) as keep:
        keep.add("a", np.zeros(100))
    store.keep_blobs("small", {"a": bytes(20), "b": bytes(30)})
    store.keep_blob("large", "a", bytes(LARGE))
    usage = store.usage()
    assert [(entry.kind, entry.rows, entry.bytes) for entry in usage] == [
        ("large", 1, LARGE),
        ("rows", 1, 100),
        ("small", 2, 50),
    ]
    assert all(abs(entry.used - time.time()) < 60 for entry in usage)


# ---- room ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1000, LARGE])
def test_what_was_not_used_for_longest_leaves_first(store, size):
    bounded = Store(store.root, limit=3.5 * size)
    for key in "abc":
        bounded.keep_blob("some", key, noise(size))
    assert bounded.blob("some", "a") == noise(size)
    bounded.keep_blob("some", "d", noise(size))
    assert set(bounded.blobs("some", list("abcd"))) == {"a", "c", "d"}
    assert sum(entry.bytes for entry in bounded.usage()) == 3 * size
    assert len(files(bounded)) == (3 if size > IN_INDEX else 0)


def test_rows_and_blobs_share_the_limit(store):
    kind, bounded = RowType("rows", (1000,)), Store(store.root, limit=LARGE + 1500)
    with bounded.writer(kind) as keep:
        keep.add("a", np.zeros(1000))
    bounded.keep_blob("small", "a", bytes(1000))
    bounded.keep_blob("large", "a", bytes(LARGE))
    assert [entry.kind for entry in bounded.usage()] == ["large", "small"]
    assert not list(store.root.glob("*.rows"))
    with bounded.writer(kind) as keep:
        keep.add("a", np.zeros(1000))
    assert [entry.kind for entry in bounded.usage()] == ["large", "rows"]


def test_more_than_the_limit_is_not_kept_and_drives_nothing_out(store):
    bounded = Store(store.root, limit=LARGE)
    bounded.keep_blob("some", "a", b"kept")
    bounded.keep_blob("some", "b", bytes(LARGE + 1))
    bounded.keep_blobs("some", {f"{at}": bytes(IN_INDEX) for at in range(11)})
    assert [(entry.rows, entry.bytes) for entry in store.usage()] == [(1, 4)]
    assert files(store) == []


def test_a_lower_limit_holds_for_what_was_kept_before(store):
    for key in "abc":
        store.keep_blob("some", key, bytes(LARGE))
    bounded = Store(store.root, limit=1.5 * LARGE)
    bounded.make_room()
    assert set(bounded.blobs("some", list("abc"))) == {"c"}
    assert len(files(bounded)) == 1


def test_clear_removes_all(store):
    store.keep_blobs("some", {"a": bytes(10), "b": bytes(LARGE)})
    (store.root / "README").write_text("not ours")
    kept = sum(path.stat().st_size for path in store.root.iterdir()) - len("not ours")
    assert store.clear() == kept > LARGE
    assert [path.name for path in store.root.iterdir()] == ["README"]
    assert store.blobs("some", ["a", "b"]) == {}
    store.keep_blob("some", "b", bytes(LARGE))
    assert store.blob("some", "b") == bytes(LARGE)


# ---- damage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["truncated", "emptied", "removed", "longer"])
def test_a_damaged_file_is_forgotten_and_written_again(store, damage):
    store.keep_blobs("some", {"small": b"small", "large": noise(LARGE)})
    (path,) = files(store)
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes({"truncated": noise(LARGE)[:-1], "emptied": b"", "longer": noise(LARGE) + b"1"}[damage])
    assert store.blobs("some", ["small", "large"]) == {"small": b"small"}
    assert store.trouble == ""
    assert [(entry.rows, entry.bytes) for entry in store.usage()] == [(1, 5)]
    store.keep_blob("some", "large", noise(LARGE))
    assert store.blob("some", "large") == noise(LARGE)


def test_an_index_that_knows_no_blobs_and_no_checksums_is_used_on(store, capsys):
    store.root.mkdir()
    (store.root / "old.rows").write_bytes(b"onlyrows")
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        index.executescript(OLD)
    assert store.blob("facts", "a") is None
    store.keep_blobs("facts", {"a": b"blob", "large": bytes(LARGE)})
    assert store.blob("facts", "a") == b"blob"
    assert [(entry.kind, entry.rows, entry.bytes) for entry in store.usage()] == [("facts", 4, 8 + 4 + LARGE)]
    kind, out = RowType("facts", (4,)), np.zeros((2, 4), np.uint8)
    assert not store.rows(kind, ["a", "b"]).read_into(out).any()  # nobody can say whether these are what was written
    assert not (store.root / "old.rows").exists()
    with store.writer(kind) as keep:
        keep.add("a", np.frombuffer(b"only", np.uint8))
        keep.add("b", np.frombuffer(b"rows", np.uint8))
    assert store.rows(kind, ["a", "b"]).read_into(out).all()
    assert out.tobytes() == b"onlyrows"
    assert capsys.readouterr().err == ""  # that is no damage


def test_a_version_that_knows_no_checksums_writes_into_the_same_index(store):
    store.keep_blobs("some", {"a": b"small"})
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        index.execute("INSERT INTO segments (kind, file, bytes, used) VALUES (1, NULL, 3, 1000)")
        index.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?)", (1, "old", 2, b"old"))
        index.commit()
    assert store.blobs("some", ["a", "old"]) == {"a": b"small"}
    store.keep_blob("some", "old", b"new")
    assert store.blobs("some", ["a", "old"]) == {"a": b"small", "old": b"new"}


def test_a_version_that_knows_no_blobs_lets_go_of_them(store):
    store.keep_blobs("some", {"a": b"small", "b": bytes(LARGE)})
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        index.execute("DELETE FROM segments")  # as it removes what is beyond its limit
        index.commit()
    assert store.blobs("some", ["a", "b"]) == {}
    store.keep_blobs("some", {"a": b"small", "b": bytes(LARGE)})
    assert set(store.blobs("some", ["a", "b"])) == {"a", "b"}


# ---- a store that can't be used --------------------------------------------------------------------------------------


def test_off_finds_and_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    off = Store(None)
    off.keep_blobs("some", {"a": b"small", "b": bytes(LARGE)})
    with off.blob_writer("some") as keep:
        keep("c", b"small")
    assert off.blobs("some", ["a", "b", "c"]) == {}
    assert off.trouble == ""
    assert list(tmp_path.iterdir()) == []


@LINUX
@pytest.mark.parametrize("filled", [True, False])
def test_a_folder_that_may_only_be_read(filled):
    with tempfile.TemporaryDirectory() as name:
        store = Store(Path(name) / "store")
        store.root.mkdir()
        Path(name).chmod(0o755)
        if filled:
            store.keep_blobs("some", {"a": b"small", "b": bytes(LARGE)})
        before = {path: path.read_bytes() for path in store.root.iterdir()}
        store.root.chmod(0o555)
        user = os.geteuid()
        if user == 0:  # root may write anywhere
            os.seteuid(65534)
        try:
            finding, keeping = Store(store.root), Store(store.root)
            assert finding.blobs("some", ["a", "b"]) == {}
            keeping.keep_blobs("some", {"c": b"small", "d": bytes(LARGE)})
        finally:
            os.seteuid(user)
        for one in (finding, keeping):
            assert one.trouble.startswith(f"the store in {store.root} is not used: ")
        assert {path: path.read_bytes() for path in store.root.iterdir()} == before
        store.root.chmod(0o755)


@LINUX
def test_a_file_that_the_disk_cannot_hold(store):
    code = """
import resource, sys
from pathlib import Path
from data.store.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
store = Store(Path(sys.argv[1]))
store.keep_blobs("some", {"a": b"small", "b": bytes(600_000)})
print(store.trouble)
"""
    words = [sys.executable, "-c", code, str(store.root)]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith(f"the store in {store.root} is not used: ")
    assert files(store) == []
    assert store.blobs("some", ["a", "b"]) == {}


# ---- several at once -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, IN_INDEX])
def test_two_processes_keep_the_same_and_other_blobs(store, size):
    pair = [child(store, 0, 20, size), child(store, 5, 25, size)]
    for process in pair:
        go(process)
    assert [process.communicate(timeout=60)[0] for process in pair] == ["\n", "\n"]
    expected = {str(key): str(key).encode() * size for key in range(25)}
    assert store.blobs("numbers", list(expected)) == expected
    (usage,) = store.usage()
    assert (usage.rows, usage.bytes) == (25, sum(map(len, expected.values())))
    assert {path.name for path in files(store)} == {name for (name,) in ask(store, "SELECT file FROM segments") if name}
    assert ask(store, "PRAGMA integrity_check") == [("ok",)]


def test_a_process_killed_before_a_blob_is_named(store, monkeypatch):
    store.keep_blob("numbers", "0", b"small")
    process = child(store, 7, 8, LARGE)
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as holder:
        holder.execute("BEGIN IMMEDIATE")  # it can write the file, but not name it
        go(process)
        until = time.monotonic() + 30
        while [path.stat().st_size for path in files(store)] != [LARGE] and time.monotonic() < until:
            time.sleep(0.005)
        end(process)
    (left,) = files(store)
    assert left.stat().st_size == LARGE
    assert store.blobs("numbers", ["0", "7"]) == {"0": b"small"}
    store.keep_blob("numbers", "1", b"small")
    assert left.exists()  # it might still be at work
    monkeypatch.setattr(module, "ABANDONED", 0)
    time.sleep(0.02)
    store.keep_blob("numbers", "2", b"small")
    assert not left.exists()
    store.keep_blob("numbers", "7", b"7" * LARGE)
    assert store.blob("numbers", "7") == b"7" * LARGE


@pytest.mark.parametrize("moment", [0, 0.005, 0.02, 0.05])
def test_a_process_killed_while_it_writes_a_large_blob(store, moment, monkeypatch):
    store.keep_blob("numbers", "0", b"small")
    size = 50 * 2**20
    process = child(store, 7, 8, size)
    go(process)
    until = time.monotonic() + 30
    while not files(store) and time.monotonic() < until:
        pass
    time.sleep(moment)
    end(process)
    kept = store.blob("numbers", "7")
    assert kept is None or kept == b"7" * size
    assert store.blob("numbers", "0") == b"small"
    assert store.trouble == ""
    assert ask(store, "PRAGMA integrity_check") == [("ok",)]
    monkeypatch.setattr(module, "ABANDONED", 0)
    time.sleep(0.02)
    store.keep_blob("numbers", "1", b"small")
    assert len(files(store)) == (kept is not None)
