"""A training that `compare` started: it ends with `compare`, however that ends, and works alone in its folder.

    python child.py SECONDS LOCK MAIN WORD ...

Standard input is a pipe that only `compare` holds open and into which nothing is written: it closes when `compare` has
ended, `kill -9` included, on every operating system.
"""

from __future__ import annotations

import _thread
import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path

TIDY = 3  # seconds that a training has to tidy up when compare has ended


def main(wait: float, lock: Path, program: str) -> None:
    """Run a program in this process as long as the pipe is open, once its lock is free; `wait` is in seconds."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin by ignoring it
    pipe = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # for all else there is nothing to read
    threading.Thread(target=end_with, args=(pipe,), daemon=True).start()
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from errors import UserError
    from study.runtime.locks import holding

    try:
        with holding(lock, wait, f"Another training is at work in {lock.parent}. Wait for it to end."):
            runpy.run_path(program, run_name="__main__")
    except UserError as error:
        sys.exit(f"error: {error}")


def end_with(pipe: int) -> None:
    """End this process when a pipe closes: as by Ctrl-C, so that nothing is left half-written; after a while by force.

    TensorFlow may be in the middle of something that no Ctrl-C interrupts.
    """
    while os.read(pipe, 1):
        pass
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)  # ends a call that waits, too
    else:
        _thread.interrupt_main()
    time.sleep(TIDY)
    os._exit(130)


if __name__ == "__main__":
    _, seconds, place, script, *words = sys.argv
    sys.argv = [script, *words]
    main(float(seconds), Path(place), script)
