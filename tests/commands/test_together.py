"""`train --processes`: several processes learn one network as one process does, go on with its work, and end together.

`make jax` installs JAX, without which only what is refused is tried.
"""

import csv
import re
import subprocess
from importlib.util import find_spec

import numpy as np
import pytest
from helpers import call, command, fails, process
from resuming import name_in, run_in

from study.runtime.processes import free_port

LENET = ("-m", "lenet", "--image-size", "32", "--batch-size", "16", "--learning-rate", "0.002", "--backend", "jax")
CHANGES = ("--augment", "flip,translation,brightness,erase", "--epochs", "4")  # of three iterations each
STOP = """
import os, signal
CALLS = []

def change(images):
    CALLS.append(1)
    if len(CALLS) == 7 and os.environ.get("STUDY_PROCESS", "0")[0] == os.environ.get("ENDS"):
        os.kill(os.getpid(), signal.{signal})
    return images[:, ::-1]
"""
REFUSED = {
    "": "--processes is for --backend jax, on which they learn together. Received: --processes 2, on tensorflow",
    "--backend torch": "--processes is for --backend jax, on which they learn together. Received: --processes 2, on t",
    "--backend jax --find-learning-rate": (
        "--find-learning-rate is for one process. Received: --processes 2; leave one of both out."
    ),
    "--backend jax --crossval 3": "--crossval is for one process. Received: --processes 2; leave one of both out.",
    "--backend jax --learning transfer -m efficientnet_lite": (
        "--processes is for --learning scratch or finetune, where a whole network learns: under transfer a head learns "
        "alone, in seconds. Received: --processes 2; leave it out."
    ),
    "--backend jax --batch-size 31": (
        "--processes take equal shares of a batch: give --batch-size 30, or another multiple of 2. Received: "
        "--processes 2 --batch-size 31"
    ),
}
with_jax = pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed")


def train(*words, code=0, **variables):
    """Train in processes of their own, and return what the first one said."""
    ended = process("train", *words, **variables)
    assert ended.returncode == code, ended.stderr.decode()[-2000:]
    return ended.stdout.decode() + ended.stderr.decode()


def losses(run):
    """Return the loss of each epoch, which is the mean of those of its iterations."""
    return [float(row["loss"]) for row in csv.DictReader((run / "history.csv").open())]


@pytest.fixture(scope="module")
def alone(toy, tmp_path_factory):
    """Return the run of one process."""
    runs = tmp_path_factory.mktemp("alone")
    train("--data", toy, *LENET, *CHANGES, "--runs", runs)
    return run_in(runs)


@pytest.mark.parametrize("words", REFUSED)
def test_what_does_not_go_with_it_is_refused(words, tmp_path):
    fails(call("train", "--processes", "2", *words.split(), "--runs", tmp_path), REFUSED[words], tmp_path)


@pytest.mark.soak
@with_jax
def test_a_default_batch_that_cannot_be_divided_is_refused(tmp_path):
    told = train("-m", "lenet", "--backend", "jax", "--processes", "3", "--runs", tmp_path, code=2)
    assert "error: --processes take equal shares of a batch: give --batch-size 30, or another multiple of 3." in told


@pytest.mark.slow
@with_jax
@pytest.mark.parametrize("count", [2, 4])
def test_they_learn_as_one_does(count, alone, toy, tmp_path):
    told = train("--data", toy, *LENET, *CHANGES, "--processes", count, "--runs", tmp_path)
    assert f"{count} processes, each with {16 // count} images of a batch" in told
    assert told.count("run folder:") == 1
    assert "[Gloo]" not in told
    run = run_in(tmp_path)
    np.testing.assert_allclose(losses(run), losses(alone), atol=1e-5)
    assert sorted(file.name for file in run.iterdir()) == sorted(file.name for file in alone.iterdir())
    assert len(list(tmp_path.glob("2*"))) == 1


@pytest.mark.slow
@with_jax
@pytest.mark.parametrize(("begun", "gone_on"), [(1, 2), pytest.param(2, 1, marks=pytest.mark.soak)])
def test_another_number_of_them_goes_on(begun, gone_on, toy, tmp_path):
    code = tmp_path / "stop.py"
    code.write_text(STOP.format(signal="SIGTERM"))
    words = ("--augment-with", f"{code}:change", "--runs", tmp_path)
    learned = ("--data", toy, *LENET, "--epochs", "4", *words[:2])
    train(*learned, "--runs", tmp_path / "whole")
    told = train(*learned, *words[2:], "--processes", begun, code=143, ENDS="0")
    (command,) = re.findall("To go on: python main.py train (.*)", told)
    assert f"--processes {begun}" in command
    train("--resume", name_in(tmp_path), *words, "--processes", gone_on)
    np.testing.assert_allclose(losses(run_in(tmp_path)), losses(run_in(tmp_path / "whole")), atol=1e-5)
    assert not (tmp_path / ".unfinished").exists()


@pytest.mark.slow
@with_jax
def test_a_time_limit_ends_all_processes_after_the_same_epoch(alone, toy, tmp_path):
    told = train("--data", toy, *LENET, *CHANGES, "--processes", "2", "--time-limit", "1s", "--runs", tmp_path)
    assert "the time limit of 1s ended it after epoch 1 of 4; the command took " in told
    np.testing.assert_allclose(losses(run_in(tmp_path)), losses(alone)[:1], atol=1e-5)
    assert f"it was ended early, and can still go on: python main.py train --resume {name_in(tmp_path)} " in told


@pytest.mark.slow
@with_jax
def test_where_one_of_them_dies_all_end_and_the_reason_is_told(toy, tmp_path):
    code = tmp_path / "die.py"
    code.write_text(STOP.format(signal="SIGKILL"))
    words = ("--augment-with", f"{code}:change", "--epochs", "50", "--runs", tmp_path / "runs")
    told = train("--data", toy, *LENET, *words, "--processes", "2", code=2, ENDS="1")
    assert (
        "error: Process 2 of 2 failed (ended by signal 9 (was there too little memory?)), and with it the training."
        in told
    )
    assert "Traceback" not in told


@pytest.mark.slow
@with_jax
def test_they_may_be_started_by_a_cluster(toy, tmp_path):
    started = []
    words = ("train", "--data", toy, *LENET, "--epochs", "1", "--processes", "2", "--runs", tmp_path)
    variables = {
        "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{free_port()}",
    }
    for number in range(2):
        of_one = command(*words, **variables, KERAS_DISTRIBUTION_PROCESS_ID=str(number))
        started.append(subprocess.Popen(**of_one))
    told = [process.communicate(timeout=100) for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    assert b"run folder:" in told[0][0]
    assert told[1][0] == b""
    assert len(list(tmp_path.glob("2*"))) == 1
