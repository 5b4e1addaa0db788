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
    mine = {left(tmp_path, name, 1000) for name in ("20260101-000000-lenet", f"{temporary.UNFINISHED}notes")}
    left(tmp_path, f"{temporary.UNFINISHED}{GONE}-c", 2)
    made = temporary.unfinished(tmp_path)
    assert set(tmp_path.iterdir()) == {alive, fresh, *mine, made}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")
def test_a_plain_kill_ends_a_training_as_ctrl_c_does_and_leaves_its_checkpoint_alone(tmp_path, toy):
    (tmp_path / "tmp").mkdir()
    words = ("train", "--data", toy, *QUICK, "--epochs", "5000", "--patience", "0", "--runs", tmp_path / "runs")
    process = started(tmp_path, "main.py", *words)
    for line in process.stdout:
        if "epoch" in line and "val_loss" in line:
            break
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "stopped; what was done is kept. To go on: python main.py train --resume" in said
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [".unfinished"]
    assert list((tmp_path / "tmp").iterdir()) == []


def started(tmp_path, *words):
    """A Python process of its own, its temporary files in a folder of the test."""
    environment = os.environ | {"TMPDIR": str(tmp_path / "tmp")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, *map(str, words)], cwd=ROOT, env=environment, **pipes)


BUSY = """
import tempfile, time
from study.runtime import temporary
temporary.use_own_folder()
tempfile.NamedTemporaryFile(delete=False).write(b"as TensorFlow does")
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_what_a_killed_process_leaves_lies_in_one_folder_that_a_later_start_sweeps(tmp_path):
    (tmp_path / "tmp").mkdir()
    process = started(tmp_path, "-c", BUSY)
    assert process.stdout.readline() == "ready\n"
    process.kill()
    process.communicate(timeout=60)
    (folder,) = (tmp_path / "tmp").iterdir()
    assert folder.name.startswith(f"{temporary.PREFIX}{process.pid}-")
    assert len(list(folder.iterdir())) == 1
    os.utime(folder, (time.time() - 7200,) * 2)
    temporary.sweep(tmp_path / "tmp", temporary.PREFIX)
    assert list((tmp_path / "tmp").iterdir()) == []


KILLED = """
import signal
import main
{before}
main.end_cleanly_on_signals()
try:
    signal.raise_signal(signal.{name})
    print("ignored")
except main.Terminated as stop:
    print("ended", int(stop.args[0]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("name", "before", "told"),
    [
        ("SIGTERM", "", "ended 15\n"),
        ("SIGHUP", "", "ended 1\n"),
        ("SIGHUP", "signal.signal(signal.SIGHUP, signal.SIG_IGN)", "ignored\n"),  # by nohup
    ],
)
def test_a_closed_terminal_ends_a_command_too_but_where_it_is_ignored(name, before, told, tmp_path):
    out, said = started(tmp_path, "-c", KILLED.format(name=name, before=before)).communicate(timeout=60)
    assert (out, said) == (told, "")
