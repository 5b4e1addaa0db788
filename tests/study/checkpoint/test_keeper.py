"""When a checkpoint is written, what a signal does, and what a full disk does."""

import errno
import os
import re
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from another_user import UNIX, may_only_read, shared_place
from helpers import ROOT, message

from errors import UserError
from study.checkpoint import unfinished
from study.checkpoint.comparison import differences, remedy
from study.checkpoint.files import Checkpoint, files_of
from study.checkpoint.keeper import Keeper, RepeatedError
from study.checkpoint.unfinished import FOLDER, Unfinished, discard, find, found_in, load
from study.runtime.signals import Stopped

ASKED = {
    "model": "original",
    "begun": "2026-01-01T00:00:00+00:00",
    "flags": {"epochs": "3"},
    "settings": {"epochs": 3},
    "data": "d",
    "program": "p",
    "versions": {"keras": "3"},
}


def keeper(runs, minutes=10.0, found=None):
    return Keeper(Unfinished(runs, ASKED, found, lambda name: f"go on with {name}"), minutes)


def state(epoch=1):
    outcomes, standing = [], {"phase": 0, "epoch": epoch, "iteration": 0}
    return Checkpoint({"outcomes": outcomes, "standing": standing}, {"model": [np.zeros(3, np.float32)]})


def test_nothing_is_made_before_the_first_checkpoint_and_nothing_is_left_at_the_end(tmp_path):
    kept = keeper(tmp_path)
    assert list(tmp_path.iterdir()) == []
    kept.write(state)
    (found,) = found_in(tmp_path)
    assert (found.busy, found.place(), found.asked["flags"]) == (True, "after epoch 1", {"epochs": "3"})
    kept.unfinished.remove()
    assert list(tmp_path.iterdir()) == []


def test_the_time_before_a_stop_counts(tmp_path):
    kept = keeper(tmp_path)
    kept.write(state)
    (found,) = found_in(tmp_path)
    first = load(found)[0]
    assert 0 <= first.state["seconds"] < 5
    again = Keeper(kept.unfinished, 10.0, replace(first, state={**first.state, "seconds": 1000.0}))
    again.write(state)
    assert again.earlier == 1000 <= load(found)[0].state["seconds"] < 1005
    kept.unfinished.remove()


def test_writing_takes_a_hundredth_of_the_time_and_within_an_epoch_minutes_pass(tmp_path):
    kept = keeper(tmp_path, minutes=10)
    kept.cost = 0.5
    kept.written = time.monotonic() - 49
    assert not kept.due(0, within_epoch=False)
    kept.written = time.monotonic() - 51
    assert kept.due(0, within_epoch=False)
    assert not kept.due(0, within_epoch=True)
    kept.written = time.monotonic() - 601
    assert kept.due(0, within_epoch=True)
    off = keeper(tmp_path, minutes=0)
    off.written = 0
    assert not off.due(0, within_epoch=False)


def test_before_the_first_one_its_size_says_what_it_may_cost(tmp_path):
    kept = keeper(tmp_path)
    kept.written = time.monotonic() - 60
    assert kept.due(1_000_000, within_epoch=False)
    assert not kept.due(1_000_000_000, within_epoch=False)


PROCESS = """
import os, signal, sys
from pathlib import Path
import numpy as np
from study.checkpoint.files import Checkpoint
from study.checkpoint.keeper import Keeper
from study.checkpoint.unfinished import Unfinished
from study.runtime.signals import Stopped

number, twice = getattr(signal, sys.argv[2]), sys.argv[3] == "twice"
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin by ignoring it
before = signal.getsignal(number)
asked = {"model": "m", "flags": {}, "settings": {}, "data": "", "program": "", "versions": {}}
kept = Keeper(Unfinished(Path(sys.argv[1]), asked, None, lambda name: f"go on with {name}"), 10.0)
try:
    with kept.watching():
        print(kept.due(0, within_epoch=True))
        os.kill(os.getpid(), number)
        if twice:
            os.kill(os.getpid(), number)
        print(kept.due(0, within_epoch=True))
        kept.write(lambda: Checkpoint({"outcomes": [], "standing": None}, {"model": [np.zeros(3)]}))
        kept.stop_if_asked()
except Stopped as stopped:
    print(stopped.args == (number,), stopped.resume or "nothing", signal.getsignal(number) is before)
"""


