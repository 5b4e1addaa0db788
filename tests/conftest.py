"""Fixtures that several test files share: a toy data set, one training on it, a cache of the tests' own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import QUICK, Ran, call, make_toy

# The longest first and the shortest last, so that two workers end together.
SLOW = ("test_cli", "test_compare", "test_fit", "test_models", "test_check", "test_engine", "test_scratch_lenet",
        "test_efficientnet_lite", "test_facing", "test_odd_files", "test_copies", "test_regression")  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make recipes` ask for all combinations, which take minutes."""
    parser.addoption("--every-recipe", action="store_true", help="try every network under every recipe")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the fast files first, so that a slip shows within seconds."""
    items.sort(key=lambda item: SLOW.index(item.path.stem) if item.path.stem in SLOW else -1)


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 3 × 20 images. Do not change it: `toy_copy` gives one of your own."""
    return make_toy(tmp_path_factory.mktemp("data") / "toy")


@pytest.fixture
def toy_copy(tmp_path: Path) -> Callable[[], Path]:
    """A function that writes the toy images into this test's own folder."""
    return lambda: make_toy(tmp_path / "toy")


@pytest.fixture(scope="session")
def trained(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The run folder of one training on `toy`, and what the command printed. Do not change the folder."""
    runs = tmp_path_factory.mktemp("trained") / "runs"
    ran = call("train", "--data", toy, *QUICK, "--runs", runs)
    assert ran.code == 0, ran.err
    (run,) = runs.iterdir()
    return run, ran


@pytest.fixture(scope="session")
def run(trained: tuple[Path, Ran]) -> Path:
    """The run folder of one training on `toy`. Do not change it."""
    return trained[0]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test draws into, or depends on, the user's own cache."""
    os.environ["STUDY_CACHE"] = str(tmp_path_factory.mktemp("cache"))
