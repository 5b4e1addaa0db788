#!/usr/bin/env bash
# One would expect what stands in quotes in a JSON file to be read as text, since JSON tells texts from numbers. pandas'
# read_json makes numbers of every column of texts all of which Python's float would take: "0123" is 123, "1e5" is 100000.0, a
# number of 23 digits, as photo services give, is rounded, and because an underscore is allowed inside numbers "12_3" and "1_23",
# frame 3 of video 12 and frame 23 of video 1, are one image, 123. Keys of an object fare the same, and labels: "01" is 1, and
# "1_1", a class below it, is 11. Nothing is said, though the same file is read right by json, Polars and DuckDB.
# It goes by the column, so that one name with a letter keeps all as they are: the same image is "0123" in the training file and
# 123 in the test file, and the count of images that are in both is 0. A join by name loses what it does not find, or gives a
# frame the label of another: of 90 frames below 12 have two labels, and 11 % of the rows of the join are wrong.
# dtype=False, for keys convert_axes=False too, and compare the table with json.load once.
# Seen with pandas 3.1.1, polars 2.1.0, duckdb 2.0.1, numpy 2.4.6, 1 December 2026. Sources:
# https://github.com/pandas-dev/pandas/issues/42471, https://github.com/pandas-dev/pandas/issues/41408
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 polars==2.1.0 duckdb==2.0.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import json
import warnings
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl

warnings.simplefilter("error")  # there are none


def read(*texts):
    """Write a file with one column of texts and return what each reader finds in it."""
    Path("a.json").write_text(json.dumps([{"name": text} for text in texts]))
    found = pd.read_json("a.json")["name"].tolist()
    print(f"{list(texts)} -> {found}")
    assert pl.read_json("a.json")["name"].to_list() == list(texts)
    assert [row[0] for row in duckdb.sql("select name from 'a.json'").fetchall()] == list(texts)
    assert pd.read_json("a.json", dtype=False)["name"].tolist() == list(texts)
    return found


print("pandas", pd.__version__, "polars", pl.__version__, "duckdb", duckdb.__version__, "numpy", np.__version__)
assert read("0123", "0456") == [123, 456]
assert read("0123", "0456a") == ["0123", "0456a"]
assert read("12_3", "1_23", "123") == [123, 123, 123]
assert read("1e5", "2e3") == [1e5, 2e3]
long = read("12345678901234567890123", "12345678901234567890124")
assert long[0] == long[1]
assert read("01", "02", "1_1") == [1, 2, 11]
Path("a.json").write_text('{"0012": "cat", "0_12": "dog"}')
keys = pd.read_json("a.json", typ="series").index.tolist()
print('keys "0012" and "0_12" ->', keys)
assert keys == [12, 12]
assert pd.read_json("a.json", typ="series", convert_axes=False).index.tolist() == ["0012", "0_12"]

# an image that is in both files
Path("train.json").write_text(json.dumps([{"name": name} for name in ("0123", "0777", "0456a")]))
Path("test.json").write_text(json.dumps([{"name": name} for name in ("0123", "0888")]))
for options in ({}, {"dtype": False}):
    parts = [pd.read_json(f"{part}.json", **options)["name"] for part in ("train", "test")]
    both = int(parts[0].isin(parts[1]).sum())
    print(f"in both files, {options or 'as it is'}: {both}")
    assert both == (1 if options else 0)

# frames of videos, each called video_frame, and their labels
names = [f"{video}_{frame}" for video in (1, 2, 11, 12, 21) for frame in (1, 2, 3, *range(11, 26))]
labels = dict(zip(names, np.random.default_rng(0).choice(["cat", "dog", "horse"], len(names)).tolist(), strict=True))
Path("images.json").write_text(json.dumps([{"name": name, "file": f"{name}.jpg"} for name in names]))
Path("labels.json").write_text(json.dumps([{"name": name, "label": label} for name, label in labels.items()]))
for options in ({}, {"dtype": False}):
    table = pd.read_json("images.json", **options).merge(pd.read_json("labels.json", **options), on="name")
    wrong = float((table["label"] != table["file"].str.removesuffix(".jpg").map(labels)).mean())
    several = int((table.groupby("file")["label"].nunique() > 1).sum())
    print(f"{len(names)} frames, {options or 'as it is'}: {len(table)} rows, {wrong:.0%} wrong, {several} frames with two labels")
    assert (wrong == several == 0 and len(table) == 90) if options else (wrong > 0.05 and several > 5)
PYTHON
