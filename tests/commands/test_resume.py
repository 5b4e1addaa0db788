"""A training that is stopped: what it prints, what goes on with it, and what is refused."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import csv
import json
import shutil

import pytest
from helpers import QUICK, call, make_toy, process
from resuming import STOP, name_in, run_in, same_results

from study.checkpoint.files import files_of, read

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A data set, a function that stops the training that calls it for the seventh time, and the uninterrupted run."""
    folder = tmp_path_factory.mktemp("resume")
    data = make_toy(folder / "data")
    stop = folder / "stop"
    (folder / "turned.py").write_text(STOP.format(stop=str(stop)))
    words = (
        "train",
        "--data",
        data,
        *QUICK,
        "--precision",
        "float32",
        "--augment-with",
        f"{folder / 'turned.py'}:change",
    )
    whole = call(*words, "--runs", folder / "whole")
    assert whole.code == 0, whole.err
    stop.touch()
    stopped = process(*words, "--runs", folder / "runs")  # a signal to this process might be one to all tests
    assert stopped.returncode == 143
    return folder, words, stopped.stderr.decode()


@pytest.fixture
def copied(place, tmp_path):
    folder, words, _ = place
    shutil.copytree(folder / "runs", tmp_path / "runs")
    return tmp_path / "runs", words


def test_it_says_how_to_go_on_and_runs_lists_it(place):
    folder, words, stopped = place
    name = name_in(folder / "runs")
    following = f"python main.py train --resume {name} --augment-with {words[-1]} --runs {folder / 'runs'}"
    last = stopped.strip().splitlines()[-1]
    assert last == f"stopped; what was done is kept. To go on: {following}"
    listed = call("runs", "--runs", folder / "runs", "--json")
    (told,) = json.loads(listed.out)["unfinished"]
    assert (told["name"], told["model"], told["at_work"]) == (name, "original", False)
    assert f"--resume {name}" in listed.next
    assert "unfinished trainings" in call("runs", "--runs", folder / "runs").out


def test_it_goes_on_from_any_folder_and_ends_as_one_that_nobody_stopped(copied, place, tmp_path, monkeypatch):
    runs, words = copied
    monkeypatch.chdir(tmp_path)
    trained_before = read(files_of(runs / ".unfinished" / name_in(runs))[-1]).state["seconds"]
    ran = call("train", "--resume", name_in(runs), "--runs", runs, *words[-2:])
    assert ran.code == 0, ran.err
    assert "going on with" in ran.out
    same_results(run_in(place[0] / "whole"), run_in(runs))
    assert not (runs / ".unfinished").exists()
    settings = json.loads((run_in(runs) / "run.json").read_text())
    assert (run_in(runs) / "report.html").read_text().count("--resume") == 1  # the command as it was typed
    assert settings["settings"]["augment_with"].endswith("turned.py:change")
    epochs = sum(float(row["seconds"]) for row in csv.DictReader((run_in(runs) / "history.csv").open()))
    assert settings["seconds"]["train"] >= max(trained_before, 0.9 * epochs) > 0  # those before the stop are among them


