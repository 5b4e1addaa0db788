"""Uploads of the worst kind by the thousand: each is answered, and the server neither dies nor grows."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers import toy_image
from hostile import upload
from serving import encoded, serving

GROWTH = 100 * 2**20  # bytes of memory that all processes together may gain


def survives(server, number):
    sound = encoded(np.asarray(toy_image("circle", 2)))
    before = server.post(sound).json
    for i in range(100):
        server.post(*upload(i))
    resident, statuses = server.resident(), {}
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(lambda i: server.post(*upload(i)), range(100, 100 + number)):
            statuses[answer.status] = statuses.get(answer.status, 0) + 1
            assert answer.status == 200 or json.loads(answer.body)["error"]
    assert set(statuses) <= {200, 413, 415, 422}, statuses
    assert statuses[422] > number / 2
    assert server.post(sound).json == before
    grown = server.resident() - resident
    print(f"{number:,} hostile uploads: {statuses}, {grown / 2**20:+.1f} MB")
    assert grown < GROWTH


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_thousand_hostile_uploads_are_survived(run):
    with serving(run, "--max-rate", 0) as server:
        survives(server, 1000)


@pytest.mark.soak
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_ten_thousand_hostile_uploads_are_survived(run):
    with serving(run, "--max-rate", 0) as server:
        survives(server, 10_000)
