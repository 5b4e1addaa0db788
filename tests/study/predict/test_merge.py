"""`predict --shard` and `--merge`: together they are the table that was never divided, and less is refused."""

import contextlib
import sqlite3

import numpy as np
import pytest
from helpers import call, make_toy
from run_files import shares, table

from study.predict.progress import beside


@pytest.fixture
def photos(tmp_path):
    """Twelve images, one of them damaged."""
    folder = make_toy(tmp_path / "photos", 4, first=500)
    (folder / "square" / "501.png").write_bytes(b"junk")
    return folder


def shard(run, photos, csv, part, *more):
    ran = call("predict", "--run", run, photos, "--csv", csv, "--shard", part, *more)
    assert ran.code in (0, 2), ran.err
    return csv


@pytest.fixture
def shards(run, photos, tmp_path):
    return [shard(run, photos, tmp_path / f"part-{number}.csv", f"{number}/3") for number in (1, 2, 3)]


def merged(*words):
    return call("predict", "--merge", *words)


def refused(ran, told):
    assert (ran.code, ran.err) == (2, f"error: {told}\n")


def test_shards_together_are_the_table_that_was_never_divided(run, photos, shards, tmp_path):
    call("predict", "--run", run, photos, "--csv", tmp_path / "plain.csv")
    ran = merged(*reversed(shards), "--csv", tmp_path / "out.csv")
    assert (ran.code, ran.out) == (0, f"{tmp_path / 'out.csv'}: 12 rows of 3 shards, 1 file(s) could not be used\n")
    plain, rows = table(tmp_path / "plain.csv"), table(tmp_path / "out.csv")
    texts = ("path", "predicted", "error", "verdict")
    assert [[row[name] for name in texts] for row in rows] == [[row[name] for name in texts] for row in plain]
    for row, expected in zip(rows, plain, strict=True):
        if not row["error"]:
            np.testing.assert_allclose(shares(row), shares(expected), atol=2e-6)


def test_a_shard_without_an_image_is_an_empty_table(run, toy, tmp_path):
    one = [toy / "circle" / "0.png"]
    parts = [shard(run, one[0], tmp_path / f"{number}.csv", f"{number}/2") for number in (1, 2)]
    assert sorted(len(table(part)) for part in parts) == [0, 1]
    assert merged(*parts, "--csv", tmp_path / "out.csv").code == 0
    assert [row["path"] for row in table(tmp_path / "out.csv")] == [str(one[0])]


def test_less_or_more_than_all_shards_once_is_refused(shards, tmp_path):
    one, two, three = shards
    out = ("--csv", tmp_path / "out.csv")
    refused(merged(one, three, *out), "1 of 3 shards are missing: 2/3. Give the tables of all.")
    again = tmp_path / "again.csv"
    for path in tmp_path.glob("part-1.csv*"):
        (tmp_path / path.name.replace("part-1", "again")).write_bytes(path.read_bytes())
    refused(merged(one, again, two, three, *out), f"{one} and {again} are both shard 1/3: give one.")
    (tmp_path / "part-2.csv.progress").unlink()
    told = "has no part-2.csv.progress beside it, which says what it is of: predict --shard K/N --csv writes both."
    refused(merged(*shards, *out), f"{two} {told}")
    told = "is one of the shards. Give another --csv FILE."
    refused(merged(one, three, "--csv", one), f"--merge writes a new table, and {one} {told}")
    assert not (tmp_path / "out.csv").exists()


def test_shards_that_do_not_belong_together_are_refused(run, photos, shards, tmp_path, judging):
    one, _, three = shards
    out, other = ("--csv", tmp_path / "out.csv"), judging(limit=0.5)
    strange = shard(other, photos, tmp_path / "strange.csv", "2/3")
    told = f"{one} and {strange} are of different runs: {run} and {other}. Merge shards of one run."
    refused(merged(one, strange, three, *out), told)
    flipped = shard(run, photos, tmp_path / "flipped.csv", "2/3", "--tta", "flip")
    refused(merged(one, flipped, three, *out), f"{one} and {flipped} differ: --tta none and --tta flip.")
    half = shard(run, photos, tmp_path / "half.csv", "2/2")
    told = f"{one} and {half} are shards of 3 and of 2. Merge shards of one division."
    refused(merged(one, half, *out), told)
    make_toy(photos, 1, first=900)
    later = shard(run, photos, tmp_path / "later.csv", "2/3")
    told = "12 and 15 in all: predict again with --resume, the same paths and the same files."
    refused(merged(one, later, three, *out), f"{one} and {later} were made of different files, {told}")


def test_a_flag_that_merge_does_not_heed_is_refused(shards, run, tmp_path):
    told = "--merge predicts nothing, and --tta flip changes nothing in it: leave one of the two out."
    refused(merged(*shards, "--csv", tmp_path / "out.csv", "--tta", "flip"), told)
    told = "--merge takes the tables of all shards, and --csv FILE for the new one. Received: no --csv."
    refused(merged(*shards), told)


@pytest.mark.parametrize(
    "harm",
    [
        'UPDATE facts SET value = \'{"files": "x", "digest": 3}\' WHERE name = \'finished\'',
        "UPDATE facts SET value = '[1, 2]' WHERE name = 'columns'",
        "DELETE FROM facts WHERE name = 'tta'",
    ],
)
def test_a_shard_that_is_damaged_is_told_in_one_line(harm, shards, tmp_path):
    harmed = beside(shards[1])
    with contextlib.closing(sqlite3.connect(harmed)) as base, base:
        base.execute(harm)
    refused(merged(*shards, "--csv", tmp_path / "out.csv"), f"{harmed} is damaged: predict for that shard again.")


def test_rows_that_are_missing_are_counted(shards, tmp_path):
    lost = 0  # a shard may have no row: paths are divided by their hash
    for shard in shards:
        with contextlib.closing(sqlite3.connect(beside(shard))) as base, base:
            lost = lost or base.execute("DELETE FROM rows").rowcount
    told = f"The shards have {12 - lost} rows, 0 of them for a file that another has, and 12 files were predicted for"
    refused(
        merged(*shards, "--csv", tmp_path / "out.csv"), f"{told}: predict for each shard again, with the same paths."
    )