def signalled(folder, *words):
    """What a process prints that sends itself a signal: this one might be one that runs all tests."""
    ran = subprocess.run([sys.executable, "-c", PROCESS, folder, *words], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines(), ran.stderr


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_waits_for_the_checkpoint_and_tells_how_to_go_on(tmp_path, name):
    lines, said = signalled(tmp_path, name, "once")
    (folder,) = (tmp_path / FOLDER).iterdir()
    assert lines == ["False", "True", f"True go on with {folder.name} True"]
    assert "stopping after this iteration" in said


WRITING = """
import io, os, signal, sys
from pathlib import Path
from study.checkpoint.keeper import Keeper
from study.checkpoint.unfinished import Unfinished


class Busy(io.TextIOBase):
    inside = False

    def write(self, text):
        if self.inside:
            raise RuntimeError("reentrant call")  # as Python's own buffered streams do
        self.inside = True
        os.kill(os.getpid(), signal.SIGTERM)
        self.inside = False
        return len(text)


kept = Keeper(Unfinished(Path(sys.argv[1]), {}, None, str), 10.0)
screen, sys.stderr = sys.stderr, Busy()
with kept.watching():
    sys.stderr.write("an epoch's line")
sys.stderr = screen
print(kept.signal == signal.SIGTERM)
"""


def test_a_signal_while_a_line_is_written_is_no_error(tmp_path):
    ran = subprocess.run([sys.executable, "-c", WRITING, tmp_path], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "True\n"), ran.stderr
    assert "stopping after this iteration" in ran.stderr


def test_a_second_signal_stops_at_once(tmp_path):
    lines, _ = signalled(tmp_path, "SIGINT", "twice")
    assert lines == ["False", "True nothing True"]
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_once_and_the_training_goes_on(tmp_path, capsys):
    kept = keeper(tmp_path)
    (tmp_path / FOLDER).write_text("in the way")
    kept.write(state)
    kept.write(state)
    assert capsys.readouterr().out.count("no checkpoint could be written") == 1
    kept.stop_if_asked()


def test_what_ends_a_training_later_tells_of_what_is_kept(tmp_path):
    kept = keeper(tmp_path)
    with pytest.raises(UserError, match=r"^full\.$"), kept.naming_it():
        raise UserError("full.")
    kept.write(state)
    name = kept.unfinished.folder.name
    with pytest.raises(UserError, match=f"^full. What was learned is kept: go on with {name}$"), kept.naming_it():
        raise UserError("full.")
    assert not next(found_in(tmp_path)).diverged
    told = f"^diverged. What was learned is kept: go on with {name} --keep-diverged$"
    with pytest.raises(UserError, match=told), kept.naming_it():
        raise RepeatedError("diverged.", "--keep-diverged")
    (found,) = found_in(tmp_path)
    assert found.diverged
    with pytest.raises(Stopped) as stopped, kept.naming_it():
        raise KeyboardInterrupt
    assert stopped.value.resume == f"go on with {name}"


def test_one_process_at_a_time_goes_on(tmp_path):
    kept = keeper(tmp_path)
    kept.write(state)
    (found,) = found_in(tmp_path)
    with pytest.raises(UserError, match="A training is at work on"):
        keeper(tmp_path, found=found)
    kept.unfinished._lock.release()
    again = keeper(tmp_path, found=found)
    again.write(lambda: state(2))
    assert load(found)[0].state["standing"]["epoch"] == 2
    assert len(files_of(found.folder)) == 2


def test_one_that_lies_elsewhere_is_named_by_its_path(tmp_path):
    kept = keeper(tmp_path / "there")
    kept.write(state)
    assert kept.unfinished.command() == f"go on with {kept.unfinished.folder.name}"
    kept.unfinished._lock.release()
    (there,) = found_in(tmp_path / "there")
    again = keeper(tmp_path / "here", found=there)
    assert again.unfinished.command() == f"go on with {there.folder}"
    assert find(str(there.folder), tmp_path / "here").folder == there.folder


def test_differences_are_named():
    now = {**ASKED, "settings": {"epochs": 5}, "data": "e", "program": "q", "versions": {"keras": "4"}}
    assert differences(ASKED, ASKED, str) == []
    assert differences(ASKED, now, lambda name: f"--{name}") == [
        "--epochs was 3 and is 5",
        "the images, their labels or their split have changed",
        "keras was 3 and is 4",
        "the program has changed",
    ]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"settings": {"epochs": 5}, "flags": {"epochs": "5"}}, "Leave out --epochs"),
        ({"data": "e"}, "Put the images, their labels and their split back as they were"),
        (
            {"data": "e", "settings": {"epochs": 5}},  # which no flag asked for
            "Put the images, their labels and their split back as they were",
        ),
        ({"versions": {"keras": "4"}}, "Install what there was then (python -m pip install keras==3)"),
        ({"program": "q"}, "Take the program as it was then"),
        (
            {"settings": {"epochs": 5}, "flags": {"epochs": "5"}, "program": "q"},
            "Leave out --epochs and take the program as it was then",
        ),
        ({"settings": {"epochs": 5}}, "Give --epochs 3"),
    ],
)
def test_the_remedy_is_for_what_differs(changed, told):
    assert remedy(ASKED, {**ASKED, **changed}, lambda name: f"--{name}") == told


