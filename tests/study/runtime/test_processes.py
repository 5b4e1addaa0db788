"""Which of several processes this is."""

import subprocess
import sys
import threading
import time

import pytest
from helpers import ROOT, message

from study.runtime.processes import Place, place_in, watch

KERAS = {
    "KERAS_DISTRIBUTION_PROCESS_ID": "2",
    "KERAS_DISTRIBUTION_NUM_PROCESSES": "4",
    "KERAS_DISTRIBUTION_JOB_ADDRESSES": "10.0.0.1:5000",
}
SLURM = {"SLURM_JOB_ID": "7", "SLURM_STEP_NODELIST": "a[1-2]", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"}
SLURM |= {"SLURM_LOCALID": "0"}


@pytest.mark.parametrize(("environment", "place"), [
    ({}, None),
    ({"STUDY_PROCESS": "3 4 127.0.0.1:5000"}, Place(3, 4, "127.0.0.1:5000", local=True)),
    (KERAS, Place(2, 4, "10.0.0.1:5000", local=False)),
    (SLURM, Place(0, 4, "", local=False)),
    ({**SLURM, "SLURM_STEP_NODELIST": ""}, None),  # within sbatch, but not by srun: nobody started the others
])  # fmt: skip
def test_it_is_read_from_the_environment(environment, place):
    assert place_in(environment, 4) == place


def test_only_the_first_is_the_first():
    assert [Place(number, 3).first for number in range(3)] == [True, False, False]


@pytest.mark.parametrize(("environment", "told"), [
    (KERAS, "--processes 2, and KERAS_DISTRIBUTION_NUM_PROCESSES says 4: both have to be the same."),
    (SLURM, "--processes 2, and SLURM_NTASKS says 4: both have to be the same."),
])  # fmt: skip
def test_another_number_there_is_refused(environment, told):
    assert message(place_in, environment, 2) == told


@pytest.mark.parametrize(("name", "given", "told"), [
    ("PROCESS_ID", "two", "KERAS_DISTRIBUTION_PROCESS_ID is the number of this process, from 0. Received: two of 4"),
    ("PROCESS_ID", "4", "KERAS_DISTRIBUTION_PROCESS_ID is the number of this process, from 0. Received: 4 of 4"),
    ("JOB_ADDRESSES", "here", "KERAS_DISTRIBUTION_JOB_ADDRESSES is the host:port of the first process. Received: here"),
])  # fmt: skip
def test_what_cannot_be_is_refused(name, given, told):
    assert message(place_in, {**KERAS, f"KERAS_DISTRIBUTION_{name}": given}, 4) == told


def test_one_that_meets_nobody_says_so_and_ends():
    code = (
        "import time; from study.runtime import processes; processes.MEETING = 1\n"
        "with processes.Place(1, 2, 'host:5000', local=False).meeting(): time.sleep(60)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    told = "error: process 2 of 2 did not find the others at host:5000 in 1 seconds.\n"
    assert (ran.returncode, ran.stderr) == (2, told)


def test_one_that_fails_after_they_parted_does_not_end_the_first(tmp_path):
    failing = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    (tmp_path / "log").write_text("starting\nwhat went wrong\n")
    failing.wait()
    place = Place(count=2, started=[(failing, tmp_path / "log")])
    assert place.failed() == "Process 2 of 2 failed (what went wrong), and with it the training."
    watching = threading.Thread(target=watch, args=(place,), daemon=True)
    watching.start()
    time.sleep(0.7)  # it has seen that, and waits whether this one needs it still
    assert watching.is_alive()
    place.parted.set()
    watching.join(5)
    assert not watching.is_alive()
