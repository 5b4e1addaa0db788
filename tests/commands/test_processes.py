"""Commands as processes of their own: how they start, share a cache, are interrupted and end."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import QUICK, call, command, left_behind, process
from PIL import Image
from run_files import FOR_OPENVINO, PICTURES, run_info

import models
from study.runs.folder import FILES


def test_process_ends_with_2_and_one_line():
    ended = process("train", "-m", "orignal")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.startswith(b"error: Unknown model 'orignal'")
    assert ended.stderr.count(b"\n") == 1


def has_open(process, folder):
    """Say whether a process has a file below a folder open."""
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if link.readlink().is_relative_to(folder):
                return True
    return False


def waits(process):
    """Say whether a process's main thread did nothing for half a second."""
    before = processor_time(process)
    time.sleep(0.5)
    return processor_time(process) == before


def processor_time(process):
    """Return what the main thread has used, in hundredths of a second."""
    fields = Path(f"/proc/{process.pid}/task/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])  # the user's and the system's


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux which files are open")
@pytest.mark.parametrize("idle", [False, True])
def test_ctrl_c_while_images_are_read_in_the_background(idle, tmp_path):
    """At first TensorFlow is being imported meanwhile, later the program only waits for the images."""
    data, picture = tmp_path / "data", tmp_path / "large.png"
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), np.uint8)
    Image.fromarray(noise).save(picture, compress_level=1)
    for label in ("a", "b"):
        (data / label).mkdir(parents=True)
        for number in range(500):  # a minute
            os.link(picture, data / label / f"{number}.png")
    words = ("train", "--data", data, *QUICK, "--runs", tmp_path / "runs")
    with subprocess.Popen(**command(*words, STUDY_CACHE=tmp_path / "cache")) as training:
        until = time.monotonic() + 60
        while not has_open(training, data) and time.monotonic() < until:
            time.sleep(0.02)
        while idle and not waits(training) and time.monotonic() < until:
            pass
        assert training.poll() is None
        started = time.monotonic()
        training.send_signal(signal.SIGINT)
        _, err = training.communicate(timeout=60)
    assert training.returncode == 130
    assert time.monotonic() - started < 15
    assert err.decode().strip().startswith("stopped; nothing was left half-written. ")
    assert err.count(b"\n") == 2
    assert left_behind(tmp_path / "runs") == []


@pytest.mark.slow
def test_quiet_start_on_a_japanese_console_and_the_same_run_again(run, toy, tmp_path):
    """Another process, another folder, the same seed: the same figures to the last digit."""
    data, runs = tmp_path / "写真 🐱", tmp_path / "runs"
    shutil.copytree(toy, data)
    ended = process("train", "--data", data, *QUICK, "--runs", runs, PYTHONIOENCODING="cp932")
    assert ended.returncode == 0
    assert b"Traceback" not in ended.stderr
    assert "写真 ?" in ended.stdout.decode("cp932")
    (again,) = runs.iterdir()
    for name in ("predictions.csv", "metrics.json", "split.csv"):
        assert (again / name).read_bytes() == (run / name).read_bytes(), name
    assert run_info(again)["data"]["fingerprint"] == run_info(run)["data"]["fingerprint"]


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_where_no_checkpoints_are_asked_for(toy, tmp_path):
    words = ("train", "--data", str(toy), *QUICK, "--epochs", "1000", "--patience", "0", "--runs", str(tmp_path / "r"))
    words = (*words, "--checkpoint-minutes", "0")
    with subprocess.Popen(**command(*words)) as training:
        for line in training.stdout:
            if line.startswith(b"scratch epoch"):
                break
        training.send_signal(signal.SIGINT)
        _, err = training.communicate(timeout=60)
    assert training.returncode == 130
    assert err.decode().strip() == (
        f"stopped; nothing was left half-written. To begin again: python main.py {' '.join(words)}"
    )
    assert left_behind(tmp_path / "r") == []


