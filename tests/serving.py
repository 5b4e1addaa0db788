"""A server of `serve` in a process of its own, and requests to it."""

import contextlib
import http.client
import io
import json
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from helpers import command
from hostile import FORM, form
from PIL import Image

pytest.importorskip("starlette", reason="the packages of requirements-serve.txt are not installed")

JPEG = "image/jpeg"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def error(self):
        """The reason, which is one line and stands alone."""
        told = self.json
        assert list(told) == ["error"]
        assert "\n" not in told["error"]
        return told["error"]


@dataclass(frozen=True)
class Served:
    process: subprocess.Popen
    port: int

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def post(self, body, kind=JPEG, path="/predict", **headers):
        return self.ask("POST", path, body, {"Content-Type": kind, **headers})

    def post_files(self, files, **headers):
        return self.post(form([(file.name, file.read_bytes()) for file in files]), FORM, **headers)

    def metric(self, name, **headers):
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.get("/metrics", **headers).body.decode(), re.M)
        return float(found[1]) if found else 0.0

    def begin(self, length, piece=b"", token=None):
        """Open a request that is not whole yet."""
        secret = f"Authorization: Bearer {token}\r\n" if token else ""
        head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\n{secret}Content-Type: {JPEG}\r\n"
        head += f"Content-Length: {length}\r\n"
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        opened.sendall(head.encode() + b"\r\n" + piece)
        return opened

    def workers(self):
        """Process ids of those that decode, and are alive."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        found = sorted(int(word) for file in children for word in file.read_text().split())
        return [pid for pid in found if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"]

    def resident(self):
        """Bytes in memory: of the server and its workers."""
        files = [Path(f"/proc/{pid}/statm") for pid in (self.process.pid, *self.workers())]
        return sum(int(file.read_text().split()[1]) for file in files) * 4096

    def end(self, number=signal.SIGTERM):
        """Send a signal, and return the exit code and both streams."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), err.decode()


def received(opened):
    """Status and body of what a socket gets."""
    response = http.client.HTTPResponse(opened)
    response.begin()
    return response.status, response.read()


@contextlib.contextmanager
def serving(*arguments, stream="stdout", **variables):
    """A server that runs until the block ends."""
    process = subprocess.Popen(**command("serve", *arguments, "--port", 0, **variables))
    try:
        lines = iter(getattr(process, stream).readline, b"")
        found = next(filter(None, (re.match(rb"http://\S+:(\d+)/ answers by ", line) for line in lines)), None)
        assert found, process.stderr.read().decode()
        yield Served(process, int(found[1]))
    finally:
        process.kill()
        process.communicate()


def encoded(pixels, kind="PNG"):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def picture(width=40, height=40, seed=0):
    return encoded(np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8))


def wait_until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
