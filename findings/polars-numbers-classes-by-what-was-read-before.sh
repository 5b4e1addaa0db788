#!/usr/bin/env bash
# One would expect the codes of a Categorical column to depend on the column: 0, 1, 2 for three classes, as pandas numbers them.
# Since 1.32 all Categorical columns of a Polars process share one list of strings. A class has the number under which its name
# came first in any column of any table that still lives: with a column "camera" beside it the labels are 1, 3, 4, and the
# classes of a test table have the numbers of training while the training table is kept, and others once it is deleted.
# A network trained on to_physical() so learns numbers that another script, or the same one in another order, gives to other
# classes: right answers count as wrong, or labels lie beyond the last output. Of a large CSV file, which several threads read,
# even two runs of one script may number its classes otherwise.
# Take pl.Enum(sorted(names)), whose codes are places in a list, and save the list with the network.
# Seen with polars 2.1.0, 30 November 2026. Source: https://github.com/pola-rs/polars/issues/23948
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0
cd "$work"
venv/bin/python - <<'PYTHON'
from pathlib import Path

import polars as pl

CLASSES = ["cat", "dog", "fox"]


def read(path, *columns, dtype=pl.Categorical):
    """Return class -> code of a CSV file, and the table, which its caller may keep."""
    table = pl.read_csv(path, schema_overrides=dict.fromkeys(columns, dtype))
    return dict(zip(table["label"].cast(pl.String), table["label"].to_physical(), strict=True)), table


Path("train.csv").write_text("file,camera,label\n1.jpg,north,cat\n2.jpg,south,dog\n3.jpg,north,fox\n")
Path("test.csv").write_text("file,camera,label\n4.jpg,north,fox\n5.jpg,south,dog\n6.jpg,north,cat\n")
print("polars", pl.__version__)
alone, train = read("train.csv", "label")
print("train.csv:", alone)
assert alone == {"cat": 0, "dog": 1, "fox": 2}
kept, test = read("test.csv", "label")
print("test.csv, the training table kept:", kept)
assert kept == alone
del train, test
dropped, test = read("test.csv", "label")
print("test.csv, the training table deleted:", dropped)
assert dropped == {"fox": 0, "dog": 1, "cat": 2}
del test
beside, train = read("train.csv", "camera", "label")
print("train.csv, the cameras Categorical too:", beside)
assert max(beside.values()) > 2 and beside != alone
after, test = read("test.csv", "label")
print("test.csv after that:", after)
assert after == beside
for path in ("test.csv", "train.csv"):
    fixed, table = read(path, "label", dtype=pl.Enum(CLASSES))
    print(f"{path}, an Enum:", fixed)
    assert fixed == {"cat": 0, "dog": 1, "fox": 2}
PYTHON
