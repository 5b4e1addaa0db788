"""The study behind `tune`: new draws after a restart, killed trials, points of a grid, storages."""

import contextlib
import json
import os
import subprocess
import sys

import pytest
from helpers import ROOT, message

from study.search.space import Choice, Range, Space
from study.search.study import (
    JOURNAL,
    STOPPED,
    Score,
    Search,
    least_of_tie,
    noted,
    open_study,
    ranked,
    state_of,
    take_up_killed,
    without_password,
    worker_of,
)

SPACE = Space.of([Range("learning_rate", 1e-4, 1e-1, log=True), Range("dropout", 0.0, 0.5)])
GRID = Space.of([Choice("dropout", ("0", "0.2")), Range("l2", 1e-4, 1e-2, log=True, points=3)])

KILLED = """
import json, os, signal, sys
from pathlib import Path
from study.search.study import Search, open_study, worker_of
from study.search.space import Choice, Range, Space
folder, storage, sampler = Path(sys.argv[1]), sys.argv[2] or None, sys.argv[3]
space = Space.of([Choice("dropout", ("0", "0.2")), Range("l2", 1e-4, 1e-2, log=True, points=3)])
study = open_study(folder, storage, "search", 4)
if sys.argv[4] == "undrawn":
    Space.draw = lambda space, trial: os.kill(os.getpid(), signal.SIGKILL)
search = Search(study, space, sampler, 0, 6, worker_of(folder), storage is None)
trial, texts = search.ask()
print(json.dumps(texts), flush=True)
trial.report(0.5, 4)
os.kill(os.getpid(), signal.SIGKILL)
"""


def search_in(folder, total, sampler="tpe", space=SPACE, storage=None, seed=0):
    folder.mkdir(exist_ok=True)
    study = open_study(folder, storage, "search", 4)
    return Search(study, space, sampler, seed, total, worker_of(folder), storage is None)


def run(search):
    """Run trials one after the other, of as small a loss as their dropout; return what was drawn."""
    drawn = []
    while asked := search.ask():
        trial, texts = asked
        search.finish(trial, Score(0.9, float(texts["dropout"]), 100), epochs=1)
        drawn.append(tuple(texts.items()))
    return drawn


def kill_one(folder, storage="", sampler="grid", drawn="drawn"):
    """Let a process ask for a trial and be killed by force; return what the trial drew."""
    folder.mkdir(exist_ok=True)
    words = [sys.executable, "-c", KILLED, str(folder), storage, sampler, drawn]
    done = subprocess.run(words, cwd=ROOT, check=False, stdout=subprocess.PIPE)
    assert done.returncode == -9
    return tuple(json.loads(done.stdout).items()) if done.stdout else None


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_resumed_study_goes_on_with_new_draws_as_if_it_had_not_ended(tmp_path, sampler):
    first, second = run(search_in(tmp_path / "a", 12, sampler)), run(search_in(tmp_path / "a", 18, sampler))
    assert (len(first), len(second)) == (12, 6)
    assert len({*first, *second}) == 18
    assert [*first, *second] == run(search_in(tmp_path / "b", 18, sampler))
    assert run(search_in(tmp_path / "c", 12, sampler, seed=1))[0] != first[0]


def test_tpe_draws_where_trials_were_good(tmp_path):
    drawn = [float(dict(texts)["dropout"]) for texts in run(search_in(tmp_path / "a", 40))]
    assert sum(drawn[20:]) / 20 < sum(drawn[:10]) / 10 / 2


def test_enough_is_enough(tmp_path):
    assert len(run(search_in(tmp_path / "a", 5))) == 5
    assert run(search_in(tmp_path / "a", 5)) == []


def told(folder, scores):
    """The scores of trials as they are ranked."""
    search = search_in(folder, len(scores), "random")
    for score in scores:
        search.finish(search.ask()[0], score)
    return [(noted(trial)["accuracy"], noted(trial)["loss"]) for trial in ranked(search.trials())]


def test_accuracy_decides_and_at_a_tie_the_loss(tmp_path):
    # By hand: 0.95 of 200 is 190 right; with two right and two wrong more 192 / 204, of which the standard error is
    # sqrt(0.9412 * 0.0588 / 200) = 0.0166: from 0.9334 on it is a tie.
    assert least_of_tie(0.95, 200) == pytest.approx(0.95 - 0.01664, abs=1e-5)
    scores = [Score(0.95, 0.3, 200), Score(0.935, 0.1, 200), Score(0.94, 0.2, 200), Score(0.93, 0.01, 200)]
    assert told(tmp_path / "a", scores) == [(0.935, 0.1), (0.94, 0.2), (0.95, 0.3), (0.93, 0.01)]
    behind = [Score(0.5, 0.2, 200), Score(0.6, 0.9, 200), Score(0.6, 0.3, 200), Score(0.99, 0.5, 200)]
    assert told(tmp_path / "b", behind) == [(0.99, 0.5), (0.6, 0.3), (0.6, 0.9), (0.5, 0.2)]


def test_where_none_is_wrong_one_that_is_is_a_tie():
    assert 29 / 30 >= least_of_tie(1.0, 30) > 28 / 30


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid"])
def test_a_trial_whose_process_was_killed_goes_on_as_if_it_had_not_been(tmp_path, sampler):
    killed = kill_one(tmp_path / "a", sampler=sampler)
    search = search_in(tmp_path / "a", 6, sampler, GRID)
    assert [state_of(trial) for trial in search.trials()] == ["running"]
    assert take_up_killed(search) == (1, 0)
    drawn = run(search)
    assert drawn[0] == killed
    assert drawn == run(search_in(tmp_path / "b", 6, sampler, GRID))
    assert [state_of(trial) for trial in search.trials()] == ["finished"] * 6
    assert take_up_killed(search_in(tmp_path / "a", 6, sampler, GRID)) == (0, 0)


