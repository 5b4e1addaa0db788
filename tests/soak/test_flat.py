"""Many predictions and many trainings in one process: what stays in memory and open after each.

`SOAK_PREDICTIONS` and `SOAK_TRAININGS` say how many: 100,000 and 50 in `make soak`.
"""

import json
import os
import subprocess
import sys

import pytest
from helpers import QUICK, ROOT, make_toy
from stored_rows import LINUX

pytestmark = LINUX

MEASURED = """
import contextlib, gc, io, json, os, sys
from pathlib import Path
sys.path[:0] = [os.getcwd(), os.path.join(os.getcwd(), "tests")]
from helpers import call

times, words, found = int(sys.argv[1]), json.loads(sys.argv[2]), []
for _ in range(times):
    ran = call(*words)
    assert ran.code == 0, ran.err
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    found.append((resident / 1e6, len(os.listdir("/proc/self/fd"))))
print(json.dumps(found))
"""
GROWTH = 0.05  # of what the process has after the first part, which warms it up
GRAPHS = 30  # megabytes that the graphs of a training may take


def measure(times, words, cache):
    """Run a command several times in one process: megabytes in memory and open files after each time."""
    arguments = [sys.executable, "-c", MEASURED, str(times), json.dumps(list(map(str, words)))]
    environment = os.environ | {"STUDY_CACHE": str(cache)}
    ended = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return json.loads(ended.stdout.splitlines()[-1])


def figures(found):
    """Memory and open files, the most of each, after the first fifth, in which all is made once, and at the end."""
    part = max(2, len(found) // 5)
    return tuple(map(max, zip(*found[:part], strict=True))), tuple(map(max, zip(*found[-part:], strict=True)))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Images of three classes, the same many times over, and a run."""
    folder = tmp_path_factory.mktemp("flat")
    make_toy(folder / "data")
    measure(1, ("train", "--data", folder / "data", *QUICK, "--runs", folder / "runs"), folder / "cache")
    files = sorted((folder / "data").rglob("*.png"))
    (folder / "many").mkdir()
    for number in range(1000):
        os.link(files[number % len(files)], folder / "many" / f"{number:04}.png")
    return folder


@pytest.mark.soak
def test_memory_and_files_are_flat_over_many_predictions(place, tmp_path):
    thousands = int(os.environ.get("SOAK_PREDICTIONS", "100000")) // 1000
    words = ("predict", "--run", next((place / "runs").glob("2*")), place / "many", "--csv", tmp_path / "answers.csv")
    found = measure(thousands, words, place / "cache")
    (before, files), (after, files_after) = figures(found)
    print(f"\n{1000 * thousands:,} predictions: {before:.0f} MB, then {after:.0f}; {files} files, then {files_after}")
    assert after < (1 + GROWTH) * before, found
    assert files_after <= files, found


@pytest.mark.soak
def test_files_are_flat_over_many_trainings_and_memory_grows_by_the_graphs_alone(place):
    """Keras and TensorFlow keep the graphs of each network that was compiled until the process ends."""
    number = int(os.environ.get("SOAK_TRAININGS", "50"))
    found = measure(number, ("train", "--data", place / "data", *QUICK, "--runs", place / "more"), place / "cache")
    (before, files), (after, files_after) = figures(found)
    each = (found[-1][0] - found[1][0]) / (number - 2)
    print(
        f"\n{number} trainings: {before:.0f} MB, then {after:.0f}, {each:.1f} each; {files} files, then {files_after}"
    )
    assert files_after <= files, found
    assert each < GRAPHS, found
