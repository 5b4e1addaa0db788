"""What a server bounds: tokens, sizes, pixels, time, requests at a time, rate; and workers that die."""

import base64
import os
import re
import signal
import socket
import sys
import threading
import time

import pytest
from hostile import FORM, form
from serving import picture, received, wait_until

from study.serve import limits
from study.serve.guard import is_loopback, is_token
from study.serve.limits import Limits, Rate, Refusal, Room

TOKEN = "0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


def test_a_token_is_asked_for_of_all_but_the_health(strict):
    basic = base64.b64encode(f"anyone:{TOKEN}".encode()).decode()
    for path in ("/", "/metrics"):
        refused = strict.get(path)
        assert refused.status == 401
        assert refused.error.startswith("a token is needed: Authorization: Bearer TOKEN")
        assert refused.headers["www-authenticate"].startswith("Basic ")
        assert strict.get(path, Authorization=f"Basic {basic}", Host="photos.example").status == 200
    assert strict.post(picture(), Authorization="Bearer 0123456789abcdeg").status == 401
    assert strict.post(picture(), **BEARER).status == 200
    assert strict.get("/healthz").status == 200


def test_what_is_too_large_is_refused_before_it_is_read_and_while_it_comes(strict):
    large = b"\xff\xd8" + bytes(1_500_000)
    told = strict.post(large, **BEARER)
    assert (told.status, told.error) == (413, "the request is larger than 1 MB")
    in_pieces = strict.post(iter([large[:700_000], large[700_000:]]), **BEARER)  # a length is not given
    assert (in_pieces.status, in_pieces.error) == (413, "the request is larger than 1 MB")
    many = strict.post(form({f"{i}": picture() for i in range(4)}), FORM, **BEARER)
    assert (many.status, many.error) == (413, "more than 3 images in one request")


def test_an_image_of_too_many_pixels_is_an_entry_with_its_reason(strict):
    answer = strict.post(form({"large": picture(1100, 1000)[:900_000], "small": picture()}), FORM, **BEARER)
    assert answer.status == 200
    large, small = answer.json["predictions"]
    assert large["error"] == "too large: 1100×1000 pixels, the limit is 1,000,000 in all"
    assert small["error"] is None


def test_a_slow_sender_and_more_requests_than_are_allowed_are_refused(strict):
    slow = [strict.begin(1000, b"\xff\xd8", TOKEN) for _ in range(2)]
    wait_until(lambda: strict.metric("study_requests_at_work", **BEARER) >= 2)
    busy = strict.post(picture(), **BEARER)
    assert busy.status == 503
    assert busy.error == "too many requests at work: try again in a moment"
    assert busy.headers["retry-after"] == "1"
    for opened in slow:
        status, body = received(opened)
        assert status == 408
        assert b"the request did not come within 1.5 seconds" in body
        opened.close()
    assert strict.post(picture(), **BEARER).status == 200


@pytest.mark.slow
def test_a_connection_that_brings_nothing_is_closed(strict):
    opened = [socket.create_connection(("127.0.0.1", strict.port), timeout=30) for _ in range(3)]
    opened[1].sendall(b"POST /predict HTTP/1.1\r\nHost: loc")
    opened[2].sendall(b"\x16\x03\x01\x02\x00")
    for one in opened:
        while one.recv(1000):
            pass
        one.close()


@LINUX
def test_a_worker_that_died_is_replaced(served):
    before, replaced = served.workers(), served.metric("study_workers_replaced_total")
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not set(before) & set(served.workers()))
    for _ in range(2 * len(before)):
        assert served.post(picture()).status == 200
    assert served.metric("study_workers_replaced_total") > replaced
    assert served.get("/healthz").status == 200


@LINUX
def test_a_worker_that_dies_of_an_image_is_an_answer_with_a_reason(served):
    workers = served.workers()
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(served.post(picture())))
    asking.start()
    wait_until(lambda: served.metric("study_requests_at_work") >= 1)
    time.sleep(0.3)  # it is handed over
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    asking.join(30)
    assert answers[0].status == 422
    assert answers[0].json["error"].startswith("the process that decoded it ended")
    assert served.post(picture()).status == 200


@LINUX
def test_an_image_that_takes_too_long_is_an_answer_with_a_reason(strict):
    for worker in strict.workers():
        os.kill(worker, signal.SIGSTOP)
    late = strict.post(picture(), **BEARER)
    assert late.status == 422
    assert late.json["error"] == "it takes more than 0.75 seconds to decode"
    for worker in strict.workers():
        os.kill(worker, signal.SIGCONT)
    wait_until(lambda: strict.post(picture(), **BEARER).status == 200)


def test_a_rate_is_kept_for_each_address_and_little_is_remembered(monkeypatch):
    rate = Rate(2)
    rate.take("a", 0.0)
    rate.take("a", 0.0)
    with pytest.raises(Refusal) as refused:
        rate.take("a", 0.1)
    assert refused.value.status == 429
    assert str(refused.value.reason).startswith("more than 2 requests a second from this address")
    rate.take("b", 0.1)
    rate.take("a", 0.6)
    slow = Rate(0.1)
    slow.take("a", 0.0)
    with pytest.raises(Refusal) as refused:
        slow.take("a", 2.5)
    assert refused.value.headers == {"Retry-After": "8"}
    assert str(refused.value.reason).endswith("try again in 8 s")
    slow.take("a", 10.6)
    monkeypatch.setattr(limits, "REMEMBERED", 10)
    for number in range(100):
        rate.take(f"{number}", 1.0)
    assert len(rate._left) <= 10


def test_all_requests_together_hold_no_more_than_sixteen_of_the_largest():
    room = Room(Limits(bytes=100, requests=1000))
    opened = [room.request() for _ in range(17)]
    held = [one.__enter__() for one in opened]
    for one in held[:16]:
        one.add(100)
    with pytest.raises(Refusal) as refused:
        held[16].add(1)
    assert refused.value.status == 503
    for one in opened:
        one.__exit__(None, None, None)
    assert (room.requests, room.bytes) == (0, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_names_of_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "localhost.example", "", "127.0.0.1.example"])
def test_other_names(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", f"Digest {TOKEN}", TOKEN, "Basic", "Basic !!", "Basic MTIz", f"Bearer {TOKEN}0"]
)
def test_what_is_no_token(given):
    assert not is_token(TOKEN, given)
    assert re.fullmatch(r"\w{16}", TOKEN)
