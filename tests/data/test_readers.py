"""Every table that a person may hand in, with rows of every shape: read, or refused by a message, never a traceback."""

import csv
import io
from contextlib import suppress

import pytest
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
    st.sampled_from(["", " ", "cat", "a.jpg", "train", "cat<->dog", "a|b", "é", "\0", '"', "a\nb", "=1+1"]) | st.text()
)


def written(rows):
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue()


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELLS, max_size=7), max_size=5),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    tail=st.binary(max_size=3),
    headed=st.booleans(),
)
def test_no_shape_of_rows_ends_in_a_traceback(tmp_path, name, rows, encoding, tail, headed):
    read, header = READERS[name]
    text = (f"{header}\r\n" if headed else "") + written(rows)
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding, "replace") + tail)
    with suppress(UserError):
        read(path)


def test_a_short_row_of_a_split_file_is_refused(tmp_path):
    path = tmp_path / "split.csv"
    path.write_text("path,sha256,label,part\na.jpg,00\n")
    with pytest.raises(UserError, match=r"split\.csv: part must be one of train, val, test\. Received: None$"):
        split.read_split(path)
    path.write_text("part,path,sha256,label\ntrain,a.jpg\n")
    with pytest.raises(UserError, match=r"split\.csv is no split file: some rows have no path or sha256\."):
        split.read_split(path)
