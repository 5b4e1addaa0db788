"""However many segments there are, few files are open at a time, and small segments are merged."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import uuid

import numpy as np
import pytest
from helpers import ROOT

from data.store import index as tables
from data.store.checksums import checksum
from data.store.merge import MANY
from data.store.rows import RowType
from data.store.store import Store

KIND = RowType("small (1)", (4,))
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for a limit")

READER = """
import resource, sys
from pathlib import Path
import numpy as np
from data.store.rows import RowType
from data.store.store import Store
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
store, keys, out = Store(Path(sys.argv[1])), list(map(str, range(1300))), np.zeros((1300, 4), np.uint8)
sets = [store.rows(RowType("small (1)", (4,)), keys) for _ in range(2)]
for rows in sets:
    out[:] = 0
    assert rows.read_into(out).all()
    assert (out == (np.arange(1300) % 251)[:, None]).all()
with store.writer(RowType("small (1)", (4,))) as keep:
    keep.add("1300", np.full(4, 7))
assert sets[0].read_into(out).all() and store.rows(RowType("small (1)", (4,)), [*keys, "1300"]).available().all()
print(store.trouble)
"""

WRITER = """
import sys
from pathlib import Path
import numpy as np
from data.store.rows import RowType
from data.store.store import Store
print("ready", flush=True)
for key in range(int(sys.argv[2]), 100_000):
    with Store(Path(sys.argv[1])).writer(RowType("small (1)", (4,))) as keep:
        keep.add(str(key), np.full(4, key % 251))
"""


def row(key):
    return np.full(4, int(key) % 251, np.uint8)


def small_segments(store, keys):
    """Write a segment for each key as many short runs would, in one transaction, which is faster."""
    store.usage()  # makes the index
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        index.execute("BEGIN IMMEDIATE")
        for key in map(str, keys):
            path = store.root / f"{uuid.uuid4().hex}.rows"
            path.write_bytes(row(key).tobytes())
            one = checksum(KIND.name, key, row(key).data).to_bytes(4, "little")
            tables.add_rows(index, KIND.name, path.name, 4, [key], one)
        index.commit()


def found(store, keys):
    """Which keys are found; each row is right."""
    keys = list(map(str, keys))
    out = np.zeros((len(keys), 4), np.uint8)
    there = store.rows(KIND, keys).read_into(out)
    assert all(
        np.array_equal(got, row(key) if kept else 0 * got) for key, got, kept in zip(keys, out, there, strict=True)
    )
    return {int(key) for key, kept in zip(keys, there, strict=True) if kept}


def segments(store):
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        return [name for (name,) in index.execute("SELECT file FROM segments")]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@LINUX
def test_1300_segments_under_a_limit_of_64_open_files(store):
    small_segments(store, range(1300))
    words = [sys.executable, "-c", READER, str(store.root)]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "\n", "")
    assert len(segments(store)) < MANY
    assert found(store, range(1300)) == set(range(1300))


def test_small_segments_are_merged_and_the_old_files_leave_later(store, capsys):
    small_segments(store, range(MANY))
    reading, before = store.rows(KIND, list(map(str, range(MANY)))), set(store.root.glob("*.rows"))
    with store.writer(KIND) as keep:
        keep.add("1000", row(1000))
    assert len(segments(store)) < MANY
    assert before < set(store.root.glob("*.rows"))  # for those who know of them
    assert reading.read_into(np.zeros((MANY, 4), np.uint8)).all()
    assert found(store, range(1001)) == {*range(MANY), 1000}
    for path in store.root.glob("*.rows"):
        os.utime(path, (0, 0))
    with store.writer(KIND) as keep:
        keep.add("1001", row(1001))
    assert {path.name for path in store.root.glob("*.rows")} == set(segments(store))
    assert found(store, range(1002)) == {*range(MANY), 1000, 1001}
    assert [(usage.rows, usage.bytes) for usage in store.usage()] == [(MANY + 2, 4 * (MANY + 2))]
    assert (store.trouble, capsys.readouterr().err) == ("", "")


def test_what_is_damaged_or_gone_does_not_hinder_the_others(store, capsys):
    small_segments(store, range(2 * MANY))
    names = segments(store)
    (store.root / names[3]).unlink()
    (store.root / names[7]).write_bytes(bytes(4))
    with store.writer(KIND) as keep:
        keep.add("1000", row(1000))
    assert len(segments(store)) < MANY
    assert found(store, range(2 * MANY)) == set(range(2 * MANY)) - {3, 7}
    assert (
        capsys.readouterr().err == f"note: damaged small in the store in {store.root}: what is damaged is made anew\n"
    )


def test_other_kinds_and_large_segments_stay(store):
    small_segments(store, range(MANY - 1))
    with store.writer(RowType("other", (4,))) as keep:
        keep.add("1", row(1))
    with store.writer(KIND) as keep:
        for key in range(1000, 3048):  # a full one
            keep.add(str(key), row(key))
    assert len(segments(store)) == MANY + 1


def test_the_segment_that_was_used_last_decides_when_all_leave(store):
    small_segments(store, range(MANY))
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        index.execute("UPDATE segments SET used = id")
        index.commit()
    with store.writer(KIND) as keep:
        keep.add("1000", row(1000))
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        oldest = index.execute("SELECT used, bytes FROM segments WHERE used < 1000 ORDER BY used").fetchall()
    assert oldest[0] == (MANY // 2, 4 * (MANY // 2))


@pytest.mark.slow
def test_writers_killed_at_random_moments_leave_right_rows(store):
    """While they write and merge; what is there is right, and a later one goes on."""
    rng = random.Random(0)
    small_segments(store, range(MANY - 2))
    known = set(range(MANY - 2))
    for first in range(1000, 11_000, 1000):  # far apart: none gets to where the next begins, on the fastest disk
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store.root), str(first)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0, 0.3))
        writer.kill()
        writer.communicate()
        assert writer.returncode == -signal.SIGKILL
        there = found(store, range(12_000))
        assert known <= there
        assert sorted(there - known) == list(range(first, first + len(there - known)))
        known = there
        assert store.trouble == ""
    assert len(known) > 2 * MANY  # they did write
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        assert index.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert set(segments(store)) <= {path.name for path in store.root.glob("*.rows")}
