"""Every table that a person may hand in, with rows of every shape: read, or refused by a message, never a traceback."""

import csv
import io

import pytest
from helpers import message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import auxiliary_labels, exclude, fixes, labels, split, table
from errors import UserError

READERS = {
    "labels": (labels.read, "folder,class"),
    "exclude": (exclude.read_drops, "path,kind,drop"),
    "fixes": (fixes.read, "path,action,label,sha256"),
    "auxiliary": (auxiliary_labels.read, "path,label"),
    "split_file": (split.read_split, "path,sha256,label,part"),
    "data": (table.read, "path,label,part,group"),
}
CELLS = (
    st.sampled_from(
        [
            "",
            " ",
            "cat",
            "a.jpg",
            "train",
            "cat<->dog",
            "a|b",
            "é",
            "\0",
            '"',
            "a\nb",
            "=1+1",
            "'=1",
            " '-",
            "cat ",
            "x,y",
        ]
    )
    | st.text()
)


def written(rows, separator):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator).writerows(rows)
    return file.getvalue()


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELLS, max_size=7), max_size=5),
    separator=st.sampled_from([",", ";", "\t"]),
    first=st.sampled_from(["", "sep=;\r\n", "SEP=,\n", "\n", '"']),
    change=st.sampled_from([str, str.upper, lambda text: text.replace(",", " , "), lambda text: f"{text},,"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]),
    damage=st.sampled_from([None, '"', "\0", " "]),
    tail=st.binary(max_size=3),
    headed=st.booleans(),
)
def test_no_shape_of_rows_ends_in_a_traceback(
    tmp_path, name, rows, separator, first, change, encoding, damage, tail, headed
):
    read, header = READERS[name]
    header = change(header).replace(",", separator)
    text = first + (f"{header}\r\n" if headed else "") + written(rows, separator)
    if damage is not None:
        text = text[: len(text) // 2] + damage + text[len(text) // 2 :]
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding, "replace") + tail)
    try:
        read(path)
    except UserError as error:
        assert path.name in str(error)  # noqa: PT017 - most are read well


def read(name, path):
    found = READERS[name][0](path)
    return found.classes if name == "labels" else found


ROWS = {
    "labels": [["Bär, 1", "bear"], ["007", "x"]],
    "exclude": [["cat/a, b.jpg", "dark", "x"], ["'=1.jpg", "dark", "1"]],
    "fixes": [["cat/a, b.jpg", "relabel", "Bär", "0f"], ["'=1.jpg", "leave out", "", ""]],
    "auxiliary": [["cat/a, b.jpg", "Bär"], ["'=1.jpg", "y"]],
    "split_file": [["cat/a, b.jpg", "0f", "Bär", "train"], ["'=1.jpg", "1f", "y", "test"]],
    "data": [["cat/a, b.jpg", "Bär", "train", "g"], ["'=1.jpg", "y", "test", "'-"]],
}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", READERS)
def test_every_reader_takes_what_spreadsheets_save(tmp_path, name, encoding, separator):
    header, rows = READERS[name][1].split(","), ROWS[name]
    plain, saved = tmp_path / "plain.csv", tmp_path / "saved.csv"
    plain.write_text(written([header, *rows], ","), encoding="utf-8")
    padded = [[*row, "", ""] for row in ([f" {column.title()} " for column in header], *rows)]
    saved.write_text(f"sep={separator}\n" + written(padded, separator), encoding=encoding)
    if name == "data":
        assert list(read(name, saved)) == list(read(name, plain))
        assert [row["path"] for row in read(name, saved)] == ["cat/a, b.jpg", "=1.jpg"]
    else:
        assert read(name, saved) == read(name, plain)
        assert len(read(name, saved)) == 2


def test_a_short_row_of_a_split_file_is_refused(tmp_path):
    path = tmp_path / "split.csv"
    path.write_text("path,sha256,label,part\na.jpg,00\n")
    expected = "give the split.csv of a run, with the columns path,sha256,label,part."
    assert message(split.read_split, path) == f"{path}, line 2 has no part: {expected}"
    path.write_text("part,path,sha256,label\n\ntrain,a.jpg\n")
    assert message(split.read_split, path) == f"{path}, line 3 has no sha256: {expected}"
