"""Several processes that let one network learn together: who is who, who starts them, and how they end.

The first one is what the user started: it alone prints, keeps checkpoints and writes the run. On one machine it starts
the others by its own command line, and they end with it. On a cluster all of them were started already, and each finds
in its environment which one it is: SLURM's variables, or those of `keras.distribution.initialize`, which whatever
starts processes, Kubernetes for one, can set.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from errors import UserError
from study.runtime import temporary

T = TypeVar("T")
MAIN = Path(__file__).resolve().parents[2] / "main.py"
STARTED = "STUDY_PROCESS"  # "1 4 127.0.0.1:50123" in the environment of a process that another one started
KERAS = tuple(f"KERAS_DISTRIBUTION_{name}" for name in ("PROCESS_ID", "NUM_PROCESSES", "JOB_ADDRESSES"))
SLURM = ("SLURM_JOB_ID", "SLURM_STEP_NODELIST", "SLURM_NTASKS", "SLURM_PROCID", "SLURM_LOCALID")  # what JAX needs
MEETING = 300  # seconds in which the processes have to find each other
GRACE = 5.0  # seconds that the end of a process may take to be seen


@dataclass(frozen=True)
class Place:
    """Which of the processes this is.

    Args:
        number: from 0, the first one.
        count: of all.
        address: host:port of the first one; "" where JAX asks SLURM.
        local: whether all are of this machine, started by the first.
        started: by this one, each with the file that takes what it prints.
        ready: whether the first one has read the images.
        parted: whether nothing is computed together any more, so that this one needs the others no longer.
    """

    number: int = 0
    count: int = 1
    address: str = ""
    local: bool = True
    started: list[tuple[subprocess.Popen, Path]] = field(default_factory=list, compare=False)
    ready: threading.Event = field(default_factory=threading.Event, compare=False)
    parted: threading.Event = field(default_factory=threading.Event, compare=False)

    @property
    def first(self) -> bool:
        """Say whether this is the one that prints and writes."""
        return self.number == 0

    def after_first(self, read: Callable[..., T], *arguments: object) -> T:
        """Call a function; in a process that another one started once that has read the images: the store has them."""
        if self.local and not self.first:
            self.ready.wait()
        return read(*arguments)

    def failed(self) -> str:
        """Say which of the started processes has ended that should not have, and why; "" where none has."""
        for number, (process, log) in enumerate(self.started, 2):
            if process.poll():
                why = reason(process.returncode, log)
                return f"Process {number} of {self.count} failed ({why}), and with it the training."
        return ""

    @contextmanager
    def meeting(self) -> Iterator[int]:
        """Let the processes find each other within the block, which has so many seconds: JAX would end in a crash."""
        met = threading.Event()
        where = f"at {self.address}" if self.address else "where SLURM says"
        told = f"process {self.number + 1} of {self.count} did not find the others {where} in {MEETING} seconds."
        threading.Thread(target=end_unless, args=(met, MEETING, told), daemon=True).start()
        try:
            yield MEETING
        finally:
            met.set()

    @contextmanager
    def telling_what_failed(self) -> Iterator[None]:
        """Let an error of what all compute together name the process that it comes from. Raise UserError then."""
        try:
            yield
        except (ValueError, RuntimeError) as error:
            until = time.monotonic() + GRACE
            while self.started and time.monotonic() < until:
                if failed := self.failed():
                    raise UserError(failed) from error
                time.sleep(0.05)
            raise


def reason(code: int, log: Path) -> str:
    """Return in one line why a process failed: its error line, else the last that it printed."""
    if code < 0:
        return f"ended by signal {-code}" + (" (was there too little memory?)" if code == -9 else "")
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return [f"exit code {code}", *lines[-1:], *errors[-1:]][-1]


ALONE = Place()


def place_in(environment: Mapping[str, str], count: int) -> Place | None:
    """Return which of `count` processes the environment says that this is; None where nobody has started them.

    Raises:
        UserError: they are of another number there.
    """
    if started := environment.get(STARTED):
        number, of_all, address = started.split()
        return Place(int(number), int(of_all), address)
    if all(environment.get(name) for name in KERAS):
        number, of_all, address = KERAS
    elif all(environment.get(name) for name in SLURM):
        number, of_all, address = "SLURM_PROCID", "SLURM_NTASKS", ""
    else:
        return None
    if environment[of_all] != str(count):
        raise UserError(f"--processes {count}, and {of_all} says {environment[of_all]}: both have to be the same.")
    if environment[number] not in map(str, range(count)):
        raise UserError(f"{number} is the number of this process, from 0. Received: {environment[number]} of {count}")
    first = environment[address].split(",")[0] if address else ""
    if address and not re.search(r":\d+$", first):
        raise UserError(f"{address} is the host:port of the first process. Received: {first}")
    return Place(int(environment[number]), count, first, local=False)


@contextmanager
def together(count: int, command_line: str) -> Iterator[Place]:
    """Learn with so many processes within the block: start the others, unless they are there; they end with it.

    Raises:
        UserError: the environment says that there are another number of them.
    """
    place = place_in(os.environ, count) if count > 1 else ALONE
    if place is None:
        with others(count, command_line) as place:
            yield place
        return
    if not place.first:
        from study.runtime import console

        console.console.quiet = True
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # a batch system sends them to all: the first one says what ends
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        if place.local:
            threading.Thread(target=follow, args=(place,), daemon=True).start()
    yield place


def follow(place: Place) -> None:
    """Go on where the first process says so, and end where it does: its pipe closes, however it ends."""
    pipe = os.dup(0)
    os.read(pipe, 1)
    place.ready.set()
    while os.read(pipe, 1):
        pass
    os._exit(1)


@contextmanager
def others(count: int, command_line: str) -> Iterator[Place]:
    """Start all processes but the first, which this is; where one of them fails, this one ends as well."""
    place = Place(0, count, f"127.0.0.1:{free_port()}")
    words = [sys.executable, str(MAIN), *shlex.split(command_line)[2:]]
    with (
        tempfile.TemporaryDirectory(prefix=f"{temporary.PREFIX}{os.getpid()}-") as folder,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(end, place)
        for number in range(1, count):
            log = Path(folder) / f"{number}.txt"
            environment = os.environ | {STARTED: f"{number} {count} {place.address}"}
            with log.open("wb") as file:  # in a session of its own it gets no Ctrl-C from the terminal
                process = subprocess.Popen(
                    words, stdin=subprocess.PIPE, stdout=file, stderr=file, env=environment, start_new_session=True
                )
            place.started.append((process, log))
        for work in (call, watch):
            threading.Thread(target=work, args=(place,), daemon=True).start()
        yield place


def free_port() -> int:
    """Return the number of a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def call(place: Place) -> None:
    """Tell the other processes to go on once this one has read the images."""
    place.ready.wait()
    for process, _ in place.started:
        with contextlib.suppress(OSError):  # one that has ended
            process.stdin.write(b"\n")
            process.stdin.flush()


def watch(place: Place) -> None:
    """End this process some seconds after another one failed: it may wait for that, in native code, for ever.

    Not once they have parted: then it has all that it needs, whatever becomes of the others.
    """
    while not place.parted.wait(0.5):
        if failed := place.failed():
            end_unless(place.parted, 2 * GRACE, f"{failed} If a checkpoint was kept, --resume goes on from it.")
            return


def end_unless(over: threading.Event, seconds: float, told: str) -> None:
    """End this process, which nothing else can, and say why, unless something happens within so many seconds."""
    from study.runtime import console

    if not over.wait(seconds):
        console.to_error(f"error: {told}")
        os._exit(2)


def end(place: Place) -> None:
    """End the other processes, if they have not ended."""
    place.parted.set()
    for process, _ in place.started:
        process.kill()
        process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()
