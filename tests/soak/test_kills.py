"""Every command killed with `kill -9` at random moments, over one store: it ends as one that nobody killed.

`SOAK_KILLS` says how many kills all commands get together: 9 in `make slow`, 200 in `make soak`.
"""

import contextlib
import csv
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from helpers import QUICK, command, make_masks, make_patches, make_toy, process
from stored_rows import rows_in

from study.runtime.temporary import is_alive

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills groups of processes")

SAME = ("--precision", "float32", "--checkpoint-minutes", "0.005")  # equal bits; checkpoints within epochs too
NETWORK = ("-m", "efficientnet_lite", "--image-size", "64", *SAME)
LENET = ("-m", "lenet", "--batch-size", "16", "--augment", "none", "--precision", "float32")
RESUMED = ("--resume", "auto")
COMMANDS = {  # name -> words; each writes below OUT
    "scratch": ("train", *QUICK[:4], "--epochs", "30", *QUICK[6:], *SAME, *RESUMED, "--runs", "OUT"),
    "transfer": ("train", *NETWORK, "--learning", "transfer", *RESUMED, "--runs", "OUT"),
    "finetune": ("train", *NETWORK, "--learning", "finetune", "--epochs", "4", *RESUMED, "--runs", "OUT"),
    "segment": ("train", "--task", "segment", "--masks", "MASKS", "--image-size", "32", "--width", "8",
                "--epochs", "20", *SAME, *RESUMED, "--runs", "OUT"),
    "check": ("check", "--out", "OUT"),
    "compare": ("compare", *LENET, "--epochs", "12", "--vary", "l2=0,0.01", "--seeds", "1", "--jobs", "2",
                "--out", "OUT"),
    "crossval": ("crossval", *LENET, "--epochs", "8", "--folds", "3", "--repeats", "1", "--jobs", "2", "--runs", "OUT"),
    "tune": ("tune", "-m", "efficientnet_lite", "--image-size", "64", "--trials", "4", "--runs", "OUT"),
    "search": ("tune", *LENET, "--epochs", "9", "--trials", "3", "--jobs", "1", "--runs", "OUT"),
    "predict": ("predict", "--run", "RUN", "IMAGES", "--csv", "OUT/answers.csv", "--resume"),
}  # fmt: skip
FIGURES = (
    *("metrics.json", "predictions.csv", "crossval.csv", "out-of-fold.csv", "answers.csv", "compare.csv"),
    *("check.csv", "tune.csv"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Images, masks, a run, and a thousand images to predict for."""
    folder = tmp_path_factory.mktemp("kills")
    make_masks(make_toy(folder / "data"), folder / "masks")
    make_patches(folder / "patches", 12)
    with_cache = {"STUDY_CACHE": folder / "fresh"}
    ended = process("train", "--data", folder / "data", *QUICK, "--runs", folder / "run", **with_cache)
    assert ended.returncode == 0, ended.stderr
    many = folder / "many"
    many.mkdir()
    files = sorted((folder / "data").rglob("*.png"))
    for number in range(3000):
        os.link(files[number % len(files)], many / f"{number:05}.png")
    return folder


def words_of(place, name, out):
    places = {"OUT": out, "MASKS": place / "masks", "RUN": next((place / "run").glob("2*")), "IMAGES": place / "many"}
    words = [
        word.replace("OUT", str(out)) if word.startswith("OUT") else places.get(word, word) for word in COMMANDS[name]
    ]
    data = "patches" if name == "crossval" else "data"  # many of the toy's images are near duplicates
    return words if name == "predict" else [*words, "--data", place / data]


def children_of(process):
    """Processes that one has started; none where the system has no /proc: they end when its pipe to them closes."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            if int(file.read_text().rpartition(")")[2].split()[1]) == process:
                found.append(int(file.parent.name))
    return found


def run_until_killed(words, cache, seconds):
    """Run a command and kill it after some seconds, with the trainings that it started.

    Return None, or the seconds after which it had come to its end.
    """
    began = time.monotonic()
    given = command(*words, STUDY_CACHE=cache) | {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(**given, start_new_session=True) as started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(seconds)
            return time.monotonic() - began
        trainings = children_of(started.pid)
        os.killpg(started.pid, signal.SIGKILL)
        for training in trainings:  # each in a group of its own
            with contextlib.suppress(ProcessLookupError):
                os.kill(training, signal.SIGKILL)
    return None


def figures_of(out):
    """All that a command found, without times of day, durations and paths."""
    found = {}
    for path in sorted(out.rglob("*")):
        if path.name in (
            "metrics.json",
            "predictions.csv",
            "crossval.csv",
            "answers.csv",
            "compare.csv",
            "check.csv",
            "tune.csv",
        ):
            text = path.read_text(encoding="utf-8-sig")
            if path.suffix == ".csv":
                unequal = {"seconds", "run", "folder", "trial"}
                rows = [row for row in csv.DictReader(text.splitlines()) if row.get("state") != "killed"]
                text = json.dumps([{key: row[key] for key in row if key not in unequal} for row in rows])
            found.setdefault(path.name, []).append(text)
    return {name: sorted(texts) for name, texts in found.items()}


def litter(out):
    """Hidden folders and files that a killed process left, an hour after: the next start sweeps them."""
    left = [path for path in out.rglob(".unfinished*") if path.name != ".unfinished"]
    for path in left:
        os.utime(path, (time.time() - 7200,) * 2)
    return left


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """The store that all killed commands share."""
    return tmp_path_factory.mktemp("shared")


@pytest.mark.soak
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_at_random_it_ends_as_one_that_nobody_killed(name, place, shared, tmp_path):
    kills = int(os.environ.get("SOAK_KILLS", "200"))
    place_of_name = list(COMMANDS).index(name)
    mine = kills * (place_of_name + 1) // len(COMMANDS) - kills * place_of_name // len(COMMANDS)
    check_kills(name, mine, place, shared, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scratch", "check", "predict"])  # one of compare is killed in its own tests
def test_two_kills_of_some_commands(name, place, shared, tmp_path):
    check_kills(name, 2, place, shared, tmp_path)


def check_kills(name, kills, place, shared, tmp_path):
    rng, began = random.Random(name), time.monotonic()
    whole, out = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    ended = process(*words_of(place, name, whole), STUDY_CACHE=place / "fresh")
    assert ended.returncode == 0, ended.stderr[-2000:]
    lasted = time.monotonic() - began
    killed = begun = 0
    for _ in range(5 * kills):  # what ended before it could be killed begins once more, elsewhere
        if killed == kills:
            break
        out = tmp_path / f"killed-{begun}"
        out.mkdir(exist_ok=True)
        ended = run_until_killed(words_of(place, name, out), shared, rng.uniform(0.1, 0.9) * lasted)
        if ended is None:
            killed += 1
        else:
            lasted = ended  # with a store that holds rows by now it is faster than the first
            check_end(name, place, shared, whole, out)
            begun += 1
    check_end(name, place, shared, whole, out)
    right, kept = rows_in(place / "fresh" / "store"), rows_in(shared / "store")
    both = right.keys() & kept.keys()
    assert [key for key in both if kept[key] != right[key]] == []
    print(f"\n{name}: {killed} kills of {begun + 1} starts that came to an end; {len(both)} rows of the store checked")
    assert killed == kills


def check_end(name, place, shared, whole, out):
    """Come to the end, hold what was found to what nobody killed, and see that the next start leaves no litter."""
    words = words_of(place, name, out)
    ended = process(*words, STUDY_CACHE=shared)
    assert ended.returncode == 0, ended.stderr[-2000:]
    if name != "tune":  # its heads share random numbers of dropout, and those that were killed learn anew
        wanted, found = figures_of(whole), figures_of(out)
        assert wanted
        assert {file: set(found[file]) for file in wanted} == {file: set(wanted[file]) for file in wanted}
    litter(out)
    assert process(*words, STUDY_CACHE=shared).returncode == 0
    assert not [path for path in litter(out) if not is_alive(int(path.name.split("-")[1]))]
