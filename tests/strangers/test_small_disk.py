"""A disk that is too small by a little more each time: what SQLite, HDF5 and OpenVINO write fails there as well."""

import contextlib
import os
import shutil
import subprocess
import sys

import pytest
from full_disk import content_of
from helpers import call, process

SIZES = (64, 128, 192, 256, 320, 384, 448, 512, 640, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288)  # KiB


def mountable():
    """Say whether this process may mount a disk of memory."""
    return sys.platform == "linux" and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("mount")


pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not mountable(), reason="only root may mount a small disk; tests/full_disk.py has none"),
]


@contextlib.contextmanager
def small_disk(path, kibibytes):
    path.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def one_line(code, err):
    assert "Traceback" not in err, err
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == (code == 2), err
    assert code in (0, 2)


def test_a_run_folder_fits_or_is_not_there(run, toy, tmp_path):
    words = ("train", "-m", "original", "--image-size", 32, "--weights", run, "--learning", "transfer", "--epochs", 1)
    fitted = []
    for size in SIZES:
        with small_disk(tmp_path / "disk", size) as disk:
            ran = call(*words, "--data", toy, "--runs", disk / "runs")
            one_line(ran.code, ran.err)
            found = content_of(disk / "runs") if (disk / "runs").is_dir() else {}
            there = {name for name in found if not name.startswith(".unfinished")}  # a slow one left a checkpoint
            fitted.append(ran.code == 0)
            assert bool(there) == fitted[-1], there
    print(f"\nrun folder: {len(SIZES)} sizes of a disk, {fitted.count(False)} too small")
    assert {*fitted} == {True, False}


def test_a_store_that_does_not_fit_is_no_reason_to_stop(toy, tmp_path):
    outcomes = []
    for size in SIZES[:10]:
        with small_disk(tmp_path / "disk", size) as disk:
            words = ("check", "--data", toy, "--out", tmp_path / f"check-{size}")
            for _ in range(2):  # the second finds what the first could keep
                ran = process(*words, STUDY_CACHE=disk)
                one_line(ran.returncode, ran.stderr.decode())
                assert ran.returncode == 0
                outcomes.append((tmp_path / f"check-{size}" / "check.csv").read_bytes())
                shutil.rmtree(tmp_path / f"check-{size}")
    print(f"\nstore: {len(outcomes)} commands on disks that are too small")
    assert len({*outcomes}) == 1
