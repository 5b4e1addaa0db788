"""The trainings of `compare` as processes: several at once, failures, interruption, one folder for one comparison."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import ROOT, message

from errors import UserError
from study.experiments import jobs as experiments_jobs
from study.experiments.jobs import Job, alone_in, environment, reason, run_all, wait_for_earlier
from study.runtime.locks import holding


@pytest.fixture
def scripts(monkeypatch, tmp_path):
    """Jobs whose words are Python code: what a training does, without its start."""
    script = tmp_path / "main.py"
    script.write_text("import sys\nexec(sys.argv[1])\n")
    monkeypatch.setattr(experiments_jobs, "MAIN", script)
    return lambda *codes: [Job(f"job {i}", (code,), tmp_path / f"{i}.log") for i, code in enumerate(codes)]


def test_one_that_fails_is_told_and_the_others_go_on(scripts):
    ended = {}
    jobs = scripts("print('fine')", "print('error: too hot'); print('so long'); sys.exit(2)", "1 / 0", "sys.exit(3)")
    run_all(jobs, 2, lambda job, why: ended.update({job.label: why}))
    assert ended == {
        "job 0": None,
        "job 1": "too hot",
        "job 2": "ZeroDivisionError: division by zero",
        "job 3": "exit code 3",
    }
    assert jobs[0].log.read_text() == "fine\n"


@pytest.mark.slow
def test_no_more_at_once_than_asked_for(scripts, tmp_path):
    code = "import time; print(time.monotonic()); time.sleep(0.3); print(time.monotonic())"
    for most, count in ((1, 3), (2, 5)):
        jobs = scripts(*[code] * count)
        run_all(jobs, most, lambda job, why: None)
        spans = [tuple(map(float, job.log.read_text().split())) for job in jobs]
        together = [sum(start <= begun < end for start, end in spans) for begun, _ in spans]
        assert max(together) == most


def until(holds, seconds):
    """Wait until a condition holds; say whether it did."""
    end = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.05)
    return held


def test_ctrl_c_ends_those_that_run(scripts):
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    jobs = scripts("pass", code)

    def interrupt(job, why):
        until(jobs[1].log.read_text, 30)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(jobs, 2, interrupt)
    child = int(jobs[1].log.read_text().split()[0])
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


PARENT = """
import pathlib, sys
from study.experiments import jobs
jobs.MAIN = pathlib.Path(sys.argv[1])
jobs.run_all([jobs.Job("job", (sys.argv[2],), jobs.MAIN.with_name("train.log"))], 1, print)
"""
SLEEPS = """
import os, time
print(os.getpid(), flush=True)
try:
    time.sleep(60)
finally:
    print("tidied", flush=True)
"""
DEAF = """
import os, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(60)
"""


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")  # one that has ended but that nobody has asked about is still listed
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="os.kill asks on POSIX only")
@pytest.mark.parametrize(("code", "tidies"), [(SLEEPS, True), (DEAF, False)])
def test_a_training_ends_with_a_comparison_that_was_killed(code, tidies, scripts, tmp_path):
    log = tmp_path / "train.log"
    words = [sys.executable, "-c", PARENT, str(tmp_path / "main.py"), code]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL) as parent:
        assert until(lambda: log.exists() and log.read_text().endswith("\n"), 30)
        child = int(log.read_text().split()[0])
        assert is_alive(child)
        parent.kill()
    assert until(lambda: not is_alive(child), 15)
    assert ("tidied" in log.read_text()) == tidies


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such shells")
def test_a_background_job_of_a_shell_passes_ctrl_c_on(scripts):
    (job,) = scripts("import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run_all([job], 1, lambda job, why: None)
    finally:
        signal.signal(signal.SIGINT, before)
    assert job.log.read_text() == "True\n"


def test_a_training_waits_for_an_earlier_one_or_says_that_it_cannot(scripts, monkeypatch):
    monkeypatch.setattr(experiments_jobs, "GRACE", 0.2)
    (job,) = scripts("print('alone')")
    folder = job.log.parent
    wait_for_earlier([job])  # none has ever been here
    with holding(job.lock, 0, ""):
        assert message(wait_for_earlier, [job]) == (
            f"A training of an earlier compare is still at work in {folder}. Wait for it to end, or give another "
            "--out DIR."
        )
        ended = {}
        run_all([job], 1, lambda job, why: ended.update({job.label: why}))
        assert ended == {"job 0": f"Another training is at work in {folder}. Wait for it to end."}
    wait_for_earlier([job])
    run_all([job], 1, lambda job, why: ended.update({job.label: why}))
    assert (ended, job.log.read_text()) == ({"job 0": None}, "alone\n")


def test_a_job_has_no_standard_input_to_read(scripts):
    (job,) = scripts("print(repr(sys.stdin.read()))")
    run_all([job], 1, lambda job, why: None)
    assert job.log.read_text() == "''\n"


def test_one_killed_for_memory_is_told(tmp_path):
    assert reason(-9, tmp_path / "log") == "ended by signal 9 (was there too little memory?)"


def test_several_at_once_share_the_cores(monkeypatch):
    monkeypatch.setattr(experiments_jobs, "cores", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    assert "TF_NUM_INTRAOP_THREADS" not in environment(1)
    assert environment(3)["TF_NUM_INTRAOP_THREADS"] == "2"
    assert environment(3)["OMP_NUM_THREADS"] == "7"  # the user's own


def test_two_cannot_work_in_one_folder(tmp_path):
    with alone_in(tmp_path):
        code = (
            "import pathlib, sys; from study.experiments.jobs import alone_in\n"
            "with alone_in(pathlib.Path(sys.argv[1])): pass"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert f"UserError: Another compare is at work in {tmp_path}. Wait for it, or" in ended.stderr
    with alone_in(tmp_path):
        pass


def test_a_killed_comparison_holds_its_folder_no_longer(tmp_path):
    code = (
        "import pathlib, sys; from study.experiments.jobs import alone_in\n"
        "with alone_in(pathlib.Path(sys.argv[1])): print('alone', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(tmp_path)]
    holder = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "alone\n"
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    with pytest.raises(UserError) as caught, alone_in(tmp_path):
        pass
    assert str(caught.value) == f"Another compare is at work in {tmp_path}. Wait for it, or give another --out DIR."
    holder.kill()
    holder.communicate()
    with alone_in(tmp_path):
        pass
