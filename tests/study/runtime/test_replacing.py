import errno
import os
import subprocess
import sys
import time

import pytest
from helpers import ROOT, message

from study.runtime import output


def test_a_table_takes_the_place_of_an_earlier_one(tmp_path):
    table = tmp_path / "answers.csv"
    table.write_text("before")
    table.chmod(0o640)
    output.write_csv(table, ["path", "class"], [["a.jpg", "cat"]])
    assert table.read_text() == "path,class\na.jpg,cat\n"
    assert table.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [table]


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
def test_whatever_goes_wrong_leaves_what_was_there(tmp_path, error):
    table = tmp_path / "answers.csv"
    table.write_text("before")

    def rows():
        yield ["a.jpg", "cat"]
        raise error

    with pytest.raises(BaseException):  # noqa: B017, PT011 - which one is not the point here
        output.write_csv(table, ["path", "class"], rows())
    assert table.read_text() == "before"
    assert list(tmp_path.iterdir()) == [table]


def test_a_full_disk_is_named_and_what_was_there_is_kept(tmp_path):
    table = tmp_path / "answers.csv"
    table.write_text("before")

    def rows():
        yield ["a.jpg", "cat"]
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert message(output.write_csv, table, ["path", "class"], rows()) == (
        f"Cannot write {table}: the disk is full. What was there before is unchanged. Free some space, or give another "
        "place."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
def test_a_disk_that_really_takes_no_more_keeps_the_earlier_table(tmp_path):
    table = tmp_path / "answers.csv"
    table.write_text("before")
    code = """
import resource, signal, sys
from pathlib import Path
from errors import UserError
from study.runtime import output
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    output.write_csv(Path(sys.argv[1]), ["path"], [["x" * 100]] * 5000)
except UserError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", code, table], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith(f"Cannot write {table}: the disk is full. What was there before is unchanged.")
    assert table.read_text() == "before"
    assert list(tmp_path.iterdir()) == [table]


def test_what_killed_processes_left_beside_a_table_is_swept_and_what_looks_alike_stays(tmp_path):
    gone, alive, long_ago = 2**22 + 1, os.getpid(), (time.time() - 7200,) * 2
    left = {name: tmp_path / f".unfinished-{name}" for name in (f"{gone}-{'a' * 32}", f"{alive}-{'b' * 32}")}
    left |= {name: tmp_path / f".unfinished-{name}" for name in (f"{gone}-notes", "notes", f"{gone}-{'C' * 32}")}
    for path in left.values():
        path.write_text("half")
        os.utime(path, long_ago)
    fresh = tmp_path / f".unfinished-{gone}-{'d' * 32}"
    fresh.write_text("half")
    table = tmp_path / "answers.csv"
    output.write_csv(table, ["path", "class"], [["a.jpg", "cat"]])
    swept = left.pop(f"{gone}-{'a' * 32}")
    assert not swept.exists()
    assert set(tmp_path.iterdir()) == {table, fresh, *left.values()}


KILLED = """
import os, signal, sys
from pathlib import Path
from study.runtime import output

def rows():
    yield ["a.jpg", "cat"]
    os.kill(os.getpid(), signal.SIGKILL)

output.write_csv(Path(sys.argv[1]), ["path", "class"], rows())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_kill_in_the_middle_of_writing_leaves_nothing_that_a_later_start_does_not_sweep(tmp_path):
    table = tmp_path / "answers.csv"
    subprocess.run([sys.executable, "-c", KILLED, str(table)], cwd=ROOT, check=False)
    (half,) = tmp_path.iterdir()
    os.utime(half, (time.time() - 7200,) * 2)
    output.write_csv(table, ["path", "class"], [["a.jpg", "cat"]])
    assert list(tmp_path.iterdir()) == [table]
