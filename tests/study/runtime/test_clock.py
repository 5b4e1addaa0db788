"""A clock that is far from right is told before the work, not after it."""

import calendar
import shutil
import time

import pytest
from helpers import QUICK, call, fails

from errors import UserError
from study.runtime import clock


def let_it_be(year, monkeypatch):
    """Let the clock of the machine say the middle of a year."""
    seconds = float(calendar.timegm((year, 7, 1, 12, 0, 0)))
    monkeypatch.setattr(time, "time", lambda: seconds)


@pytest.mark.parametrize("year", [1980, 2026, 2038, 2107])
def test_years_that_an_archive_can_tell(year, monkeypatch):
    let_it_be(year, monkeypatch)
    clock.check_for_archives()


@pytest.mark.parametrize("year", [1970, 1979, 2108])
def test_years_that_no_archive_can_tell(year, monkeypatch):
    let_it_be(year, monkeypatch)
    with pytest.raises(UserError, match=f"^The clock of this machine says {year}-07-01 .* from 1980 to 2107. Set the"):
        clock.check_for_archives()


@pytest.mark.parametrize("words", [["train", *QUICK], ["ensemble"]])
def test_a_command_that_saves_a_network_says_so_before_it_learns(words, toy, tmp_path, monkeypatch):
    let_it_be(1970, monkeypatch)
    ran = call(*words, "--data", toy, "--runs", tmp_path / "runs")
    fails(ran, "The clock of this machine says 1970-07-01", tmp_path / "runs")
    assert "epoch" not in ran.out


def test_runs_that_vote_say_so_too(run, tmp_path, monkeypatch):
    let_it_be(1970, monkeypatch)
    other = shutil.copytree(run, tmp_path / "other")
    ran = call("ensemble", run, other, "--runs", tmp_path / "runs")
    fails(ran, "The clock of this machine says 1970-07-01", tmp_path / "runs")
