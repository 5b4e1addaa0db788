"""Rows that tests keep in a store: each follows from its key, so that whatever is read can be checked."""

import contextlib
import sqlite3
import sys

import numpy as np
import pytest

from data.store.rows import RowType

KIND = RowType("squares", (250,), "int32")  # 1,000 bytes a row
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for what it needs")


def row(key):
    return np.full(KIND.shape, int(key) ** 2, KIND.dtype)


def write(store, keys, kind=KIND):
    with store.writer(kind) as keep:
        for key in keys:
            keep.add(str(key), row(key))


def read(store, keys):
    """The rows that are found, by key; each is right."""
    out = np.zeros((len(keys), *KIND.shape), KIND.dtype)
    found = store.rows(KIND, [str(key) for key in keys]).read_into(out)
    for key, there, got in zip(keys, found, out, strict=True):
        assert np.array_equal(got, row(key) if there else 0 * got)
    return {key for key, there in zip(keys, found, strict=True) if there}


def files(store):
    return sorted(store.root.glob("*.rows"))


def ask(store, query):
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        return index.execute(query).fetchall()


def rows_in(store):
    """(kind, key) -> bytes of every row in a store."""
    with contextlib.closing(sqlite3.connect(store / "index.sqlite3")) as index:
        query = """SELECT kinds.name, rows.key, segments.file, rows.position FROM rows
            JOIN kinds ON kinds.id = rows.kind JOIN segments ON segments.id = rows.segment"""
        rows = index.execute(query).fetchall()
    content = {file: (store / file).read_bytes() for _, _, file, _ in rows}
    last = {file: max(position for _, _, other, position in rows if other == file) for file in content}
    size = {file: len(content[file]) // (1 + last[file]) for file in content}
    return {
        (kind, key): content[file][position * size[file] : (position + 1) * size[file]]
        for kind, key, file, position in rows
    }