def test_what_a_killed_trial_has_passed_it_need_not_again(tmp_path):
    kill_one(tmp_path / "a")
    search = search_in(tmp_path / "a", 6, "grid", GRID)
    take_up_killed(search)
    trial, _ = search.ask()
    assert search.passed(trial) == {4}
    trial, _ = search.ask()
    assert search.passed(trial) == set()


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid"])
def test_one_that_was_killed_while_it_drew_counts_as_if_it_had_never_been(tmp_path, sampler):
    for _ in range(2):
        assert kill_one(tmp_path / "a", sampler=sampler, drawn="undrawn") is None
        search = search_in(tmp_path / "a", 6, sampler, GRID)
        assert take_up_killed(search) == (0, 1)
        assert search.count() == 0
    drawn = run(search)
    assert drawn == run(search_in(tmp_path / "b", 6, sampler, GRID))
    assert [state_of(trial) for trial in search.trials()].count("killed") == 2
    assert run(search_in(tmp_path / "a", 6, sampler, GRID)) == []


@pytest.mark.slow
def test_of_a_shared_storage_only_ones_own_killed_trials_go_on(tmp_path):
    storage = f"sqlite:///{tmp_path / 'tune.db'}"
    here, there = (search_in(tmp_path / name, 6, "grid", GRID, storage) for name in ("here", "there"))
    trial, texts = there.ask()  # another machine, which lives
    killed = kill_one(tmp_path / "here", storage)
    assert take_up_killed(here) == (1, 0)
    drawn = run(here)
    assert (len(drawn), drawn[0]) == (5, killed)
    assert tuple(texts.items()) not in drawn
    assert [state_of(one) for one in here.trials()] == ["running", *["finished"] * 5]
    there.finish(trial, Score(0.9, 0.1, 100))
    assert there.ask() is None
    assert len(ranked(here.trials())) == 6


def test_a_trial_that_was_stopped_is_drawn_again_and_one_that_failed_is_not(tmp_path):
    search = search_in(tmp_path / "a", 6, "grid", GRID)
    for why in (STOPPED, "no class dragon"):
        trial, _ = search.ask()
        search.fail(trial, why)
    assert [state_of(trial) for trial in search.trials()] == ["stopped", "failed"]
    assert noted(search.trials()[1])["why"] == "no class dragon"
    assert len(run(search)) == 5


def test_what_says_nothing_is_not_drawn(tmp_path):
    space = Space.of([Choice("loss", ("crossentropy", "focal")), Range("focal_gamma", 0.0, 5.0)])
    search = search_in(tmp_path / "a", 20, "random", space)
    losses = set()
    while asked := search.ask():
        trial, texts = asked
        losses.add(texts["loss"])
        assert ("focal_gamma" in texts) == (texts["loss"] == "focal")
        search.finish(trial, Score(0.5, 0.5, 10))
    assert losses == {"crossentropy", "focal"}


def test_a_ctrl_c_while_a_file_is_removed_is_not_lost_in_an_error(tmp_path, monkeypatch):
    """As it was where a lock beside the journal was removed after each line."""
    search = search_in(tmp_path / "a", 6)

    def interrupted(path, remove=os.unlink):
        remove(path)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "unlink", interrupted)
    with contextlib.suppress(KeyboardInterrupt):
        search.ask()


@pytest.mark.parametrize("glued", ["", '{"op_code":6,"worker_id":"x","trial_id":0}\n', "\n"])
def test_a_journal_that_was_cut_off_is_mended(tmp_path, glued):
    folder = tmp_path / "a"
    run(search_in(folder, 3))
    with (folder / JOURNAL).open("a", encoding="utf-8") as file:
        file.write('{"op_code":4,"worker_id":"x","stu' + glued)
    assert len(run(search_in(folder, 5))) == 2
    assert len(search_in(folder, 5).trials()) == 5


@pytest.mark.parametrize(
    ("storage", "error"),
    [
        ("sqlite:////no/such/folder/tune.db", "--storage sqlite:////no/such/folder/tune.db cannot be used: "),
        ("tune", "--storage tune cannot be used: Could not parse "),
        ("redis://localhost", "cannot be used: RedisStorage is removed"),
        ("nodb://me:secret@host/x", "--storage nodb://me:***@host/x cannot be used: "),
    ],
)
def test_a_storage_that_cannot_be_used_is_told_without_its_password(tmp_path, storage, error):
    told = message(open_study, tmp_path, storage, "search", 4)
    assert error in told
    assert "secret" not in told
    assert told.endswith("Give an address such as sqlite:///tune.db, or none.")
    assert without_password("mysql://a:b@c/d") == "mysql://a:***@c/d"


def test_a_file_that_is_no_journal_is_told(tmp_path):
    (tmp_path / JOURNAL).write_text(content := "no journal\nat all\n", encoding="utf-8")
    told = message(open_study, tmp_path, None, "search", 4)
    assert told.startswith(f"{tmp_path / JOURNAL} cannot be used: ")
    assert told.endswith("Move it away to begin anew.")
    assert (tmp_path / JOURNAL).read_text(encoding="utf-8") == content
