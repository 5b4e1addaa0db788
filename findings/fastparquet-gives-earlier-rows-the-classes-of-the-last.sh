#!/usr/bin/env bash
# One would expect rows appended to a Parquet file to leave the rows before them as they were. Of a Categorical column each part
# of a file, a row group, holds its own list of classes and numbers into it. fastparquet reads the numbers of all parts, and
# gives them the names that the last part lists: after a batch of dogs and foxes was appended to one of cats and dogs, the cats
# are dogs and the dogs foxes. Nothing is said, unless the last list is too short, when it stops with an error.
# So it is with a folder of files that pandas wrote, one for each camera or day, and with files that pyarrow wrote in several
# row groups if the column is asked for as categories. The files are right: pandas reads them rightly by pyarrow.
# Read by pandas.read_parquet without an engine, or by to_pandas(categories=[]); write names as texts, not as a Categorical.
# Seen with fastparquet 2026.9.0, pandas 3.1.1, pyarrow 26.0.1, 30 November 2026. Source:
# https://github.com/dask/fastparquet/issues/949
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check fastparquet==2026.9.0 pandas==3.1.1 \
  pyarrow==26.0.1 numpy==2.4.6
cd "$work"
venv/bin/python -W error::UserWarning - <<'PYTHON'
from pathlib import Path

import fastparquet
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def batch(*names, kind="category"):
    return pd.DataFrame({"label": pd.Series(names, dtype=kind)})


def read(name, path, categories=None):
    """Return the labels as fastparquet and as pandas with pyarrow read them."""
    found = fastparquet.ParquetFile(path).to_pandas(categories=categories)["label"].tolist()
    truth = pd.read_parquet(path)["label"].tolist()
    print(f"{name}: fastparquet {found}, pyarrow {truth}")
    return found, truth


def append(path, *batches):
    for number, one in enumerate(batches):
        fastparquet.write(path, one, append=number > 0)
    return path


print("fastparquet", fastparquet.__version__, "pandas", pd.__version__, "pyarrow", pa.__version__)
truth = ["cat", "dog", "dog", "fox"]
moved = ["dog", "fox", "dog", "fox"]
one = append("one.parquet", batch(*truth))
assert read("written at once", one) == (truth, truth)
same = append("same.parquet", batch("cat", "dog"), batch("dog", "cat"))
assert read("appended, the same classes", same) == (["cat", "dog", "dog", "cat"],) * 2
other = append("other.parquet", batch("cat", "dog"), batch("dog", "fox"))
assert read("appended, another class", other) == (moved, truth)
assert read("read without categories", other, []) == (truth, truth)
texts = append("texts.parquet", batch("cat", "dog", kind="str"), batch("dog", "fox", kind="str"))
assert read("appended as texts", texts) == (truth, truth)

Path("days").mkdir()
batch("cat", "dog").to_parquet("days/1.parquet")
batch("dog", "fox").to_parquet("days/2.parquet")
assert read("a folder of two files, written by pyarrow", "days") == (moved, truth)

ordered = ["fox", "fox", "cat", "cat", "dog", "dog"]
pq.write_table(pa.table({"label": ordered}), "groups.parquet", row_group_size=2)
assert read("texts in three row groups", "groups.parquet") == (ordered, ordered)
assert read("the same, read as categories", "groups.parquet", ["label"]) == (["dog"] * 6, ordered)

short = append("short.parquet", batch("cat", "dog", "fox"), batch("owl"))
try:
    read("the last list too short", short)
    raise AssertionError("it was read")
except IndexError as error:
    print("the last list too short:", error)
PYTHON
