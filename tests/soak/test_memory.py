"""One process that predicts for long, or trains again and again, takes no more memory than it did early on, and no more
open files.

`SOAK_PREDICTIONS` and `SOAK_TRAININGS` say how many: 100,000 and 50 in `make soak`.
"""

import json
import os
import subprocess
import sys
from statistics import median

import pytest
from helpers import QUICK, ROOT, call, make_toy

pytestmark = [pytest.mark.soak, pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for its memory")]
GROWTH = 1.05  # of the memory, from the second fifth of the work to the last
OPEN_AT_TIMES = 4  # files: those that threads decode, and a journal

WATCHED = """
import contextlib, io, json, os, sys, threading, time
sys.path[:0] = [os.getcwd()]
import main
seen = []


def look():
    pages = int(open("/proc/self/statm").read().split()[1])
    seen.append((pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd"))))


def watch():
    while True:
        time.sleep(0.5)
        look()


words, times = json.loads(sys.argv[1]), int(sys.argv[2])
if times == 1:
    threading.Thread(target=watch, daemon=True).start()
for number in range(times):
    told = io.StringIO()  # what is printed goes: it would be memory that grows
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(told):
        code = main.main(words)
    assert code == 0, told.getvalue()
    look()
print(json.dumps(seen))
"""


def watched(words, times):
    """Memory in bytes and open files along the work."""
    ran = subprocess.run(
        [sys.executable, "-c", WATCHED, json.dumps([str(word) for word in words]), str(times)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout.splitlines()[-1])


def flat(seen, name):
    fifth = len(seen) // 5
    assert fifth, "too little work to look at"
    early, late = seen[fifth : 2 * fifth], seen[-fifth:]
    memory = [median(bytes_ for bytes_, _ in part) for part in (early, late)]
    files = [median(files for _, files in part) for part in (early, late)]
    print(
        f"\n{name}: {memory[0] / 1e6:.0f} MB, then {memory[1] / 1e6:.0f} MB; {files[0]:.0f}, then {files[1]:.0f} files"
    )
    assert memory[1] <= GROWTH * memory[0]
    assert files[1] <= files[0] + OPEN_AT_TIMES


def test_predictions(tmp_path):
    count = int(os.environ.get("SOAK_PREDICTIONS", "100000"))
    data = make_toy(tmp_path / "data")
    assert call("train", "--data", data, *QUICK, "--runs", tmp_path / "runs").code == 0
    files = sorted(data.rglob("*.png"))
    for number in range(count):
        target = tmp_path / "many" / str(number // 1000) / f"{number}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(files[number % len(files)], target)
    words = ("predict", "--run", next((tmp_path / "runs").glob("2*")), tmp_path / "many", "--csv", tmp_path / "out.csv")
    flat(watched((*words, "--resume"), 1), f"{count:,} predictions")  # without it all are kept for what is printed last


def test_trainings(tmp_path):
    count = int(os.environ.get("SOAK_TRAININGS", "50"))
    words = ("train", "--data", make_toy(tmp_path / "data"), *QUICK, "--runs", tmp_path / "runs")
    flat(watched(words, count), f"{count} trainings")