@pytest.mark.slow
def test_two_at_once_share_runs_and_an_empty_cache(tmp_path):
    runs, cache = tmp_path / "runs", tmp_path / "cache"
    words = ("train", *QUICK, "--epochs", 1, "--batch-size", 64, "--augment", "none", "--runs", runs)
    quick = "import sys; from data.drawn.folder import cached; cached.__defaults__ = (300, *cached.__defaults__[1:]); "
    start = command(*words, STUDY_CACHE=cache)
    start["args"][1:2] = ["-c", f"{quick}import main; sys.exit(main.main())"]  # not 1,500 drawings
    both = [subprocess.Popen(**start) for _ in range(2)]
    texts = [training.communicate(timeout=250) for training in both]
    assert [training.returncode for training in both] == [0, 0]
    assert all(err.startswith(b"next: ") and err.count(b"\n") == 1 for _, err in texts)
    assert all(b"drawings made by the program, not photos" in out for out, _ in texts)
    made = sorted(runs.iterdir())
    assert len(made) == 2
    assert all({path.name for path in run.iterdir()} == {*FILES, *PICTURES, *FOR_OPENVINO, "known.npz"} for run in made)
    assert (made[0] / "predictions.csv").read_bytes() == (made[1] / "predictions.csv").read_bytes()
    assert run_info(made[0])["data"]["drawn"] is True
    assert sum(path.name != "store" for path in cache.iterdir()) == 1


@pytest.mark.parametrize(
    "words", [["--help"], ["summary", "--help"], ["train", "--help"], ["predict", "--help"], ["summary"]]
)
def test_help_and_table_of_models_start_without_keras(words):
    arguments = command(*words)
    arguments["args"][1:1] = ["-X", "importtime"]
    ended = subprocess.run(**arguments, timeout=60, check=False)
    imported = {line.rsplit(b"|", 1)[-1].strip().split(b".")[0] for line in ended.stderr.splitlines()}
    assert ended.returncode == 0
    assert b"argparse" in imported
    assert not imported & {b"keras", b"tensorflow", b"matplotlib", b"sklearn"}
    expected = [b"usage: python main.py"] if "--help" in words else [name.encode() for name in models.available()]
    assert all(text in ended.stdout for text in expected)


def test_nobody_reads_on():
    read, write = os.pipe()
    os.close(read)  # as `| head` does when it has enough
    ended = subprocess.run(**command("summary") | {"stdout": write}, timeout=60, check=False)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_nobody_reads_on_what_is_predicted_and_the_table_of_before_is_kept(run, toy, tmp_path):
    table = tmp_path / "out.csv"
    words = ("predict", "--run", run, toy / "circle", "--csv", table)
    assert call(*words).code == 0
    before = table.read_bytes()
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(**command(*words) | {"stdout": write}, timeout=60, check=False)
    os.close(write)
    assert (ended.returncode, b"Traceback" in ended.stderr) == (141, False)
    assert table.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
@pytest.mark.parametrize(
    ("words", "beginning"),
    [
        (["summary"], "No space left on device: free some space where the output"),
        (["summary", "--json"], "No space left on device: free some space where the output"),
        (["summary", "-m", "none", "--json"], "Unknown model"),
    ],
)
def test_a_full_disk_where_the_output_goes_is_one_line(words, beginning):
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(**command(*words) | {"stdout": full}, timeout=60, check=False)
    error = ended.stderr.decode().splitlines()[-1]
    assert (ended.returncode, b"Traceback" in ended.stderr) == (2, False)
    assert error.startswith(f"error: {beginning}")


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no folder that somebody is in")
@pytest.mark.parametrize(
    "words",
    [
        *(["check", "--data", "TOY"], ["export-data", "--out", "out", "--data", "TOY"]),
        *(["train", "--data", "TOY"], ["crossval", "--data", "TOY"], ["tune", "--data", "TOY"]),
        *(["runs"], ["runs", "best"], ["runs", "diff", "a", "b"], ["runs", "remove", "a"]),
        *(["predict"], ["export"], ["page"], ["serve"], ["inspect"], ["predict", "x.png", "--run", "a"]),
    ],
    ids=" ".join,
)
def test_a_working_folder_that_is_gone_is_named_as_the_reason(words, toy, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    ran = call(*(toy if word == "TOY" else word for word in words))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: The working folder is not there any more: go into one that is (cd), and start again\n"