@pytest.mark.parametrize("absolute", [True, False])
def test_a_path_that_is_none_is_not_told_that_a_path_would_do(absolute, tmp_path):
    path = str(tmp_path / "spring") if absolute else "elsewhere/spring"
    with pytest.raises(UserError, match=rf"there is none\. Received: {re.escape(path)}$"):
        find(path, tmp_path)


def test_a_name_that_is_none_and_a_folder_that_cannot_be_read(tmp_path):
    with pytest.raises(
        UserError, match=r"there is none\. Received: spring; one in another folder of runs is found by --runs DIR"
    ):
        find("spring", tmp_path)
    kept = keeper(tmp_path)
    kept.write(state)
    with pytest.raises(UserError, match=f"there are {kept.unfinished.folder.name}. Received: spring"):
        find("spring", tmp_path)
    for text in ("{", "[]", '{"schema": 1}', '{"schema": 2}'):
        (kept.unfinished.folder / unfinished.ASKED).write_text(text)
        with pytest.raises(UserError, match="cannot be read"):
            find(kept.unfinished.folder.name, tmp_path)
        assert list(found_in(tmp_path)) == []


def test_what_killed_processes_left_without_a_checkpoint_is_swept(tmp_path):
    base = tmp_path / FOLDER
    for name in ("20260101-000000-original", ".unfinished-999999999-x"):
        (base / name).mkdir(parents=True)
        (base / name / unfinished.ASKED).write_text("{}")
        os.utime(base / name, (0, 0))
    kept = keeper(tmp_path)
    kept.write(state)
    assert list(base.iterdir()) == [kept.unfinished.folder]


def test_without_a_whole_checkpoint_there_is_nothing_to_go_on_from(tmp_path):
    kept = keeper(tmp_path)
    kept.write(state)
    (found,) = found_in(tmp_path)
    for path in files_of(found.folder):
        path.write_bytes(b"")
    with pytest.raises(UserError, match="has no checkpoint to go on from"):
        load(found)
    discard(found.folder)
    assert not found.folder.exists()


@UNIX
def test_nobody_goes_on_in_a_folder_of_somebody_else_and_it_is_said_how():
    with shared_place() as runs:
        kept = keeper(runs)
        kept.write(state)
        kept.unfinished._lock.release()
        (found,) = found_in(runs)
        lock = found.folder / unfinished.LOCK
        lock.touch(0o444)
        lock.chmod(0o444)
        with may_only_read(found.folder), pytest.raises(UserError) as told:
            keeper(runs, found=found)
        would_do = "Copy it and give the copy to --resume, or train without --resume."
        assert str(told.value) == f"Cannot write to {found.folder}: Permission denied. {would_do}"


def without_locks(monkeypatch):
    def flock(*arguments):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(pytest.importorskip("fcntl", reason="Windows locks otherwise"), "flock", flock)


def test_where_there_are_no_locks_nothing_is_kept_and_the_training_goes_on(tmp_path, monkeypatch, capsys):
    kept = keeper(tmp_path)
    without_locks(monkeypatch)
    kept.write(state)
    kept.write(state)
    out = capsys.readouterr().out.replace("\n", "")
    assert out.count("its file system has no locks (Function not implemented); training goes on") == 1
    assert list(tmp_path.rglob("*.*z")) == []
    assert kept.unfinished.command() == ""


def test_where_there_are_no_locks_nobody_goes_on_with_what_was_kept(tmp_path, monkeypatch):
    kept = keeper(tmp_path)
    kept.write(state)
    (path,) = files_of(kept.unfinished.folder)
    without_locks(monkeypatch)
    folder = kept.unfinished.folder
    assert message(Unfinished, tmp_path, ASKED, find(folder.name, tmp_path), lambda name: name) == (
        f"{folder} cannot be kept to one process: its file system has no locks (Function not implemented). Copy it "
        "to a disk of this computer to go on, or train without --resume."
    )
    assert path.is_file()
