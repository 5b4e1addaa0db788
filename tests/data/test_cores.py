"""The number of threads goes by what a process may use, not by what the machine has."""

import math
import os
import subprocess
import sys

import pytest
from helpers import ROOT

from data.cores import cores, time_limit


def group(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(f"{text}\n")


def limit(tmp_path, lines):
    (tmp_path / "self").write_text(lines)
    return time_limit(tmp_path / "groups", tmp_path / "self")


@pytest.mark.parametrize(
    ("text", "expected"), [("200000 100000", 2), ("50000 100000", 0.5), ("150000 50000", 3), ("max 100000", math.inf)]
)
def test_a_containers_limit_of_time_counts(tmp_path, text, expected):
    group(tmp_path / "groups", cpu_max=text)
    assert limit(tmp_path, "0::/\n") == expected


def test_a_group_has_no_more_than_one_that_holds_it(tmp_path):
    group(tmp_path / "groups" / "job", cpu_max="300000 100000")
    group(tmp_path / "groups" / "job" / "step", cpu_max="800000 100000")
    group(tmp_path / "groups" / "other", cpu_max="100000 100000")
    assert limit(tmp_path, "0::/job/step\n") == 3


@pytest.mark.parametrize(("quota", "expected"), [(250000, 2.5), (-1, math.inf)])
def test_the_older_groups_have_a_file_for_each_number(tmp_path, quota, expected):
    folder = tmp_path / "groups" / "cpu" / "docker"
    group(folder, cpu_cfs_quota_us=quota, cpu_cfs_period_us=100000)
    group(tmp_path / "groups" / "memory" / "docker", cpu_max="1 100000")
    assert limit(tmp_path, "4:memory:/docker\n2:cpu,cpuacct:/docker\n0::/\n") == expected


@pytest.mark.parametrize("text", ["", "max", "many 100000", "100000 0"])
def test_what_says_no_number_sets_no_limit(tmp_path, text):
    group(tmp_path / "groups", cpu_max=text)
    assert limit(tmp_path, "0::/\nodd\n") == math.inf


def test_where_there_are_no_groups_there_is_no_limit(tmp_path):
    assert time_limit(tmp_path / "groups", tmp_path / "self") == math.inf


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a processor")
def test_a_process_bound_to_one_processor_decodes_in_one_thread():
    bound = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})"
    code = f"{bound}; from data import image; print(image.WORKERS)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "1\n"


def test_there_is_at_least_one_core():
    assert 1 <= cores() <= os.cpu_count()
