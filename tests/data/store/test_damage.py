"""What is damaged in the store is never given out: it is made anew, and one line says so."""

import contextlib
import sqlite3

import numpy as np
import pytest

from data.store import connection
from data.store.index import DamagedIndexError
from data.store.rows import RowType
from data.store.store import IN_INDEX, Store

KIND = RowType("squares (1)", (250,), "int32")  # 1,000 bytes a row
KEYS = [str(key) for key in range(20)]
EXPECTED = np.stack([np.full(250, int(key) ** 2, np.int32) for key in KEYS])
BLOBS = {"small": b"small" * 9, "large": bytes(range(256)) * (IN_INDEX // 128)}


@pytest.fixture
def store(tmp_path):
    return filled(Store(tmp_path / "store"))


def filled(store):
    with store.writer(KIND) as keep:
        for key, row in zip(KEYS, EXPECTED, strict=True):
            keep.add(key, row)
    store.keep_blobs("facts (1)", BLOBS)
    return store


def change(store, statement, *values):
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        assert index.execute(statement, values).rowcount
        index.commit()


def read(store):
    """Which rows are found; each is right."""
    out = np.zeros_like(EXPECTED)
    found = store.rows(KIND, KEYS).read_into(out)
    np.testing.assert_array_equal(out, EXPECTED * found[:, None])
    return found


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def told(store, kind="squares"):
    return f"note: damaged {kind} in the store in {store.root}: what is damaged is made anew\n"


def test_one_bit_of_a_row(store, capsys):
    (path,) = store.root.glob("*.rows")
    for at in (7_000, 7_999, 12_500):
        flip(path, at)
    assert np.flatnonzero(~read(store)).tolist() == [7, 12]
    assert np.flatnonzero(~read(store)).tolist() == [7, 12]
    assert capsys.readouterr().err == told(store)
    filled(store)
    assert read(Store(store.root)).all()
    assert (store.trouble, capsys.readouterr().err) == ("", "")


@pytest.mark.parametrize("way", ["cut", "check"])
def test_a_damaged_row_is_not_copied_and_not_found_any_more(store, way):
    (path,) = store.root.glob("*.rows")
    rows = store.rows(KIND, KEYS)
    flip(path, 3_000)
    assert rows.available().all()
    if way == "check":
        assert np.flatnonzero(~rows.check().available()).tolist() == [3]
    out = np.full((3, 250), -1, np.int32)
    assert rows.take(np.array([5, 3, 4]), out, np.array([2, 1, 0])).tolist() == [True, False, True]
    np.testing.assert_array_equal(out, [EXPECTED[4], np.full(250, -1), EXPECTED[5]])
    assert np.flatnonzero(~rows.available()).tolist() == [3]


def test_a_row_is_checked_once(store):
    (path,) = store.root.glob("*.rows")
    rows, out = store.rows(KIND, KEYS), np.zeros_like(EXPECTED)
    assert rows.read_into(out).all()
    flip(path, 0)
    assert rows.read_into(out).all()
    assert not store.rows(KIND, KEYS).read_into(out).all()


def test_one_bit_of_a_large_blob(store, capsys):
    (path,) = store.root.glob("*.blob")
    flip(path, 700)
    assert store.blobs("facts (1)", list(BLOBS)) == {"small": BLOBS["small"]}
    assert capsys.readouterr().err == told(store, "facts")
    store.keep_blobs("facts (1)", BLOBS)
    assert store.blobs("facts (1)", list(BLOBS)) == BLOBS
    assert len(list(store.root.glob("*.blob"))) == 1


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        ("UPDATE blobs SET content = X'00' WHERE key = 'small'", "small"),
        ("UPDATE blobs SET content = 'text' WHERE key = 'small'", "all"),
        ("UPDATE blobs SET key = 'smalm' WHERE key = 'small'", "small"),
        ("UPDATE blobs SET segment = 99 WHERE key = 'large'", "large"),
        ("UPDATE blob_checksums SET checksum = 7 WHERE key = 'large'", "large"),
        ("UPDATE blob_checksums SET checksum = 'seven' WHERE key = 'large'", "all"),
        ("UPDATE segments SET file = 'none' WHERE file LIKE '%.blob'", "large"),
        ("UPDATE segments SET file = CAST(X'610062' AS TEXT) WHERE file LIKE '%.blob'", "large"),
        ("UPDATE segments SET bytes = NULL WHERE file LIKE '%.blob'", "all"),
        ("UPDATE kinds SET name = 'facts (2)' WHERE name = 'facts (1)'", "both"),
    ],
)
def test_an_index_that_says_something_else_of_blobs(store, statement, lost):
    change(store, statement)
    found = store.blobs("facts (1)", [*BLOBS, "smalm"])
    assert found == {key: content for key, content in BLOBS.items() if lost not in (key, "both", "all")}
    store.keep_blobs("facts (1)", BLOBS)
    assert store.blobs("facts (1)", list(BLOBS)) == BLOBS
    assert store.trouble == ""


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        ("UPDATE rows SET position = 4 WHERE key = '3'", [3]),
        ("UPDATE rows SET position = 4000000 WHERE key = '3'", [3]),
        ("UPDATE rows SET position = -1 WHERE key = '3'", [3]),
        ("UPDATE rows SET position = NULL WHERE key = '3'", range(20)),
        ("UPDATE rows SET segment = 99 WHERE key = '3'", [3]),
        ("UPDATE rows SET segment = 2 WHERE key = '3'", [3]),
        ("UPDATE rows SET key = 'x' WHERE key = '3'", [3]),
        ("UPDATE row_checksums SET checksums = X'00000000'", range(20)),
        ("UPDATE row_checksums SET checksums = zeroblob(80)", range(20)),
        ("UPDATE row_checksums SET checksums = 'text'", range(20)),
        ("UPDATE segments SET bytes = 19000 WHERE file LIKE '%.rows'", range(20)),
        ("UPDATE segments SET file = X'00' WHERE file LIKE '%.rows'", range(20)),
        ("DELETE FROM segments WHERE file LIKE '%.rows'", range(20)),
        ("DROP TABLE kinds", range(20)),
    ],
)
def test_an_index_that_says_something_else_of_rows(store, statement, lost):
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        index.execute(statement)
        index.commit()
    assert np.flatnonzero(~read(store)).tolist() == list(lost)
    filled(store)
    assert read(store).all()
    assert store.trouble == ""


