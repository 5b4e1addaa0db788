"""`serve`: what it refuses, how it ends, and that the small install is enough."""

import json
import re
import shutil
import signal
import socket
import sys

import pytest
from helpers import call, fails
from hostile import FORM
from run_files import run_info
from serving import JPEG, picture, received, serving, wait_until

HIDING = """
import importlib.machinery
HIDDEN, found = {"tensorflow", "keras", "sklearn", "scipy", "optuna"}, importlib.machinery.PathFinder.find_spec
importlib.machinery.PathFinder.find_spec = classmethod(
    lambda cls, name, *rest: None if name.partition(".")[0] in HIDDEN else found(name, *rest)
)
"""


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--host", "0.0.0.0"), "--host 0.0.0.0 lets others in, which takes a token: set STUDY_SERVE_TOKEN or give "),
        (("--token", "short"), "A token has at least 16 letters, digits or signs of ASCII, and no space. Received: 5 "),
        (("--port", "65536"), "--port takes 0 to 65,535. Received: 65536"),
        (("--max-mb", "0"), "--max-mb takes 1 to 1,024. Received: 0"),
        (("--language", "fr"), "--language takes en, ja. Received: fr"),
        (("another",), "serve takes one run. Received: "),
        (("--host", "no.such.host.invalid", "--token", "0123456789abcdef"), "Cannot listen at --host no.such.host."),
    ],
)
def test_what_cannot_be_served_is_an_error(run, words, text, tmp_path):
    fails(call("serve", run, "--port", 0, *words), text, tmp_path)


def test_a_run_that_is_not_there_and_a_port_that_is_taken_are_errors(run, tmp_path):
    fails(call("serve", tmp_path / "none"), "A run is given by its folder or its name. Received: ", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = call("serve", run, "--port", port)
    assert ran.code == 2
    said = rf"error: Cannot listen at --host 127\.0\.0\.1 --port {port}: Address already in use\. Give another one\.\n"
    assert re.fullmatch(said, ran.err)


def test_a_run_that_segments_is_refused(run, tmp_path):
    other = shutil.copytree(run, tmp_path / "runs" / "20260101-000000-unet")
    (other / "run.json").write_text(json.dumps(run_info(run) | {"task": "segment"}), encoding="utf-8")
    ran = call("serve", other)
    assert ran.code == 2
    assert "segments: predict --masks writes its masks." in ran.err
    (other / "run.json").write_text(json.dumps(run_info(run) | {"crop": {"to": "box"}}), encoding="utf-8")
    assert "learned cut ones (--crop-to): use predict." in call("serve", other).err


def test_without_its_packages_it_says_how_to_install_them(run, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "starlette", None)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    said = "error: serve needs starlette, uvicorn, which are not installed. Run: python -m pip install -r "
    fails(call("serve", run), f"{said}requirements-serve.txt\n", tmp_path)


def test_what_is_under_way_is_done_before_it_ends(run):
    content = picture()
    with serving(run) as server:
        opened = server.begin(len(content), content[:100])
        wait_until(lambda: server.metric("study_requests_at_work") >= 1)
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not listens(server.port))
        opened.sendall(content[100:])
        status, body = received(opened)
        code, out, err = server.end()
    assert (status, json.loads(body)["failed"]) == (200, 0)
    assert (code, out) == (0, "")
    assert "stopped" not in err
    assert "Traceback" not in err


def test_what_is_no_http_is_told_as_all_else_is_and_nothing_of_it_stands_on_the_screen(run):
    head = b"%s /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(run) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as asking:
            asking.sendall(b"\x16\x03\x01\r\n\r\n")
            status, body = received(asking)
            assert asking.recv(1) == b""
        assert (status, json.loads(body)) == (400, {"error": "the request is not HTTP/1.1"})
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as asking:
            asking.sendall(head % b"POST")
            assert received(asking)[0] == 405
            asking.sendall(b"no chunk\r\n")  # of a request that is answered
            assert asking.recv(1) == b""
        for method, size in ((b"POST", len(body)), (b"HEAD", 0)):
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as asking:
                asking.sendall(head % method + b"no chunk\r\n")
                got = b"".join(iter(lambda: asking.recv(65_536), b""))
            assert got.startswith(b"HTTP/1.1 400 Bad Request\r\n")
            assert len(got.partition(b"\r\n\r\n")[2]) == size
        assert server.post(b"no form", FORM).status == 422
        code, _, err = server.end()
    assert code == 0
    assert "Traceback" not in err
    assert "boundary" not in err


def listens(port):
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def test_ctrl_c_ends_it_quietly_in_the_small_install_and_json_tells_what_was_done(run, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(HIDING, encoding="utf-8")
    with serving(run, "--json", "--max-rate", 2, stream="stderr", PYTHONPATH=tmp_path) as server:
        statuses = [server.post(picture(), JPEG).status for _ in range(4)]
        workers = server.workers()
        code, out, err = server.end(signal.SIGINT)
    assert statuses[:2] == [200, 200]
    assert 429 in statuses
    told = json.loads(out)
    assert code == 0
    assert "Traceback" not in err
    assert sum(told["requests"].values()) == 4
    assert sum(told["images"].values()) == told["requests"]["200"]
    assert (told["run"], told["next"]) == (str(run), None)
    for pid in workers:
        assert pid not in server.workers()
