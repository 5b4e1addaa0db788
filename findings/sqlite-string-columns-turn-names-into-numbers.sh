#!/usr/bin/env bash
# One would expect a column of SQLite that was declared STRING to hold texts. SQLite takes CHAR, CLOB and TEXT for texts, and
# a type that it does not know, as STRING, for a number where the value looks like one: "0001" is stored as 1, "1.0" as 1,
# "12e5" as 1200000. That happens when a row is written, so no reader can undo it, and Python's sqlite3 gives a number back.
# Names made of hashes suffer most: of those of 8 hexadecimal digits about one in a hundred has nothing but digits and an "e",
# and becomes a huge number or infinity, under which different images are one. Joined by name with what another table or a folder
# calls "0001", the rows drop out, and classes called "01" and "1" are one. No warning.
# Declare TEXT, or make the table STRICT, which refuses STRING. pandas' to_sql writes TEXT.
# Seen with Python 3.11's sqlite3 and SQLite 3.40.1, pandas 3.1.1, 30 November 2026. Source: section 3.1 of
# https://www.sqlite.org/datatype3.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 numpy==2.4.6
cd "$work"
venv/bin/python -W error - <<'PYTHON'
import hashlib
import sqlite3

import pandas as pd

IMAGES = 20000
names = sorted({hashlib.sha256(str(number).encode()).hexdigest()[:8] for number in range(IMAGES)})


def stored(kind, values):
    """Write values into a column of a type and return what comes back."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE images (name {kind})")
    connection.executemany("INSERT INTO images VALUES (?)", [(value,) for value in values])
    return [value for value, in connection.execute("SELECT name FROM images ORDER BY rowid")]


print("SQLite", sqlite3.sqlite_version, "pandas", pd.__version__)
few = ["cat", "0001", "01", "1", "1.0", "12e5", "1200000", "7e999", "8e999", "0x10"]
print("written:", few)
print("STRING: ", stored("STRING", few))
assert stored("TEXT", few) == stored("VARCHAR(20)", few) == few
infinity = float("inf")
assert stored("STRING", few) == ["cat", 1, 1, 1, 1, 1200000, 1200000, infinity, infinity, "0x10"]
for kind in ("STRING", "TEXT"):
    found = stored(kind, names)
    lost = [name for name, value in zip(names, found, strict=True) if value != name]
    shown = {name: value for name, value in zip(names, found, strict=True) if value != name and "e" in name}
    print(f"{len(names)} hashes as {kind}: {len(lost)} other than written, {len(set(found))} different, such as",
          dict(list(shown.items())[-5:]))
    if kind == "TEXT":
        assert lost == [] and len(set(found)) == len(names)
    else:
        assert len(shown) > 150 and len(set(found)) < len(names) - 100
connection = sqlite3.connect(":memory:")
try:
    connection.execute("CREATE TABLE images (name STRING) STRICT")
    raise SystemExit("STRICT took STRING")
except sqlite3.OperationalError as error:
    print("STRICT refuses:", error)
pd.DataFrame({"name": few}).to_sql("images", connection, index=False)
assert [value for value, in connection.execute("SELECT name FROM images")] == few
PYTHON
