"""Images are decoded in processes of their own: what a stranger sends may kill one, and another takes its place."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import queue
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TypeVar

import numpy as np

from data.pixel_range import Ranges
from data.squares import Size, shape_of
from errors import UserError
from study.runtime import module
from study.serve import worker

Result = TypeVar("Result")
TOKEN = "STUDY_SERVE_TOKEN"  # the environment variable, which no worker is told
ENDS = 5.0  # seconds that one may take to end which has closed its pipe
STARTS = 60.0  # seconds that a process may take to begin, on a machine with much to do
DIED = "the process that decoded it ended (out of memory, or a broken image): it was replaced"

LONGEST = 10_000  # bytes of a reason
NONE = "the process that should decode it did not start"


@dataclass(frozen=True)
class Asked:
    """What is made of every image.

    Args:
        size: side in pixels; several as `data.squares` has them.
        rule: how it becomes square.
        ranges: what is black and white in files that do not state it.
        most: pixels that it may have before.
    """

    size: Size
    rule: str
    ranges: Ranges | None
    most: int


class Worker:
    """One process, and the pipes to it."""

    def __init__(self, asked: Asked) -> None:
        self.shape, self.ready = shape_of(asked.size), False
        self.process = subprocess.Popen(
            module.command(worker.__name__, json.dumps(asdict(asked))),
            env={name: value for name, value in module.environment().items() if name != TOKEN},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,  # of its start alone: it lets go of it when it has begun
            start_new_session=True,  # Ctrl-C is for the server, which lets the work end
        )

    @property
    def alive(self) -> bool:
        """Say whether it still runs."""
        return self.process.poll() is None

    def start(self) -> None:
        """Wait until it has begun. Raise EOFError where it has not."""
        if not self.ready:
            self._within(STARTS, lambda: worker.read(self.process.stdout))
            self.ready = True

    def why_not(self) -> str:
        """Return why it has not begun: the last that it said. It is dead afterwards."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(ENDS)
        self._kill()
        lines = self.process.stderr.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with {self.process.returncode} and said nothing"

    def decode(self, content: bytes, seconds: float) -> np.ndarray | str:
        """Return pixels, uint8 (height, width, 3), or the reason why there are none; it may be dead afterwards."""

        def exchange() -> tuple[bool, bytes]:
            worker.write(self.process.stdin, content)
            return worker.read(self.process.stdout, max(LONGEST, math.prod(self.shape)))

        try:
            self.start()
        except (TimeoutError, EOFError, OSError):
            self._kill()
            return NONE
        try:
            good, answer = self._within(seconds, exchange)
        except TimeoutError:
            return f"it takes more than {seconds:g} seconds to decode"
        except (EOFError, OSError):
            self._kill()
            return DIED
        if not good:
            return answer.decode("utf-8", "replace")
        return np.frombuffer(answer, np.uint8).reshape(self.shape)

    def _within(self, seconds: float, work: Callable[[], Result]) -> Result:
        """Return what some work gives. Kill the process and raise TimeoutError where that takes longer."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            return work()
        except (EOFError, OSError):
            if late.is_set():
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():
                self.process.wait()

    def _kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End it, and let go of its pipes."""
        self._kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()


class Decoders:
    """Some processes that decode.

    Args:
        asked: what is made of every image.
        count: of processes.
        seconds: for one image; what takes longer is killed.
        replaced: is called for each process that was replaced.
    """

    def __init__(self, asked: Asked, count: int, seconds: float, replaced: Callable[[], None] = lambda: None) -> None:
        self.asked, self.seconds, self.replaced = asked, seconds, replaced
        self.workers = [Worker(asked) for _ in range(count)]
        self._idle: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(count, "decode")
        for index in range(count):
            self._idle.put(index)

    def start(self) -> None:
        """Wait until all have begun. Raise UserError, which says why, where one has not."""
        for one in self.workers:
            try:
                one.start()
            except TimeoutError:
                raise UserError(f"A process that decodes images did not start within {STARTS:g} seconds.") from None
            except (EOFError, OSError):
                raise UserError(f"A process that decodes images did not start: {one.why_not()}") from None

    async def decode(self, content: bytes) -> np.ndarray | str:
        """Return pixels, uint8 (height, width, 3), or the reason why there are none."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._decode, content)

    def _decode(self, content: bytes) -> np.ndarray | str:
        index = self._idle.get()
        try:
            if not self.workers[index].alive:
                self._replace(index)
            outcome = self.workers[index].decode(content, self.seconds)
            if isinstance(outcome, str) and not self.workers[index].alive:
                self._replace(index)
            return outcome
        except OSError:
            return NONE
        finally:
            self._idle.put(index)

    def _replace(self, index: int) -> None:
        self.workers[index].end()
        self.replaced()
        self.workers[index] = Worker(self.asked)

    def close(self) -> None:
        """End all processes."""
        for one in self.workers:
            one.end()
        self._threads.shutdown(cancel_futures=True)
