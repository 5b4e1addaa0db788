#!/usr/bin/env bash
# One would expect USING SAMPLE 20% to draw about every fifth row of a table. For a share DuckDB draws blocks of 2,048 rows,
# each whole or not at all: of a table with 1,000 images one query in five gives all of them, and the others none. Of a larger
# table that lies class by class, as a walk through folders writes it, a sample of 20% misses whole classes. A seed does not
# change that, it keeps one such draw. USING SAMPLE 200 ROWS draws single rows, so what a number shows does not hold for a
# share. It is so for CSV, Parquet and tables alike. The query says nothing; the documentation warns of it.
# A test set made so has some of the classes only, or is the whole table, training images and all.
# Write 20% (bernoulli, 42), or 20% (reservoir, 42) for an exact number, and count the classes of what came.
# Seen with duckdb 2.0.1, 30 November 2026. Source: https://duckdb.org/docs/current/sql/samples
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1
cd "$work"
venv/bin/python -W error - <<'PYTHON'
from collections import Counter
from pathlib import Path

import duckdb

CLASSES = ["cat", "dog", "fox", "owl", "pig"]


def write(path, images):
    """Write a table of images, class by class, as CSV and as Parquet."""
    rows = "".join(f"{name}/{number}.jpg,{name}\n" for name in CLASSES for number in range(images // len(CLASSES)))
    Path(f"{path}.csv").write_text("file,label\n" + rows)
    duckdb.sql(f"COPY (SELECT * FROM '{path}.csv') TO '{path}.parquet'")


def sample(path, clause):
    """Return class -> number of images of a sample."""
    return Counter(label for label, in duckdb.sql(f'SELECT label FROM "{path}" USING SAMPLE {clause}').fetchall())


print("duckdb", duckdb.__version__)
write("small", 1000)
write("large", 20000)
for path in ("small.csv", "small.parquet"):
    for clause in ("20%", "20% (bernoulli)", "20% (reservoir)", "200 ROWS"):
        sizes = [sample(path, clause).total() for _ in range(100)]
        print(f"{path}, {clause}: sizes of 100 samples {dict(sorted(Counter(sizes).items())[:4])} ...")
        if clause == "20%":
            assert set(sizes) == {0, 1000} and 5 <= sizes.count(1000) <= 40
        elif clause == "20% (bernoulli)":
            assert all(140 < size < 260 for size in sizes)
        else:
            assert set(sizes) == {200}
duckdb.sql("CREATE TABLE large AS SELECT * FROM 'large.csv'")
for path in ("large.csv", "large.parquet", "large"):
    for method in ("system", "bernoulli", "reservoir"):
        print(f"{path}, 20% ({method}, 42): {dict(sorted(sample(path, f'20% ({method}, 42)').items()))}")
    for clause in ("20%", "20% (bernoulli)", "20% (reservoir)"):
        missing = sum(len(sample(path, clause)) < len(CLASSES) for _ in range(100))
        print(f"{path}, {clause}: {missing} of 100 samples miss a class")
        assert missing > 60 if clause == "20%" else missing == 0
PYTHON
