"""Tables as people and spreadsheets save them, all told; and text that a spreadsheet would run."""

import csv
import io
import re

import pytest
from helpers import message
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from data import csv_table, split
from data.csv_table import guard, guarded, meant, unguard
from data.names import composed
from data.split import SplitEntry

TEXT = "folder,class\r\n007,bond\r\nBär,bear\r\n"
ROWS = [{"folder": "007", "class": "bond"}, {"folder": "Bär", "class": "bear"}]
SAVED = {
    "commas": TEXT.encode(),
    "mark": TEXT.encode("utf-8-sig"),
    "semicolons": TEXT.replace(",", ";").encode("utf-8-sig"),
    "tabs in UTF-16": TEXT.replace(",", "\t").encode("utf-16"),
    "UTF-16 of the other byte order": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "sep=,": f"sep=,\r\n{TEXT}".encode("utf-8-sig"),
    "sep=;": f"SEP=;\n{TEXT.replace(',', ';')}".encode(),
    "sep= of another": f"sep=;\n{TEXT}".encode(),
    "capitals and spaces": TEXT.replace("folder,class", " Folder, CLASS ").encode(),
    "empty columns": TEXT.replace("\r\n", ",,\r\n").encode() + b",,,,\r\n",
    "a column without a name": TEXT.replace("folder", ",folder").replace("007", "0,007").replace("B", "1,B").encode(),
    "all quoted": re.sub(r"[^,\r\n]+", r'"\g<0>"', TEXT).replace(",", ";").encode(),
    "old Mac": TEXT.replace("\r\n", "\r").encode(),
    "empty lines first": b"\n\n" + TEXT.encode(),
    "no end of line": TEXT.strip().encode(),
}


def opened(path, content):
    path.write_bytes(content)
    return csv_table.read(path, path.name, ("folder", "class"), ("folder", "class"))


@pytest.mark.parametrize("form", SAVED)
def test_a_table_is_read_in_whatever_form_it_was_saved(tmp_path, form):
    assert [row for _, row in opened(tmp_path / "t.csv", SAVED[form]).rows()] == ROWS


def test_quoted_cells_keep_their_spaces_separators_and_lines(tmp_path):
    content = 'folder,class\n"cat ", "x, y; z" \n " cat","say ""a, b"" "\n cat,5" disk\n"a\nb",c\n'
    rows = list(opened(tmp_path / "t.csv", content.encode()).rows())
    assert [list(row.values()) for _, row in rows] == [
        ["cat ", "x, y; z"],
        [" cat", 'say "a, b" '],
        [" cat", '5" disk'],
        ["a\nb", "c"],
    ]
    assert [line for line, _ in rows] == [2, 3, 4, 5]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    content = b'sep=;\nfolder;class\n\n"a\nb";c\nd;e\n'
    assert [line for line, _ in opened(tmp_path / "t.csv", content).rows()] == [4, 6]


def test_the_separator_is_the_one_that_gives_the_needed_columns(tmp_path):
    table = opened(tmp_path / "t.csv", b"folder;a, b;class\n1;2;3\n")
    assert table.columns == ("folder", "a, b", "class")
    table = opened(tmp_path / "t.csv", b"x;y;z,folder\n")
    assert table.columns == ("x", "y", "z,folder")  # neither: the one that divides most


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (TEXT.encode("cp1252"), "t.csv is not in UTF-8: line 3 has the byte 0xe4, which is ä in Windows-1252. Save it "
                                "as CSV in UTF-8."),
        (b"folder,class\n\x81,x\n", "t.csv is not in UTF-8: line 2 has the byte 0x81. Save it as CSV in UTF-8."),
        (TEXT.encode("utf-16")[:-7],
         "t.csv begins as UTF-16 and is cut or damaged in line 3. Save it as CSV in UTF-8."),
        (TEXT.encode("utf-16-le").replace("ä".encode("utf-16-le"), b"a\0"),
         "t.csv, line 1 has a zero byte: it is no text, or UTF-16 without a mark. Save it as CSV in UTF-8."),
        (b"folder,class\na,b\nc\0,d\n",
         "t.csv, line 3 has a zero byte: it is no text, or UTF-16 without a mark. Save it as CSV in UTF-8."),
        (b'folder,class\na,b\n"c,d\ne,f\n',
         "t.csv, line 3 cannot be read (unexpected end of data): close every quotation mark, write one within a quoted "
         "cell twice, and give a cell no more than 131,072 characters."),
        (b'folder,class\n"a"b,c\n',
         "t.csv, line 2 cannot be read (',' expected after '\"'): close every quotation mark, write one within a "
         "quoted cell twice, and give a cell no more than 131,072 characters."),
        (b'folder,class\n"' + b"a\n" * 70_000 + b'",c\n',
         "t.csv, line 2 cannot be read (field larger than field limit (131072)): close every quotation mark, write one "
         "within a quoted cell twice, and give a cell no more than 131,072 characters."),
        (b"folder,class,,\na,b,,\nx, y; z,c,,\n",
         "t.csv, line 3 has 5 cells under 2 columns. A cell that has a , in it stands in quotation marks."),
        (b"folder\tclass\na\tb\tc\n",
         "t.csv, line 2 has 3 cells under 2 columns. A cell that has a tab in it stands in quotation marks."),
        (b"folder,Class,class\na,b,c\n", "t.csv has the column class twice: leave one of the two out."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_told_in_one_line(tmp_path, content, error):
    assert message(lambda: list(opened(tmp_path / "t.csv", content).rows())) == error


def test_a_cell_means_the_name_that_is_there():
    there = {"cat", "cat ", "=1", "'=2"}
    for cell, name in {
        "cat": "cat",
        "cat ": "cat ",
        " cat": "cat",
        " cat ": "cat",
        "'=1": "=1",
        " '=1 ": "=1",
        "'=2": "'=2",
        "''=2": "'=2",
        " dog ": "dog",
        "'=3": "=3",
    }.items():
        assert meant(cell, there.__contains__) == name


def test_just_what_a_spreadsheet_runs_is_guarded():
    for text in ("=1+1", "+1", "-rf.jpg", "@a", "\ta", "\ra", "'=1", "''-"):
        assert guard(text) == f"'{text}"
    for text in ("", "'", "it's", "'a", "a=b", " =1", "cat/-1.jpg"):
        assert guard(text) == unguard(text) == text
    assert list(guarded([["-a", -1.5, None, 3]])) == [["'-a", -1.5, None, 3]]


STARTS = st.text("'=+-@\t\r a", max_size=5)


@given(STARTS | st.text())
def test_a_guarded_text_is_read_again_as_it_was(text):
    assert unguard(guard(text)) == text
    assert guard(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")


NAMES = st.builds("".join, st.lists(STARTS | st.sampled_from(['"', ",", ' "', '" ', ";", "\n"]) | st.text(max_size=3)))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=4))
@example(rows=[('a, "b" ,c', " cat"), ("'=1", "-x "), ('" x', '"')])
def test_a_split_is_read_again_as_it_was_written(tmp_path, rows):
    rows = [(path.replace("\0", ""), label.replace("\0", "")) for path, label in rows]
    entries = [SplitEntry(path, "0f", label, "val") for path, label in rows]
    split.write_split(tmp_path / "split.csv", entries)
    written = list(csv.reader(io.StringIO((tmp_path / "split.csv").read_bytes().decode(), newline="")))[1:]
    assert not any(cell[:1] in {*"=+-@\t\r"} for row in written for cell in row if cell)
    assert split.read_split(tmp_path / "split.csv") == [
        SplitEntry(path, "0f", composed(label), "val") for path, label in rows
    ]
