"""A download over connections that break, stall and lie: it ends whole, or says why it did not and keeps what came."""

import contextlib
import email.utils
import errno
import os
import socket
import time
from http import HTTPStatus

import numpy as np
import pytest
from file_server import (
    answers,
    archive_of,
    drops_after,
    drops_within,
    no_http,
    other_bytes,
    says_half,
    says_more,
    sends_more,
    serving,
    stalls_after,
    whole,
    without_ranges,
    wrong_range,
)
from helpers import left_behind, message

from study.fetch import http
from study.fetch.catalogue import Archive
from study.fetch.download import Patience, download

DATA = np.random.default_rng(0).bytes(300_000)
QUICK = Patience(timeout=0.2, tries=3, pause=0.001)
PAST = email.utils.formatdate(0, usegmt=True)


@pytest.mark.parametrize(
    ("script", "ranges"),
    [
        ([whole], [None]),
        ([drops_after(70_000), whole], [None, "bytes=70000-"]),
        ([drops_after(70_000), drops_within(30_000), whole], [None, "bytes=70000-", "bytes=100000-"]),
        ([drops_after(0), drops_after(0), whole], [None, None, None]),
        ([stalls_after(5_000), whole], [None, "bytes=5000-"]),
        ([says_half, whole], [None, "bytes=150000-"]),
        ([says_more], [None]),
        ([sends_more], [None]),
        ([drops_after(70_000), without_ranges], [None, "bytes=70000-"]),
        ([drops_after(70_000), wrong_range, whole], [None, "bytes=70000-", "bytes=70000-"]),
        ([no_http, whole], [None, None]),
        ([answers(503, Retry_After=0), whole], [None, None]),
        ([answers(429, Retry_After=PAST), whole], [None, None]),
        ([answers(502), answers(500, Retry_After="soon"), whole], [None, None, None]),
        ([*[drops_within(1)] * 8, whole], [None, *(f"bytes={i}-" for i in range(1, 9))]),  # each brings a byte
    ],
)
def test_a_download_ends_whole_whatever_happens_on_the_way(script, ranges, tmp_path):
    with serving(*script, file=DATA) as server:
        path = download(archive_of(server, "file"), tmp_path, QUICK)
    assert path.read_bytes() == DATA
    assert server.asked == ranges
    assert left_behind(tmp_path) == ["file.bin"]


@pytest.mark.parametrize(
    ("script", "text", "kept"),
    [
        ([answers(404)], ": the server answered 404 Not Found. The file has moved, or is not public any more.", 0),
        ([answers(503)], ": the server answered 503 Service Unavailable, 3 times in a row.", 0),
        (
            [answers(503, Retry_After=7200)],
            ": the server answered 503 Service Unavailable, and asks to wait 120 minutes. Start again then.",
            0,
        ),
        ([stalls_after(0)], ": nothing came for 0.2 seconds, 3 times in a row.", 0),
        (
            [drops_after(70_000), drops_within(0)],
            ": the connection ended after 70,000 of 300,000 bytes, 3 times in a row. 70,000 of 300,000 bytes are kept; "
            "the same command goes on from there.",
            70_000,
        ),
        (
            [drops_after(70_000), answers(404)],
            "The file has moved, or is not public any more. 70,000 of 300,000 bytes are kept; the same command",
            70_000,
        ),
        ([drops_after(70_000), answers(416)], f"416 {HTTPStatus(416).phrase}: the file there is shorter", 70_000),
    ],
)
def test_a_download_that_fails_says_why_and_goes_on_at_the_next_start(script, text, kept, tmp_path):
    with serving(*script, file=DATA) as server:
        archive = archive_of(server, "file")
        assert text in message(download, archive, tmp_path, QUICK)
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) == kept
        server.answers, server.asked = [whole], []
        assert download(archive, tmp_path, QUICK).read_bytes() == DATA
        assert server.asked == [f"bytes={kept}-" if kept else None]


def test_another_file_is_named_and_set_aside_and_the_next_start_downloads_anew(tmp_path):
    with serving(other_bytes, file=DATA) as server:
        archive = archive_of(server, "file")
        told = message(download, archive, tmp_path, QUICK)
        assert f"{archive.address} sent another file than the known one: SHA-256 " in told
        assert f"expected {archive.sha256[:12]}…. It lies in {tmp_path / 'file.bin.wrong'}" in told
        server.answers = [whole]
        assert download(archive, tmp_path, QUICK).read_bytes() == DATA


def test_pieces_of_two_files_are_not_taken_for_one(tmp_path, capsys):
    """A part of an earlier start may be of another version of the file: then it is downloaded whole, once."""
    (tmp_path / "file.bin.part").write_bytes(bytes(1000))
    with serving(whole, file=DATA) as server:
        assert download(archive_of(server, "file"), tmp_path, QUICK).read_bytes() == DATA
    assert server.asked == ["bytes=1000-", None]
    assert "file.bin: the pieces do not fit together; downloading it anew\n" in capsys.readouterr().err


def test_what_is_there_is_checked_and_not_downloaded(tmp_path):
    with serving(whole, file=DATA) as server:
        archive = archive_of(server, "file")
        (tmp_path / "file.bin").write_bytes(DATA)
        download(archive, tmp_path, QUICK)
        (tmp_path / "file.bin").write_bytes(DATA[:-1] + b"?")
        assert "file.bin is not http://127.0.0.1:" in message(download, archive, tmp_path, QUICK)
        (tmp_path / "file.bin").unlink()
        (tmp_path / "file.bin.part").write_bytes(DATA + b"?")  # longer than the whole
        assert download(archive, tmp_path, QUICK).read_bytes() == DATA
    assert server.asked == [None]


def test_a_server_that_is_not_there_is_told(tmp_path):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    told = message(download, Archive("a", f"http://127.0.0.1:{port}/a", 10, ""), tmp_path, QUICK)
    assert f":{port}/a: no connection ({os.strerror(errno.ECONNREFUSED)}), 3 times in a row." in told
    assert left_behind(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")  # noqa: PTH110
def test_a_full_disk_is_the_reason_that_is_told(tmp_path):
    (tmp_path / "file.bin.part").symlink_to("/dev/full")
    with serving(whole, file=DATA) as server:
        told = message(download, archive_of(server, "file"), tmp_path, QUICK)
    assert f"Cannot write {tmp_path / 'file.bin.part'}: the disk is full. Free some space, or give another" in told


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("²", None),
        ("12", 12.0),
        (PAST, 0.0),
        (email.utils.formatdate(4e9), 4e9),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    found = http.seconds_of(text)
    assert found == (pytest.approx(seconds - time.time(), abs=5) if seconds == 4e9 else seconds)
