"""Where a file may be written: told before the work."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT, message

from study.pages.render import render
from study.runtime import output

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def test_a_dash_is_no_file_for_standard_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = message(output.writable_file, "-", "--csv")
    assert told == "--csv takes a file. Received: -; for a result on standard output give --json."
    assert not list(tmp_path.iterdir())


@POSIX
@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_file_is_refused_before_any_work_and_stays(kind, linked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket has to be short
    there = Path("/dev/null") if kind == "device" else Path("there.csv")
    if kind == "pipe":
        os.mkfifo(there)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(there))
    path = Path("linked.csv") if linked else there
    if linked:
        path.symlink_to(there)
    told = message(output.writable_file, str(path), "--csv")
    assert told == f"--csv {path} is no file but a {kind}: give --csv a file."
    assert not output.is_replaceable_page(path)
    before = there.stat()
    assert message(output.write_csv, path, ["path"], []) == (
        f"Cannot write {path}: it is no file but a {kind}. Give another place."
    )
    assert (path.is_symlink(), os.path.samestat(there.stat(), before)) == (linked, True)


CALLED = """
import sys
from errors import UserError
from study.pages.render import render
from study.runtime import output
try:
    output.writable_file(sys.argv[1], "--csv")
except UserError as error:
    print(error, file=sys.stderr)
"""


@POSIX
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_standard_output_is_refused_whatever_it_is_led_into(name, tmp_path):
    def told(out, path):
        ran = subprocess.run([sys.executable, "-c", CALLED, path], cwd=ROOT, stdout=out, stderr=subprocess.PIPE)
        return ran.stderr.decode()

    assert told(subprocess.PIPE, name) == f"--csv {name} is no file but a pipe: give --csv a file.\n"
    screen = tmp_path / "printed.txt"
    for path in (name, str(screen)):
        with screen.open("w") as out:
            said = f"--csv {path} is where the printed lines go, which would be lost. Give another file.\n"
            assert told(out, path) == said


@POSIX
@pytest.mark.parametrize("there", [False, True])
def test_of_a_link_the_file_that_it_leads_to_is_written(there, tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "answers.csv", tmp_path / "link.csv"
    (tmp_path / "between.csv").symlink_to("far/answers.csv")
    link.symlink_to("between.csv")
    if there:
        target.write_text("before")
        target.chmod(0o640)
    assert output.writable_file(str(link), "--csv") == link
    output.write_csv(link, ["path"], [["a.jpg"]])
    assert link.is_symlink()
    assert target.read_text() == "path\na.jpg\n"
    assert not there or target.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in target.parent.iterdir()] == ["answers.csv"]


@POSIX
def test_a_link_that_leads_nowhere_one_could_write_is_told_at_once(tmp_path):
    (tmp_path / "round.csv").symlink_to("round.csv")
    (tmp_path / "lost.csv").symlink_to("none/answers.csv")
    (tmp_path / "folder.csv").symlink_to(".")
    for name in ("round.csv", "lost.csv", "folder.csv"):
        path = tmp_path / name
        told = f"Cannot write --csv {path}: give a file in a folder that exists and can be written."
        assert message(output.writable_file, str(path), "--csv") == told


@pytest.mark.parametrize("name", ["report.html", "new.html", "finder/new.html"])
@pytest.mark.parametrize("linked", [False, True])
def test_nothing_is_written_into_a_run_folder(name, linked, tmp_path):
    run, beside = tmp_path / "runs" / "20260101-000000-original", tmp_path / "runs" / "answers.html"
    (run / "finder").mkdir(parents=True)
    (run / "run.json").write_text("{}")
    (run / "report.html").write_text(render("base.html.jinja"))
    path = run / name
    if linked:
        (tmp_path / "link").symlink_to(path.parent)
        path = tmp_path / "link" / path.name
    for writable, flag in ((output.writable_page, "--page"), (output.writable_file, "--csv")):
        told = f"{flag} {path} lies within {run}, a run folder, which stays as it is. Give a file elsewhere."
        assert message(writable, str(path), flag) == told
        assert writable(str(beside), flag) == beside


UNDER_JSON = """
import sys
from errors import UserError
from study.pages.render import render
from study.runtime import output
from study.runtime.streams import kept_free
with kept_free(True):
    try:
        output.writable_file(sys.argv[1], "--csv")
    except UserError as error:
        print(error, file=sys.stderr)
"""


@POSIX
def test_under_json_the_file_that_the_object_goes_to_is_refused(tmp_path):
    screen = tmp_path / "object.json"
    with screen.open("w") as out:
        ran = subprocess.run([sys.executable, "-c", UNDER_JSON, screen], cwd=ROOT, stdout=out, stderr=subprocess.PIPE)
    assert ran.stderr.decode() == (
        f"--csv {screen} is where the printed lines go, which would be lost. Give another file.\n"
    )
