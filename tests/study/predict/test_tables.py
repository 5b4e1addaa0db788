"""Tables as CSV and as Parquet: what a spreadsheet would run is guarded, and read back as it was."""

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from helpers import call, make_toy, message
from hypothesis import given, settings
from hypothesis import strategies as st
from run_files import table

from data.csv_table import unguard
from study.predict.segment import describe_shares, share_row
from study.predict.tables import writable_table, write_table

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
    assert "is a file already, and no table of predictions: give a new file." in ran.err


def test_a_table_takes_the_place_of_one_that_the_program_wrote(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert writable_table("out.csv") == Path("out.csv")
    assert not Path("out.csv").exists()
    for columns in (["path", "predicted", "error"], ["path", "label", "share_cat", "error", "verdict"]):
        write_table(Path("out.csv"), columns, [["a.png", *columns[1:]]])
        assert writable_table("out.csv") == Path("out.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("prices.csv", "name,price\nhay,3\n"),
        ("labels.csv", "path,label\na.png,cat\n"),
        ("photo.jpg", "\udcff\udcd8 a photo"),
        ("notes", "error,path\n"),
        ("sort.csv", "path,verdict,sorted_to,error\na.png,cat,cat/a.png,\n"),
        ("joined.csv", "path,predicted,error,sorted_to\na.png,cat,,cat/a.png\n"),
        ("failed.csv", "path,error\na.png,it is no image\n"),
        ("seen.csv", "path,predicted,p_cat,error,my notes\na.png,cat,0.9,,blurred\n"),
        ("long.csv", '"' + "a" * 200_000),
    ],
)
def test_a_table_of_the_users_own_stays(name, content, tmp_path):
    (tmp_path / name).write_text(content, errors="surrogateescape")
    told = f"--csv {tmp_path / name} is a file already, and no table of predictions: give a new file."
    assert message(writable_table, str(tmp_path / name)) == told


def test_a_table_that_cannot_be_written_is_told_at_once(tmp_path):
    for path in (tmp_path, tmp_path / "none" / "new.csv"):
        assert message(writable_table, str(path)) == (
            f"Cannot write --csv {path}: give a file in a folder that exists and can be written."
        )


def test_what_is_read_is_not_written_over(run, toy, tmp_path):
    table = tmp_path / "labelled.csv"
    assert call("predict", "--run", run, toy, "--csv", table).code == 0
    text = table.read_text().replace("predicted", "label", 1)  # corrected by hand
    table.write_text(text)
    ran = call("predict", "--run", run, "--labelled", table, "--csv", table)
    assert (ran.code, ran.err) == (
        2,
        f"error: --csv {table} is what is read, and would be lost. Give another file.\n",
    )
    assert table.read_text() == text


def test_a_file_at_the_place_of_the_report_stays(run, toy, tmp_path):
    (tmp_path / "out-report.json").write_text('{"mine": 1}')
    words = ("predict", "--run", run, "--labelled", toy, "--csv", tmp_path / "out.csv")
    ran = call(*words)
    assert (ran.code, ran.err) == (
        2,
        f"error: The report would be written to {tmp_path / 'out-report.json'}, which is a file already, and no "
        "report: give --csv another name.\n",
    )
    assert (tmp_path / "out-report.json").read_text() == '{"mine": 1}'
    (tmp_path / "out-report.json").unlink()
    assert [call(*words).code, call(*words).code] == [0, 0]


def test_a_share_of_all_but_one_pixel_is_not_all_of_them():
    """One pixel of 4096 × 4096: six places made 1.000000 and 0.000000 of it."""
    shares = np.array([2.0**-24, 1 - 2.0**-24])
    _, background, animal, _ = share_row(["background", "animal"], "a.png", shares, "")
    assert 0 < float(background) < 1e-6
    assert 0.999999 < float(animal) < 1
    assert describe_shares(["background", "animal"], shares) == "animal 99.99999 %, background 0.000006 %"
    assert share_row(["background", "animal"], "a.png", np.array([0.0, 1.0]), "")[1:3] == ["0.000000", "1.000000"]