def test_one_that_is_given_by_its_path_is_written_where_it_lies_unless_runs_says_another_place(
    copied, tmp_path, monkeypatch
):
    runs, words = copied
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    path = runs / ".unfinished" / name_in(runs)
    again = shutil.copytree(path, tmp_path / "other" / ".unfinished" / path.name)
    ran = call("train", "--resume", path, *words[-2:])
    assert (ran.code, ran.out.count(f"run folder: {run_in(runs)}")) == (0, 1), ran.err
    ran = call("train", "--resume", again, *words[-2:], "--runs", tmp_path / "asked")
    assert (ran.code, ran.out.count(f"run folder: {run_in(tmp_path / 'asked')}")) == (0, 1), ran.err
    assert not (tmp_path / "runs" / ".unfinished").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["asked", "elsewhere", "other", "runs"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_same_command_again_tells_how_to_go_on_and_begins_anew(copied):
    runs, words = copied
    ran = call(*words, "--runs", runs)
    assert ran.code == 0
    following = f"python main.py train --resume {name_in(runs)} --augment-with {words[-1]} --runs {runs}"
    assert f"to go on with it: {following}" in ran.out
    assert run_in(runs)
    assert files_of(runs / ".unfinished" / name_in(runs))


def test_other_settings_or_images_are_told_and_refused(copied, place, tmp_path):
    runs, words = copied
    name, code = name_in(runs), words[-2:]
    ran = call("train", "--resume", name, "--runs", runs, *code, "--batch-size", 8, "--l2", "0.5")
    assert ran.code == 2
    assert "cannot go on: --batch-size was 16 and is 8; --l2 was" in ran.err
    assert ran.err.endswith(". Leave out --batch-size, --l2, or add --fresh to begin it anew.\n")
    data = place[0] / "data"
    shutil.copytree(data, tmp_path / "kept")
    try:
        next(iter(sorted(data.rglob("*.png")))).unlink()
        ran = call("train", "--resume", name, "--runs", runs, *code)
    finally:
        shutil.copytree(tmp_path / "kept", data, dirs_exist_ok=True)
    back = "Put the images, their labels and their split back as they were, or add --fresh to begin it anew.\n"
    assert (ran.code, ran.err.endswith(f"the images, their labels or their split have changed. {back}")) == (2, True)
    assert files_of(runs / ".unfinished" / name)


def test_code_that_the_folder_asks_for_is_only_run_where_it_is_asked_for_again(copied):
    runs, words = copied
    ran = call("train", "--resume", name_in(runs), "--runs", runs)
    said = "asks for a function from outside this program: to let it run, add --augment-with"
    assert (ran.code, ran.err) == (2, f"error: {runs / '.unfinished' / name_in(runs)} {said} {words[-1]}\n")


def test_the_name_that_train_gave_is_known_before_the_training_is_done(copied):
    runs, _ = copied
    place = runs / ".unfinished" / name_in(runs)
    told = json.loads((place / "training.json").read_text())
    told["flags"]["name"] = "mine"
    (place / "training.json").write_text(json.dumps(told))
    ran = call("train", "--resume", "mine", "--runs", runs)
    assert (ran.code, ran.err.startswith(f"error: {place} asks for a function from outside")) == (2, True)
    assert call("train", "--resume", "yours", "--runs", runs).err == (
        f"error: --resume takes the name of an unfinished training in {runs}: there are {place.name}. Received: yours; "
        "one in another folder of runs is found by --runs DIR, or by its path.\n"
    )
    later = place.with_name("29990101-000000-original")
    shutil.copytree(place, later)
    told = f"error: 2 unfinished trainings have the name mine: give the folder's, {later.name} or {place.name}.\n"
    assert call("train", "--resume", "mine", "--runs", runs).err == told
    assert call("runs", "remove", "mine", "--runs", runs).err == told
    shutil.rmtree(later)
    assert call("runs", "remove", "mine", place.name, "--runs", runs).code == 0
    assert not place.exists()


def test_flags_that_say_nothing_of_what_is_learned_are_not_taken_from_the_folder(copied, tmp_path):
    runs, words = copied
    asked = runs / ".unfinished" / name_in(runs) / "training.json"
    told = json.loads(asked.read_text())
    told["flags"] |= {"runs": str(tmp_path / "elsewhere"), "fresh": "on", "store_limit": "0.01", "epochs": "x"}
    asked.write_text(json.dumps(told))
    ran = call("train", "--resume", name_in(runs), "--runs", runs, *words[-2:])
    assert (ran.code, ran.err) == (2, "error: --epochs takes a whole number. Received: x\n")
    told["flags"].pop("epochs")
    asked.write_text(json.dumps(told))
    ran = call("train", "--resume", name_in(runs), "--runs", runs, *words[-2:], "--l2", "0.5")
    assert (ran.code, "cannot go on" in ran.err) == (2, True)
    assert not (tmp_path / "elsewhere").exists()


def test_fresh_begins_anew_with_what_was_changed(copied):
    runs, words = copied
    ran = call("train", "--resume", name_in(runs), "--runs", runs, *words[-2:], "--epochs", 1, "--fresh")
    assert ran.code == 0, ran.err
    assert "the training begins anew" in ran.out
    assert len((run_in(runs) / "history.csv").read_text().splitlines()) == 2
    assert not (runs / ".unfinished").exists()


def test_a_damaged_checkpoint_is_told_and_the_one_before_is_taken(copied, place):
    runs, words = copied
    kept = runs / ".unfinished" / name_in(runs)
    for path in files_of(kept):
        path.write_bytes(path.read_bytes()[:-5])
    ran = call("train", "--resume", kept.name, "--runs", runs, *words[-2:])
    assert (ran.code, "has no checkpoint to go on from (damaged:" in ran.err) == (2, True)


def test_auto_goes_on_where_there_is_something_and_else_begins(copied, place):
    runs, words = copied
    ran = call(*words, "--runs", runs, "--resume", "auto")
    assert (ran.code, "going on with" in ran.out) == (0, True)
    again = call(*words, "--runs", runs, "--resume", "auto", "--epochs", 1)
    assert (again.code, "going on with" in again.out) == (0, False)


def test_an_unfinished_training_is_removed_by_its_name(copied):
    runs, _ = copied
    kept = runs / ".unfinished" / name_in(runs)
    ran = call("runs", "remove", kept.name, "--runs", runs)
    assert (ran.code, kept.exists()) == (0, False)
    ran = call("train", "--resume", kept.name, "--runs", runs)
    assert (ran.code, f"Received: {kept.name};" in ran.err) == (2, True)


def test_checkpoints_can_be_left_out(place, tmp_path):
    _, words, _ = place
    ran = call(*words, "--runs", tmp_path / "runs", "--checkpoint-minutes", 0)
    assert ran.code == 0
    assert [path.name[0] for path in (tmp_path / "runs").iterdir()] == ["2"]
