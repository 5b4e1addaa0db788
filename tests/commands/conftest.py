"""Fixtures that the tests of several commands share."""

import pytest
from helpers import make_toy
from run_files import quick_transfer


@pytest.fixture(scope="session")
def own(run, tmp_path_factory):
    """A data folder and a run of it that a test may disturb, if it puts everything back."""
    place = tmp_path_factory.mktemp("own")
    made, ran = quick_transfer(run, make_toy(place / "toy"), place / "runs")
    return place / "toy", made, ran


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of this test's own."""
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
