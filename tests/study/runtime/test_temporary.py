import os
import signal
import subprocess
import sys
import time

import pytest
from helpers import QUICK, ROOT

from study.runtime import temporary

GONE = 2**22 + 1  # above the largest number of a process on Linux


def left(folder, name, hours):
    path = folder / name
    path.mkdir()
    (path / "x").write_text("x")
    os.utime(path, (time.time() - 3600 * hours,) * 2)
    return path


def test_only_what_gone_processes_left_is_swept(tmp_path):
    alive = left(tmp_path, f"{temporary.UNFINISHED}{os.getpid()}-a", 1000)
    fresh = left(tmp_path, f"{temporary.UNFINISHED}{GONE}-b", 0.5)
    mine = left(tmp_path, "20260101-000000-lenet", 1000)
    for name in (f"{GONE}-c", "of-an-earlier-version"):
        left(tmp_path, temporary.UNFINISHED + name, 2)
    made = temporary.unfinished(tmp_path)
    assert set(tmp_path.iterdir()) == {alive, fresh, mine, made}


def training(tmp_path, toy):
    """A training as a process of its own, its temporary files in a folder of the test, once it is under way."""
    (tmp_path / "tmp").mkdir()
    words = ("train", "--data", toy, *QUICK, "--epochs", "5000", "--patience", "0", "--runs", tmp_path / "runs")
    process = subprocess.Popen(
        [sys.executable, "main.py", *map(str, words)],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if "epoch" in line and "val_loss" in line:
            break
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal")
def test_sigterm_ends_a_training_as_ctrl_c_does_and_leaves_nothing(tmp_path, toy):
    process = training(tmp_path, toy)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "stopped; nothing was left half-written. To begin again: python main.py train" in said
    assert list((tmp_path / "runs").iterdir()) == []
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_what_a_killed_training_leaves_lies_in_one_folder_that_a_later_start_sweeps(tmp_path, toy):
    process = training(tmp_path, toy)
    process.kill()
    process.communicate(timeout=60)
    (folder,) = (tmp_path / "tmp").iterdir()
    assert folder.name.startswith(f"{temporary.PREFIX}{process.pid}-")
    os.utime(folder, (time.time() - 7200,) * 2)
    temporary.sweep(tmp_path / "tmp", temporary.PREFIX)
    assert list((tmp_path / "tmp").iterdir()) == []
