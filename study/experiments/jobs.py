"""Several trainings, each in a process of its own, some at once; and a folder that only one comparison works in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from data.cores import cores
from study.runtime.locks import holding
from study.runtime.processes import reason

CHILD = Path(__file__).with_name("child.py")
MAIN = Path(__file__).resolve().parents[2] / "main.py"
GRACE = 20  # seconds that a training has to end by itself: TensorFlow may be starting
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


@dataclass(frozen=True)
class Job:
    """One command of `main.py`, and the file that takes what it prints."""

    label: str
    arguments: Sequence[str]
    log: Path

    @property
    def lock(self) -> Path:
        """Return the file that the process holds locked."""
        return self.log.with_suffix(".lock")


def jobs_at_once(jobs: int | None) -> int:
    """Return how many processes learn side by side: as many as were asked for, else half as many as there are cores."""
    return jobs or max(1, cores() // 2)


def environment(jobs: int) -> dict[str, str]:
    """Return the children's environment: several at once share the cores instead of fighting for them.

    What Keras runs on they are told by --backend, where that was given.
    """
    shared = dict.fromkeys(THREADS, str(max(1, cores() // jobs))) if jobs > 1 else {}
    return shared | {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}


def run_all(todo: Sequence[Job], at_once: int, finished: Callable[[Job, str | None], None]) -> None:
    """Run all jobs, `at_once` at a time; tell each one's end, with the reason where it failed.

    Whatever ends this early, Ctrl-C included, ends the processes too.
    """
    waiting = deque(todo)
    run_while(lambda: waiting.popleft() if waiting else None, at_once, finished)


def run_while(following: Callable[[], Job | None], at_once: int, finished: Callable[[Job, str | None], None]) -> None:
    """Run what `following` gives as `run_all` does, until it gives None and nothing runs any more."""
    running: dict[subprocess.Popen, Job] = {}
    variables = environment(at_once)
    try:
        while True:
            while len(running) < at_once and (job := following()):
                running[start(job, variables)] = job
            if not running:
                return
            for process in [process for process in running if process.poll() is not None]:
                job = running.pop(process)
                process.stdin.close()
                finished(job, reason(process.returncode, job.log) if process.returncode else None)
            time.sleep(0.05)
    finally:
        stop(list(running))


def start(job: Job, variables: Mapping[str, str]) -> subprocess.Popen:
    """Start a job. In a session of its own it gets no Ctrl-C from the terminal, but from us, once.

    Its standard input is a pipe that we hold open: it ends when that closes, so never without us.
    """
    with job.log.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, str(CHILD), str(GRACE), str(job.lock), str(MAIN), *job.arguments],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=variables,
            start_new_session=True,
        )


def stop(running: Sequence[subprocess.Popen]) -> None:
    """End processes: by Ctrl-C, so that they tidy up; after a while by force."""
    for process in running:
        process.send_signal(signal.SIGINT) if os.name == "posix" else process.terminate()
    until = time.monotonic() + GRACE
    try:
        while any(process.poll() is None for process in running) and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        for process in running:
            process.kill()  # nothing where it has ended
            process.wait()
            process.stdin.close()


def alone_in(folder: Path) -> AbstractContextManager[None]:
    """Keep other comparisons out of a folder for the time of a block. Raise UserError where one is at work there."""
    told = f"Another compare is at work in {folder}. Wait for it, or give another --out DIR."
    return holding(folder / ".lock", 0, told)


def wait_for_earlier(
    jobs: Sequence[Job], command: str = "compare", otherwise: str = ", or give another --out DIR"
) -> None:
    """Wait until the processes of a command that was killed have ended: they do in seconds.

    Args:
        jobs: what it may have started.
        command: its name, for the message.
        otherwise: what could be done but wait, for the message.

    Raises:
        UserError: one of them does not end.
    """
    for job in jobs:
        if job.lock.exists():
            told = f"A training of an earlier {command} is still at work in {job.lock.parent}. "
            with holding(job.lock, GRACE, f"{told}Wait for it to end{otherwise}."):
                pass
