"""Which of several processes this is."""

import pytest
from helpers import message

from study.runtime.processes import Place, place_in

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


def test_what_is_no_number_is_refused():
    told = "KERAS_DISTRIBUTION_PROCESS_ID is the number of this process. Received: two"
    assert message(place_in, {**KERAS, "KERAS_DISTRIBUTION_PROCESS_ID": "two"}, 4) == told
