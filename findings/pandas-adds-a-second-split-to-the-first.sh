#!/usr/bin/env bash
# One would expect DataFrame.to_parquet to replace what is at a path, as it does with a file. With partition_cols it writes a
# folder, and a second call adds new files beside those of the first: their names are drawn anew each time. read_parquet then
# gives the rows of both. So does pyarrow's write_to_dataset, which pandas calls; pyarrow's write_dataset refuses.
# A table of images that is divided again, with another seed and partition_cols=["split"], holds every image twice, and those
# whose part has changed are in train and in test at once. Labels that were mended stay beside the wrong ones. Nothing is said.
# Remove the folder first, or pass existing_data_behavior="delete_matching": that empties only partitions that are written
# again, so a class or part that is gone from the table stays. Count the rows and the different names of what is read back.
# Seen with pandas 3.1.1, pyarrow 26.0.1, 30 November 2026. Source: existing_data_behavior in
# https://arrow.apache.org/docs/python/generated/pyarrow.parquet.write_to_dataset.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6
cd "$work"
venv/bin/python -W error - <<'PYTHON'
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet

IMAGES = 100


def divided(seed, parts=("train", "test")):
    """Return a table of images, the last fifth of a random order as test, all as one part if there is one."""
    order = np.random.default_rng(seed).permutation(IMAGES)
    part = np.where(order < IMAGES * 4 // 5, parts[0], parts[-1])
    return pd.DataFrame({"file": [f"{number:03d}.jpg" for number in range(IMAGES)], "split": part})


def look(name, path):
    """Return the number of rows and of images that are in train and in test."""
    table = pd.read_parquet(path)
    train, test = (set(table.file[table.split == part]) for part in ("train", "test"))
    print(f"{name}: {len(table)} rows of {table.file.nunique()} images, {len(train & test)} in train and test")
    return len(table), len(train & test)


print("pandas", pd.__version__, "pyarrow", pa.__version__)
first, second = divided(1), divided(2)
moved = int((first.split != second.split).sum())
print("images that change their part:", moved)
assert moved > 10

first.to_parquet("file.parquet")
second.to_parquet("file.parquet")
assert look("one file, written twice", "file.parquet") == (IMAGES, 0)
first.to_parquet("folder", partition_cols=["split"])
assert look("a folder, written once", "folder") == (IMAGES, 0)
second.to_parquet("folder", partition_cols=["split"])
assert look("a folder, written twice", "folder") == (2 * IMAGES, moved)
for table in (first, second):
    pyarrow.parquet.write_to_dataset(pa.Table.from_pandas(table), "arrow", partition_cols=["split"])
assert look("write_to_dataset, twice", "arrow") == (2 * IMAGES, moved)
try:
    pyarrow.dataset.write_dataset(pa.Table.from_pandas(second), "arrow", format="parquet", partitioning=["split"])
    raise SystemExit("write_dataset wrote")
except pa.ArrowInvalid as error:
    print("write_dataset refuses:", error)

options = {"partition_cols": ["split"], "existing_data_behavior": "delete_matching"}
first.to_parquet("matching", **options)
second.to_parquet("matching", **options)
assert look("delete_matching", "matching") == (IMAGES, 0)
divided(3, ["train"]).to_parquet("matching", **options)
assert look("delete_matching, all images as train", "matching") == (IMAGES + IMAGES // 5, IMAGES // 5)
PYTHON
