"""Servers that the tests of this folder share."""

import pytest
from serving import serving

TOKEN = "0123456789abcdef"


@pytest.fixture(scope="session")
def served(run, tmp_path_factory):
    """A server as it is by itself; `place`: its folder for temporary files."""
    place = tmp_path_factory.mktemp("temporary")
    with serving(run, TMPDIR=place) as server:
        object.__setattr__(server, "place", place)
        yield server


@pytest.fixture(scope="session")
def strict(run):
    """A server with a token and narrow limits."""
    limits = ("--max-mb", 1, "--max-megapixels", 1, "--max-images", 3, "--max-requests", 2, "--max-seconds", 1.5)
    with serving(run, *limits, "--max-rate", 0, STUDY_SERVE_TOKEN=TOKEN) as server:
        yield server
