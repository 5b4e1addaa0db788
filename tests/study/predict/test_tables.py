"""Tables as CSV and as Parquet: what a spreadsheet would run is guarded, and read back as it was."""

import csv
import importlib.util

import pytest
from helpers import call, make_toy
from hypothesis import given, settings
from hypothesis import strategies as st
from run_files import table

from data.csv_table import unguard
from study.predict.tables import write_table

FORMULAS = ("=1+1.png", "+a.png", "-b.png", "@c.png", "'=d.png", "plain.png")
with_pyarrow = pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="needs pyarrow")
CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.tuples(CELL, CELL), max_size=5), start=st.sampled_from(["", "=", "+", "-", "@", "\t", "\r", "'="])
)
def test_no_cell_is_a_formula_and_each_is_read_back_as_it_was(tmp_path_factory, rows, start):
    path = tmp_path_factory.mktemp("cells") / "out.csv"
    rows = [[start + first, second] for first, second in rows]
    write_table(path, ["path", "error"], rows)
    with path.open(encoding="utf-8", newline="") as file:
        written = list(csv.reader(file))[1:]
    assert not [cell for row in written for cell in row if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]
    assert [[unguard(cell) for cell in row] for row in written] == rows


@pytest.mark.parametrize("more", [(), ("--resume",), ("--shard", "1/1")])
def test_files_named_as_formulas(more, run, tmp_path, monkeypatch):
    made = make_toy(tmp_path / "toy", 1) / "circle" / "0.png"
    folder = tmp_path / "named"
    folder.mkdir()
    for name in FORMULAS:
        (folder / name).write_bytes(made.read_bytes())
    monkeypatch.chdir(folder)
    words = ("--csv", tmp_path / "out.csv", *more)
    assert call("predict", "--run", run, "-", *words, stdin="\n".join(FORMULAS).encode()).code == 0
    cells = [row["path"] for row in table(tmp_path / "out.csv")]
    assert [unguard(cell) for cell in cells] == list(FORMULAS)
    assert not [cell for cell in cells if cell[0] in "=+-@"]


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is not None, reason="pyarrow is there")
@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_parquet_without_pyarrow_is_refused_before_the_work(more, run, toy, tmp_path):
    path = tmp_path / "out.parquet"
    ran = call("predict", "--run", run, toy, "--csv", path, *more)
    assert (ran.code, ran.out, ran.err) == (
        2,
        "",
        f"error: --csv {path} needs pyarrow: python -m pip install -r requirements-parquet.txt, or give a file that "
        "ends in .csv.\n",
    )
    assert list(tmp_path.glob("out*")) == []


@with_pyarrow
@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_parquet_holds_what_csv_holds_as_numbers(more, run, tmp_path):
    from pyarrow import parquet

    folder = make_toy(tmp_path / "=photos", 2)
    (folder / "circle" / "damaged.png").write_bytes(b"junk")
    for name in ("out.csv", "out.parquet"):
        assert call("predict", "--run", run, folder, "--csv", tmp_path / name, *more).code == 0
    found, expected = parquet.read_table(tmp_path / "out.parquet").to_pylist(), table(tmp_path / "out.csv")
    assert len(found) == 7
    for row, cells in zip(found, expected, strict=True):
        assert list(row) == list(cells)
        for name, cell in cells.items():
            text = name in ("path", "predicted", "error", "verdict")
            assert row[name] == (None if cell == "" else cell if text else float(cell))


@with_pyarrow
def test_a_file_of_another_kind_is_not_written_over(run, toy, tmp_path):
    path = tmp_path / "notes.parquet"
    path.write_text("no table")
    ran = call("predict", "--run", run, toy, "--csv", path)
    assert (ran.code, path.read_text()) == (2, "no table")
    assert "is a file already, and not a table" in ran.err
