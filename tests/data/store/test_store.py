"""The store gives back what it was given, bit for bit, or nothing, and keeps to its limit."""

import gc
import time
import warnings

import numpy as np
import pytest
from stored_rows import KIND, files, read, row, write

from data.store import store as module
from data.store.hashes import hash_all
from data.store.rows import RowType
from data.store.store import Store


@pytest.mark.parametrize("limit", ["SEGMENT_ROWS", "SEGMENT_BYTES", None])
@pytest.mark.parametrize(
    ("shape", "dtype"), [((5, 7, 3), "uint8"), ((33,), "float32"), ((2, 3), "float64"), ((), "int64"), ((4,), "bool")]
)
def test_rows_come_back_bit_for_bit(store, monkeypatch, shape, dtype, limit):
    if limit:
        monkeypatch.setattr(module, limit, 7)
    kind, rng = RowType(f"{shape} {dtype}", shape, dtype), np.random.default_rng(0)
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
    assert found.available().all()
    out = np.zeros_like(rows)
    assert found.read_into(out).all()
    assert out.tobytes() == rows.tobytes()
    order = rng.permutation(50)[:20]
    found.take(order, some := np.zeros_like(rows[:20]))
    assert some.tobytes() == rows[order].tobytes()
    found.take(order[:2], some, np.array([7, 3]))
    assert some[[7, 3]].tobytes() == rows[order[:2]].tobytes()


def test_a_view_is_kept_as_it_is_seen(store):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    kind = RowType("views", (8, 6, 3))
    with store.writer(kind) as keep:
        keep.add("turned", np.rot90(pixels))
    out = np.empty((1, 8, 6, 3), np.uint8)
    assert store.rows(kind, ["turned"]).read_into(out).all()
    assert np.array_equal(out[0], np.rot90(pixels))


def test_unknown_keys_are_not_found(store):
    assert read(store, [1, 2]) == set()
    write(store, range(5))
    assert read(store, [7, 3, 9, 0]) == {3, 0}
    assert read(store, []) == set()
    assert not store.rows(RowType("squares, version 2", KIND.shape, KIND.dtype), ["3"]).available().any()
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
    write(store, range(25), RowType("more", KIND.shape, KIND.dtype))
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


def test_what_was_not_used_for_longest_leaves_first(store, short):
    bounded = Store(store.root, limit=35_000)
    for first in (0, 10, 20):
        write(bounded, range(first, first + 10))
    assert read(bounded, [5]) == {5}
    write(bounded, range(30, 40))
    assert read(bounded, range(40)) == {*range(10), *range(20, 40)}
    assert sum(path.stat().st_size for path in files(bounded)) == 30_000


def test_what_a_clock_that_was_ahead_has_dated_does_not_keep_out_what_is_used_now(store, short, monkeypatch):
    bounded, now = Store(store.root, limit=35_000), time.time()
    with monkeypatch.context() as ahead:
        ahead.setattr(time, "time", lambda: now + 10 * 365 * 86_400)
        write(bounded, range(30))
    for first in (30, 40):
        write(bounded, range(first, first + 10))
    assert read(bounded, range(50)) == {*range(20, 50)}  # of the time to come the last ones leave last


def test_a_lower_limit_holds_for_what_was_kept_before(store, short):
    write(store, range(30))
    bounded = Store(store.root, limit=25_000)
    bounded.make_room()
    assert [usage.bytes for usage in bounded.usage()] == [20_000]
    assert sum(path.stat().st_size for path in files(bounded)) == 20_000
    assert read(bounded, range(30)) == set(range(10, 30))


def test_a_set_is_held_or_is_not(tmp_path):
    assert Store(tmp_path, limit=30_000).has_room_for(KIND, 30)
    assert not Store(tmp_path, limit=29_999).has_room_for(KIND, 30)
    assert not Store(None).has_room_for(KIND, 0)


def test_the_limit_counts_all_kinds(store, short):
    write(store, range(10), RowType("older", KIND.shape, KIND.dtype))
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
    assert rows.read_into(out).all()
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
