"""Several commands at once over one store, one folder of runs, one folder of a comparison, which is cleared meanwhile.

`SOAK_TOGETHER` says how many rounds: 10 in `make soak`, one in `make slow`.
"""

import os
import subprocess

import pytest
from helpers import QUICK, command, make_patches, make_toy, process
from stored_rows import rows_in

LENET = ("-m", "lenet", "--batch-size", "16", "--augment", "none", "--precision", "float32")
THREADS = {"TF_NUM_INTRAOP_THREADS": 1, "TF_NUM_INTEROP_THREADS": 1, "OMP_NUM_THREADS": 1}
RUN = ("metrics.json", "predictions.csv", "split.csv")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Images, and what one command alone with a store of its own makes of them."""
    folder = tmp_path_factory.mktemp("together")
    make_toy(folder / "data")
    make_patches(folder / "patches", 12)
    alone = {"STUDY_CACHE": folder / "fresh", **THREADS}
    for words in (train(folder, folder / "alone"), check(folder, folder / "checked")):
        ended = process(*words, **alone)
        assert ended.returncode == 0, ended.stderr
    return folder


def train(place, runs):
    return ("train", "--data", place / "data", *QUICK, "--precision", "float32", "--runs", runs)


def check(place, out):
    return ("check", "--data", place / "data", "--out", out)


def start(*words, cache):
    return subprocess.Popen(**command(*words, STUDY_CACHE=cache, **THREADS))


def ended(processes):
    """Wait for all; return exit code and standard error of each."""
    texts = [one.communicate(timeout=300)[1].decode() for one in processes]
    return [(one.returncode, text) for one, text in zip(processes, texts, strict=True)]


def one_round(place, out):
    """Two trainings and an audit at once, while the store is emptied again and again; return how often it was."""
    cache, cleared = out / "cache", 0
    working = [start(*train(place, out / "runs"), cache=cache) for _ in range(2)]
    working.append(start(*check(place, out / "checked"), cache=cache))
    while any(one.poll() is None for one in working):
        (clearing,) = ended([start("store", "--clear", cache=cache)])
        assert clearing[0] == 0, clearing
        cleared += 1
    for code, err in ended(working):
        assert code == 0, err
        assert "Traceback" not in err
    made = sorted((out / "runs").glob("2*"))
    (alone,) = (place / "alone").glob("2*")
    assert len(made) == 2
    for run in made:
        for name in RUN:
            assert (run / name).read_bytes() == (alone / name).read_bytes(), name
    assert (out / "checked/check.csv").read_bytes() == (place / "checked/check.csv").read_bytes()
    assert [path.name for path in (out / "runs").iterdir() if not path.name.startswith("2")] == []
    return cleared


def check_rows(place, cache):
    """Run once more, which keeps all rows anew, and hold each to that of a store that nobody else used."""
    assert process(*train(place, cache.parent / "again"), STUDY_CACHE=cache, **THREADS).returncode == 0
    right, kept = rows_in(place / "fresh" / "store"), rows_in(cache / "store")
    both = right.keys() & kept.keys()
    assert both
    assert [key for key in both if kept[key] != right[key]] == []
    return len(both)


def rounds(place, out, number):
    cleared = rows = 0
    for round_ in range(number):
        folder = out / str(round_)
        folder.mkdir()
        cleared += one_round(place, folder)
        rows += check_rows(place, folder / "cache")
    print(f"\n{3 * number} commands at once in threes, the store emptied {cleared} times; {rows} rows checked")


@pytest.mark.soak
def test_a_store_is_emptied_again_and_again_while_three_commands_use_it(place, tmp_path):
    rounds(place, tmp_path, int(os.environ.get("SOAK_TOGETHER", "10")))


@pytest.mark.parametrize(
    "name", [pytest.param("compare", marks=pytest.mark.slow), pytest.param("tune", marks=pytest.mark.soak)]
)
def test_of_several_in_one_folder_one_works_and_the_others_are_told(name, place, tmp_path):
    own = {
        "compare": (*LENET, "--epochs", "2", "--vary", "l2=0,0.01", "--seeds", "1", "--out", tmp_path / "out"),
        "tune": (*LENET, "--epochs", "1", "--trials", "2", "--runs", tmp_path / "out"),
    }
    words = (name, "--data", place / "patches", *own[name], "--jobs", "1")
    found = ended([start(*words, cache=tmp_path / "cache") for _ in range(3)])
    worked = [err for code, err in found if code == 0]
    refused = [err for code, err in found if code != 0]
    assert worked, found
    for code, err in found:
        assert code in (0, 2), err
    for err in refused:
        assert err.count("\n") == 1
        assert err.startswith(f"error: Another {name} is at work in ")
    following = process(*words, STUDY_CACHE=tmp_path / "cache", **THREADS)
    assert following.returncode == 0, following.stderr
    assert b"0 of them done before" not in following.stdout
    print(f"\n{name}: 3 at once, {len(refused)} refused in one line")
