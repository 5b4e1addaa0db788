"""Fixtures that the tests of the store share."""

import pytest

from data.store import store as module
from data.store.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def short(monkeypatch):
    """Segments of ten rows."""
    monkeypatch.setattr(module, "SEGMENT_ROWS", 10)
