"""Several threads and processes with one store: all rows are right, whoever is killed."""

import signal
import subprocess
import sys
import threading
import time

import pytest
from helpers import ROOT
from stored_rows import KIND, LINUX, ask, files, read, row, write

from data.store import store as module
from data.store.store import Store

CHILD = """
import sys
from pathlib import Path
import numpy as np
from data.store import store
store.SEGMENT_ROWS = 10
kind = store.RowType("squares", (250,), "int32")
root, keys, stop = Path(sys.argv[1]), sys.argv[2].split(","), int(sys.argv[3])
with store.Store(root).writer(kind) as keep:
    for number, key in enumerate(keys, 1):
        keep.add(key, np.full(250, int(key) ** 2))
        if number == stop:
            print("reached", flush=True)
            sys.stdin.read()  # until killed
"""


FLAT = """
import sys
from pathlib import Path
import numpy as np
from data.store.rows import RowType
from data.store.store import Store

def peak():  # of this process alone; ru_maxrss begins with that of its parent
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024

kind, count = RowType("large", (200_000,)), 1000
keys = list(map(str, range(count)))
with Store(Path(sys.argv[1])).writer(kind) as keep:
    for at, key in enumerate(keys):
        keep.add(key, np.full(kind.shape, at % 251, np.uint8))
rows, out = Store(Path(sys.argv[1])).rows(kind, keys), np.empty((20, *kind.shape), np.uint8)
rows.take(np.arange(20), out)
before = peak()
for first in range(0, count, 20):
    rows.take(np.arange(first, first + 20), out)
    assert (out == (np.arange(first, first + 20) % 251)[:, None]).all()
print(peak() - before)
"""


def child(store, keys, stop=0):
    words = [sys.executable, "-c", CHILD, str(store.root), ",".join(map(str, keys)), str(stop)]
    return subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


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


@LINUX
def test_memory_stays_flat_however_many_rows_are_cut(store):
    ran = subprocess.run(
        [sys.executable, "-c", FLAT, str(store.root)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) < 30e6  # of 200 MB
