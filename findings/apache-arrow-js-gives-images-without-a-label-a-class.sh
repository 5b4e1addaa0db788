#!/usr/bin/env bash
# One would expect toArray() of a column in JavaScript's Apache Arrow to show that an image has no label, as its iterator,
# get() and toJSON() do with null, and as toArray() itself does for texts and booleans. For numbers it hands out the memory
# under the column and leaves the bits that mark missing values unread. What stands there is what the writer happened to put:
# pandas' nullable numbers leave a 1, pyarrow and JavaScript a 0. Images that nobody has labelled so become class 0 or class
# 1, by the library that wrote the file, and the length, the type and nullCount are as they should be. A measure in a browser
# or a training by TensorFlow.js takes them for labels; a missing probability is 0.
# Make the array by iterating, Array.from(column), or look at nullCount first.
# Seen with apache-arrow 21.2.0 on Node 20, pyarrow 26.0.1, pandas 3.1.1, 1 December 2026. Source:
# https://github.com/apache/arrow-js/issues/105
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6
cd "$work"
npm install --silent --no-audit --no-fund apache-arrow@21.2.0
cat >read.cjs <<'JAVASCRIPT'
const fs = require("fs");
const arrow = require("apache-arrow");

const found = { version: JSON.parse(fs.readFileSync("node_modules/apache-arrow/package.json")).version };
for (const name of ["pandas", "pyarrow"]) {
  const column = arrow.tableFromIPC(fs.readFileSync(`${name}.arrow`)).getChild("label");
  found[name] = { nullCount: column.nullCount, array: Array.from(column.toArray()), iterated: Array.from(column) };
}
const own = arrow.vectorFromArray([2, null, 0, null, 1, null], new arrow.Int32());
found.JavaScript = { nullCount: own.nullCount, array: Array.from(own.toArray()), iterated: Array.from(own) };
const texts = arrow.vectorFromArray(["cat", null]);
const flags = arrow.vectorFromArray([true, null], new arrow.Bool());
found.others = [Array.from(texts.toArray()), Array.from(flags.toArray())];
console.log(JSON.stringify(found));
JAVASCRIPT
venv/bin/python -W error - <<'PYTHON'
import json
import subprocess

import pandas as pd
import pyarrow as pa

labels = [2, None, 0, None, 1, None]
columns = {
    "pandas": pa.Table.from_pandas(pd.DataFrame({"label": pd.array(labels, dtype="Int32")})),
    "pyarrow": pa.table({"label": pa.array(labels, pa.int32())}),
}
for name, table in columns.items():
    assert table["label"].to_pylist() == labels
    with pa.OSFile(f"{name}.arrow", "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
found = json.loads(subprocess.run(["node", "read.cjs"], check=True, capture_output=True, text=True).stdout)
print("apache-arrow", found["version"], "pyarrow", pa.__version__, "pandas", pd.__version__)
print("labels:", labels)
for name, missing in (("pandas", 1), ("pyarrow", 0), ("JavaScript", 0)):
    one = found[name]
    print(f"written by {name}: toArray {one['array']}, iterated {one['iterated']}, nullCount {one['nullCount']}")
    assert one["iterated"] == labels and one["nullCount"] == 3
    assert one["array"] == [missing if label is None else label for label in labels]
print("toArray of texts and of booleans:", *found["others"])
assert found["others"] == [["cat", None], [True, None]]
PYTHON