def test_any_byte_of_any_file_may_change(tmp_path):
    """Whatever it is, what comes back is right, nothing is raised, and the store can be filled again."""
    rng = np.random.default_rng(0)
    for seed in range(40):
        store = filled(Store(tmp_path / str(seed)))
        files = sorted(store.root.iterdir())
        path = files[seed % len(files)] if seed % 2 else store.root / "index.sqlite3"
        content = bytearray(path.read_bytes())
        first = 100 if seed % 4 else 0  # half of those of the index in its header, and the head of its first page
        for at in rng.integers(0, len(content) if first else min(len(content), 400), int(rng.integers(1, 9))):
            content[at] = rng.integers(0, 256)
        path.write_bytes(content)
        read(damaged := Store(store.root))
        found = damaged.blobs("facts (1)", list(BLOBS))
        assert found.items() <= BLOBS.items()
        filled(damaged)
        damaged.usage()
        damaged.make_room()
        assert damaged.trouble == ""
        assert read(Store(store.root)).all()
        assert Store(store.root).blobs("facts (1)", list(BLOBS)) == BLOBS


def test_a_damaged_index_that_another_process_has_replaced_stays(store):
    """Both saw the damage; the second must not set aside what the first has begun."""
    path, notes = store.root / "index.sqlite3", []

    def question(index):
        if path.with_name("index.sqlite3.damaged").exists():
            return index.execute("SELECT COUNT(*) FROM rows").fetchone()
        path.rename(path.with_name("index.sqlite3.damaged"))  # as the other process does
        filled(Store(store.root))
        raise DamagedIndexError

    assert connection.ask(store.root, 1, question, notes.append) == (20,)
    assert notes == []
    assert read(store).all()
