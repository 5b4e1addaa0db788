import errno
import json
import os
import re
import shutil
import stat
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from helpers import message

from study.runs import folder as run_folder
from study.runs import listing
from study.runtime import environment, new_folder, output

NAME = re.compile(r"\d{8}-\d{6}-resnet(-\d+)?")


REQUIRED = {"class_names": ["cat", "dog"], "image_size": 32, "resize": "crop", "data": {"folder": "."}}


def fill(folder, model="resnet", **changes):
    """All files of a run, with next to nothing in them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in run_folder.FILES:
        (folder / name).write_text("x")
    output.write_json(folder / "run.json", {"schema": run_folder.SCHEMA, "model": model, **REQUIRED, **changes})
    return folder


# ---- saving ----------------------------------------------------------------------------------------------------------


def test_a_run_appears_complete_under_its_name(tmp_path):
    seen = []

    def write(folder):
        fill(folder)
        seen.extend(path.name for path in tmp_path.iterdir())

    folder = output.save_run(tmp_path, "resnet", write)
    assert list(tmp_path.iterdir()) == [folder]
    assert NAME.fullmatch(folder.name)
    assert {path.name for path in folder.iterdir()} == set(run_folder.FILES)
    assert len(seen) == 1
    assert seen[0].startswith(".")  # while it was written nobody could take it for a run


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_others_may_read_a_run(tmp_path):
    folder = output.save_run(tmp_path, "resnet", fill)
    assert folder.stat().st_mode & 0o055 == 0o055


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o700), (0o002, 0o2775)])
def test_new_folders_have_the_rights_that_the_user_gives_them(tmp_path, umask, mode):
    if mode & 0o2000:
        tmp_path.chmod(0o2775)  # its group is that of what is made in it
    before = os.umask(umask)
    try:
        run = output.save_run(tmp_path, "resnet", fill)
        with new_folder.filled(tmp_path / "out") as folder:
            (folder / "a.txt").write_text("x")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (run, tmp_path / "out")] == [mode, mode]


def test_a_folder_that_another_command_fills_meanwhile_is_left_to_it(tmp_path):
    def fill_out():
        with new_folder.filled(tmp_path / "out") as folder:
            (folder / "a.txt").write_text("ours")
            (tmp_path / "out").mkdir()
            (tmp_path / "out" / "a.txt").write_text("theirs")

    assert message(fill_out).startswith("--out takes a new or empty folder, so that nothing is overwritten. Received: ")
    assert (tmp_path / "out" / "a.txt").read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt(), SystemExit(1), OSError(errno.EIO, "bad")])
def test_whatever_goes_wrong_leaves_nothing(tmp_path, error):
    def write(folder):
        fill(folder / "sub")
        raise error

    with pytest.raises(type(error)) as caught:
        output.save_run(tmp_path, "resnet", write)
    assert caught.value is error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        OSError("Unable to synchronously write: No space left on device"),  # as HDF5 puts it, without a number
    ],
)
def test_a_full_disk_is_named_and_leaves_nothing(tmp_path, error):
    def write(folder):
        fill(folder)
        raise error

    assert message(output.save_run, tmp_path, "resnet", write) == (
        f"The disk is full: the run could not be saved in {tmp_path}. Free some space or give another --runs DIR."
    )
    assert list(tmp_path.iterdir()) == []


def test_runs_that_end_in_the_same_second_get_names_of_their_own(tmp_path):
    folders = [output.save_run(tmp_path, "resnet", fill) for _ in range(12)]  # a few milliseconds each
    assert len(set(folders)) == 12
    assert all(NAME.fullmatch(folder.name) for folder in folders)
    assert sorted(tmp_path.iterdir()) == sorted(folders)


def test_a_name_that_is_refused_for_a_moment_is_tried_again(tmp_path, monkeypatch):
    rename, tries = Path.rename, []

    def scanned(self, target):
        """As Windows does while a virus scanner has a file open."""
        tries.append(target)
        if len(tries) < 3:
            raise PermissionError(errno.EACCES, "Access is denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", scanned)
    folder = output.save_run(tmp_path, "resnet", fill)
    assert (len(tries), tries[0]) == (3, folder)
    assert run_folder.newest_run(tmp_path, None).folder == folder


def test_what_cannot_be_named_is_kept_and_told(tmp_path, monkeypatch):
    def refused(self, target):
        raise PermissionError(errno.EACCES, "Access is denied")

    monkeypatch.setattr(Path, "rename", refused)
    monkeypatch.setattr(output, "PATIENCE", 0.3)
    told = message(output.save_run, tmp_path, "resnet", fill)
    (kept,) = tmp_path.iterdir()
    assert sorted(path.name for path in kept.iterdir()) == sorted(run_folder.FILES)
    assert told.startswith(f"All is saved in {kept}, but could not be given its name, ")
    assert told.endswith("-resnet: Access is denied. Rename that folder.")


def test_a_run_json_that_is_nested_without_end_is_told(tmp_path):
    (fill(tmp_path / "run") / "run.json").write_text('{"schema": ' + "[" * 100_000)
    told = message(run_folder.read_run, tmp_path / "run")
    assert told.startswith(f"{tmp_path / 'run' / 'run.json'} cannot be read: maximum recursion depth exceeded")


def test_class_names_of_a_run_come_in_one_form_of_unicode(tmp_path):
    apart = unicodedata.normalize("NFD", "パグ")
    run = run_folder.read_run(fill(tmp_path / "run", class_names=["cat", apart]))
    assert run.info["class_names"] == ["cat", unicodedata.normalize("NFC", apart)] != ["cat", apart]


def test_an_earlier_failure_does_not_stand_in_the_way(tmp_path):
    (tmp_path / ".unfinished-killed").mkdir()
    folder = output.save_run(tmp_path, "resnet", fill)
    assert run_folder.newest_run(tmp_path, None).folder == folder


# ---- before training -------------------------------------------------------------------------------------------------


def test_the_folder_of_runs_is_made(tmp_path):
    output.check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    output.check_writable(tmp_path / "a" / "b")


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    for runs in (tmp_path / "file", tmp_path / "file" / "runs"):
        error = message(output.check_writable, runs)
        assert error.startswith(f"Cannot write to --runs {runs}: ")
        assert error.endswith(". Give a folder that can be written.")


# ---- reading ---------------------------------------------------------------------------------------------------------


def test_a_run_is_read(tmp_path):
    folder = fill(tmp_path / "run", class_names=["猫", "犬"])
    run = run_folder.read_run(folder)
    assert run.folder == folder
    assert run.info == {"schema": 1, "model": "resnet", **REQUIRED, "class_names": ["猫", "犬"]}


def test_no_such_run(tmp_path):
    path, said = tmp_path / "none", "A run is given by its folder or its name. Received: "
    assert message(run_folder.read_run, path) == f"{said}{path} (there is none)"
    path.write_text("a file")
    assert message(run_folder.read_run, path) == f"{said}{path} (a file)"


@pytest.mark.parametrize("name", run_folder.FILES)
def test_a_missing_file_is_named(tmp_path, name):
    folder = fill(tmp_path / "run")
    (folder / name).unlink()
    assert message(run_folder.read_run, folder) == f"{folder} is no complete run folder: {name} missing. Train again."


def test_what_is_no_run_is_named(tmp_path):
    (tmp_path / "crossval.json").touch()
    told = "is a cross-validation, which keeps predictions and no network. Give a run: train makes one."
    assert message(run_folder.read_run, tmp_path) == f"{tmp_path} {told}"
    (tmp_path / "crossval.json").rename(tmp_path / "training.json")
    command = f"python main.py train --resume {tmp_path}"
    told = f"is a training that was stopped, and no run yet. To go on with it: {command}"
    assert message(run_folder.read_run, tmp_path) == f"{tmp_path} {told}"


@pytest.mark.parametrize(
    ("name", "what", "below"),
    [
        ("tune.json", "a search of settings", "retrained/defaults/seed-3"),
        ("tune.html", "a search of settings", "retrained/optimizer=sgd/seed-3"),
        ("compare.json", "a comparison of settings", "optimizer=sgd/seed-0"),
        ("compare.csv", "a comparison of settings", "optimizer=sgd/seed-0"),
        ("compare.html", "a comparison of settings", "optimizer=sgd/seed-0"),
    ],
)
def test_a_folder_of_many_runs_is_named_with_one_of_them(name, what, below, tmp_path):
    (tmp_path / name).touch()
    told = f"{tmp_path} is {what}, and no run. Give a run: "
    assert message(run_folder.read_run, tmp_path) == f"{told}there is none in it; train makes one."
    run = tmp_path / below / "20250101-000000-lenet"
    fill(run)
    assert message(run_folder.read_run, tmp_path) == f"{told}one of its own, such as {run}."


def test_all_missing_files_are_named(tmp_path):
    error = message(run_folder.read_run, tmp_path)
    assert all(name in error for name in run_folder.FILES)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b'"schema"', b"{}", b"\xff\xfe\x00", b"null"])
def test_an_unreadable_run_json_says_so(tmp_path, content):
    folder = fill(tmp_path / "run")
    (folder / "run.json").write_bytes(content)
    error = message(run_folder.read_run, folder)
    assert error.startswith(f"{folder / 'run.json'} cannot be read: ")
    assert error.endswith(". Train again.")


@pytest.mark.parametrize("schema", [0, 2, "1", None])
def test_another_schema_says_so(tmp_path, schema):
    folder = fill(tmp_path / "run", schema=schema)
    assert message(run_folder.read_run, folder) == (
        f"{folder} has schema {schema}; this program reads schema 1. Train again."
    )


# ---- the newest ------------------------------------------------------------------------------------------------------


def test_the_newest_run_of_all_and_of_a_model(tmp_path):
    fill(tmp_path / "20250101-000000-resnet")
    fill(tmp_path / "20260101-000000-resnet")
    fill(tmp_path / "20260101-000000-resnet-2")
    fill(tmp_path / "20260301-120000-original", "original")
    assert run_folder.newest_run(tmp_path, None).folder.name == "20260301-120000-original"
    assert run_folder.newest_run(tmp_path, "resnet").folder.name == "20260101-000000-resnet-2"


def test_the_last_of_many_runs_of_one_second_is_the_newest(tmp_path):
    for number in ("", *(f"-{i}" for i in range(2, 12))):
        fill(tmp_path / f"20260101-000000-resnet{number}")
    assert run_folder.newest_run(tmp_path, None).folder.name == "20260101-000000-resnet-11"


def test_the_newest_run_is_that_which_was_saved_last_whatever_the_clock_of_its_place_said(tmp_path):
    tokyo = fill(tmp_path / "20261130-163157-lenet", created="2026-11-30T16:31:57+09:00")
    los_angeles = fill(tmp_path / "20261129-233217-lenet", created="2026-11-29T23:32:17-08:00")
    without = fill(tmp_path / "20260101-000000-lenet")
    assert run_folder.complete_folders(tmp_path) == [los_angeles, tokyo, without]
    assert [run.folder for run in listing.runs_in(tmp_path)[0]] == [los_angeles, tokyo, without]


def test_a_run_of_a_time_to_come_is_told_where_it_counts_as_the_newest(tmp_path, capsys):
    fill(tmp_path / "20260101-000000-lenet", created="2026-01-01T00:00:00+00:00")
    assert run_folder.find_run(None, str(tmp_path), None).folder.name == "20260101-000000-lenet"
    assert capsys.readouterr().err == ""
    ahead = fill(tmp_path / "29990101-000000-lenet", created="2999-01-01T00:00:00+00:00")
    assert run_folder.find_run(None, str(tmp_path), None).folder == ahead
    said = f"note: {ahead} counts as the newest, since it says that it was made on 2999-01-01, which is still to come"
    assert capsys.readouterr().err == f"{said}; to ask another one, name it\n"


def test_a_run_that_was_renamed_is_found(tmp_path, monkeypatch):
    fill(tmp_path / "runs" / "20260101-000000-lenet", created="2026-01-01T00:00:00+00:00")
    cats = fill(tmp_path / "runs" / "my-cats", created="2026-03-01T00:00:00+00:00")
    (tmp_path / "runs" / "notes").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run_folder.newest_run(Path("runs"), None).folder == cats.relative_to(tmp_path)
    for name in ("my-cats", "20260101-000000-lenet"):
        assert run_folder.find_run(name, "runs", None).folder == Path("runs") / name
    assert len(listing.runs_in(Path("runs"))[0]) == 2


def test_a_model_whose_name_begins_like_another_is_told_apart(tmp_path):
    fill(tmp_path / "20260101-000000-efficientnet", "efficientnet")
    fill(tmp_path / "20260102-000000-efficientnet_lite", "efficientnet_lite")
    assert run_folder.newest_run(tmp_path, "efficientnet").folder.name == "20260101-000000-efficientnet"


def test_incomplete_runs_and_other_folders_are_passed_over(tmp_path):
    fill(tmp_path / "20250101-000000-resnet")
    (fill(tmp_path / "20270101-000000-resnet") / "metrics.json").unlink()
    fill(tmp_path / ".unfinished-abc")
    fill(tmp_path / "zzz")
    (tmp_path / "20280101-000000-file").write_text("")
    assert run_folder.newest_run(tmp_path, None).folder.name == "20250101-000000-resnet"


@pytest.fixture
def of_another_version(tmp_path):
    """Three runs in `tmp_path`: `spring`, and two newer ones, of a later version and with half a run.json."""
    fill(tmp_path / "20250101-000000-resnet", settings={"name": "spring"})
    later = fill(tmp_path / "20250201-000000-resnet", settings={"name": "summer"}, schema=2)
    half = fill(tmp_path / "20250301-000000-original")
    (half / "run.json").write_text('{"schema": 1, "settings": {"name": "autu')
    return later, half


def test_runs_that_cannot_be_read_are_passed_over_and_told_where_they_are_newer(of_another_version, tmp_path, capsys):
    later, half = of_another_version
    assert run_folder.find_run(None, str(tmp_path), None).folder.name == "20250101-000000-resnet"
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith(f"note: newer, but passed over (with 1 more): {half / 'run.json'} cannot be read: ")
    shutil.rmtree(half)
    assert run_folder.find_run(None, str(tmp_path), "resnet").folder.name == "20250101-000000-resnet"
    why = f"{later} has schema 2; this program reads schema 1. Train again."
    assert capsys.readouterr().err == f"note: newer, but passed over: {why}\n"
    fill(tmp_path / "20250401-000000-original")
    assert run_folder.find_run(None, str(tmp_path), None).folder.name == "20250401-000000-original"
    assert capsys.readouterr().err == ""


def test_a_run_is_found_by_its_name_beside_others_that_cannot_be_read(of_another_version, tmp_path, capsys):
    later, half = of_another_version
    assert run_folder.find_run("spring", str(tmp_path), None).folder.name == "20250101-000000-resnet"
    assert capsys.readouterr().err == ""
    for name in ("summer", str(later)):
        assert message(run_folder.find_run, name, str(tmp_path), None).startswith(f"{later} has schema 2; ")
    assert message(run_folder.find_run, str(half), str(tmp_path), None).startswith(f"{half / 'run.json'} cannot be ")
    assert run_folder.folders_named("summer", tmp_path) == [later]


def test_a_folder_that_only_has_the_name_of_a_run_does_not_hide_it(tmp_path, monkeypatch):
    runs, here = tmp_path / "runs", tmp_path / "here"
    named = fill(runs / "20250101-000000-resnet", settings={"name": "spring"})
    (here / "spring").mkdir(parents=True)
    (here / named.name).mkdir()
    monkeypatch.chdir(here)
    assert run_folder.find_run("spring", str(runs), None).folder == named
    for name in ("spring", named.name, str(named)):
        assert listing.find(name, str(runs)).folder == named
    assert message(run_folder.find_run, "spring", str(here), None).startswith("spring is no complete run folder: ")
    fill(here / "spring")
    assert run_folder.find_run("spring", str(runs), None).folder == listing.find("spring", str(runs)).folder
    assert listing.find("spring", str(runs)).folder == Path("spring")


def test_a_file_that_only_has_the_name_of_a_run_does_not_hide_it(tmp_path, monkeypatch):
    runs, here = tmp_path / "runs", tmp_path / "here"
    named = fill(runs / "20250101-000000-resnet", settings={"name": "spring"})
    here.mkdir()
    monkeypatch.chdir(here)
    for name in ("spring", named.name, "other", "net.keras"):
        Path(name).write_text("a file")
    for name in ("spring", named.name):
        assert run_folder.find_run(name, str(runs), None).folder == named
        assert listing.find(name, str(runs)).folder == named
    said = "A run is given by its folder or its name. Received: "
    assert message(run_folder.find_run, "other", str(runs), None) == f"{said}other (a file)"
    fill(runs / "20250102-000000-resnet", settings={"name": "net.keras"})
    assert run_folder.by_name("net.keras", str(runs)) == Path("net.keras")  # as `--weights` takes it


def test_a_folder_among_the_runs_that_lacks_a_file_is_told_as_such(tmp_path):
    (tmp_path / "20250101-000000-resnet").mkdir()
    told = message(listing.find, "20250101-000000-resnet", str(tmp_path))
    assert told.startswith(f"{tmp_path / '20250101-000000-resnet'} is no complete run folder: ")


def test_where_no_run_can_be_read_the_reason_is_that_of_the_newest(of_another_version, tmp_path, capsys):
    later, half = of_another_version
    shutil.rmtree(tmp_path / "20250101-000000-resnet")
    told = message(run_folder.find_run, None, str(tmp_path), None)
    assert told.startswith(f"{half / 'run.json'} cannot be read: ")
    assert capsys.readouterr().err == ""
    shutil.rmtree(half)
    told = message(run_folder.find_run, None, str(tmp_path), "lenet")
    assert told.startswith(f"There is no complete run of model 'lenet' in {tmp_path}.")
    assert capsys.readouterr().err.startswith(f"note: passed over: {later} has schema 2; ")


@pytest.mark.parametrize("model", [None, "resnet"])
@pytest.mark.parametrize("folder", [".", "none"])
def test_no_run_says_how_to_get_one(tmp_path, model, folder):
    fill(tmp_path / "20250101-000000-other", "other") if model else None
    runs = tmp_path / folder
    of_model = " of model 'resnet'" if model else ""
    command = f"python main.py train -m {model or 'original'}"
    would_do = "name a run, or give another folder of runs by --runs DIR."
    assert message(run_folder.newest_run, runs, model) == (
        f"There is no complete run{of_model} in {runs}. Train first ({command} --runs {runs}), {would_do}"
    )
    found = message(run_folder.newest_run, Path("runs"), "none")
    assert found.endswith(f" in runs. Train first (python main.py train -m none), {would_do}")


def test_a_name_that_no_run_has_tells_where_it_was_looked_for(tmp_path):
    told = f"(there is none, and no run of that name in {tmp_path}: give another folder of runs by --runs DIR)"
    received = "A run is given by its folder or its name. Received: "
    assert message(run_folder.find_run, "spring", str(tmp_path), None) == f"{received}spring {told}"
    path = tmp_path / "spring"
    assert message(run_folder.find_run, str(path), str(tmp_path), None) == f"{received}{path} (there is none)"


# ---- files -----------------------------------------------------------------------------------------------------------


def test_json_is_readable_by_people(tmp_path):
    output.write_json(tmp_path / "a.json", {"class": "猫"})
    text = (tmp_path / "a.json").read_bytes().decode("utf-8")
    assert "猫" in text
    assert json.loads(text) == {"class": "猫"}


def test_an_array_of_numbers_is_one_line_of_json(tmp_path):
    text_like_one = "[\n  1,\n  2\n]"
    content = {
        "confusion": [[5, 0], [1, 4]],
        "interval": [0.1, 1e-10, -2.5, float("inf")],
        "names": ["1", "2"],
        text_like_one: [text_like_one, [], [None, True], [{"n": 1}]],
    }
    output.write_json(tmp_path / "a.json", content)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == content
    assert '  "confusion": [\n    [5, 0],\n    [1, 4]\n  ],\n  "interval": [0.1, 1e-10, -2.5, Infinity],\n' in text
    output.write_json(tmp_path / "a.json", {"confusion": np.zeros((300, 300), int).tolist()})
    assert (tmp_path / "a.json").stat().st_size < 3.1 * 300 * 300


def test_csv_keeps_commas_and_quotes(tmp_path):
    output.write_csv(tmp_path / "a.csv", ["path", "p_猫"], [['a, "b".jpg', 0.5]])
    assert (tmp_path / "a.csv").read_bytes().decode("utf-8") == 'path,p_猫\r\n"a, ""b"".jpg",0.5\r\n'


def test_the_machine_tells_versions_and_cores():
    facts = environment.machine()
    assert facts["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"keras", "numpy"} <= facts["versions"].keys()
    assert facts["machine"]["cores"] == os.cpu_count()
    assert facts["git_commit"] is None or re.fullmatch("[0-9a-f]{40}", facts["git_commit"])
    json.dumps(facts)
