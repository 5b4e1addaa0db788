"""What do checkpoints cost, and how long until a training goes on?

    python benchmarks/checkpoint.py [--model original] [--epochs 30] [--data DIR]

Trains in this process, on the drawings unless there is a folder of images, and adds up all seconds that the callback
for checkpoints takes, its writing included: their share of the time of training. (Two trainings, one with checkpoints
and one without, differ by more from one time to the next than checkpoints take.) Then the size of the checkpoint of a
training that is stopped behind its third epoch, and the seconds to read it and to write it.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
ROOT = Path(__file__).resolve().parent.parent
CALLBACKS = ("on_train_begin", "on_epoch_begin", "on_train_batch_end", "on_epoch_end", "leave")


def share_of_checkpoints(flags: Mapping[str, Any], runs: Path) -> None:
    """Train and print what the checkpoints took of it, by the run's own clock."""
    from study.checkpoint.keeper import Keeper
    from study.commands import train
    from study.fit.saver import Saver

    spent, written = [], []

    def timed(function: Callable, note: list[float]) -> Callable:
        def wrapper(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                note.append(time.perf_counter() - started)

        return wrapper

    for name in CALLBACKS:
        setattr(Saver, name, timed(getattr(Saver, name), spent))
    Keeper.write = timed(Keeper.write, written)
    train.run({**flags, "runs": str(runs)}, "")
    seconds = json.loads(next(runs.glob("*/run.json")).read_text(encoding="utf-8"))["seconds"]["train"]
    print(
        f"training {seconds:.2f} s, of it checkpoints {sum(spent):.3f} s: {100 * sum(spent) / seconds:.2f} %; ", end=""
    )
    print(f"{len(written)} written")


def stopped(words: list[str], runs: Path) -> Path:
    """Train until the third epoch is done, stop, and return the newest checkpoint."""
    command = [sys.executable, "main.py", "train", *words, "--runs", str(runs)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as training:
        for line in training.stdout:
            if b"epoch   3/" in line:
                training.send_signal(signal.SIGINT)
                break
        training.stdout.read()
    return max(runs.glob(".unfinished/*/*.npz"))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="original")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--data", help="folder with one sub-folder of images a class (default: the drawings)")
    asked = parser.parse_args()
    flags = {name: value for name, value in vars(asked).items() if value is not None}
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    from study.checkpoint import files

    with tempfile.TemporaryDirectory() as folder:
        path = stopped(words, Path(folder))
        started = time.perf_counter()
        checkpoint = files.read(path)
        read = time.perf_counter() - started
        started = time.perf_counter()
        files.write(Path(folder), checkpoint)
        wrote = time.perf_counter() - started
        print(f"a checkpoint: {path.stat().st_size / 1e6:.1f} MB, read in {read:.3f} s, written in {wrote:.3f} s")
    with tempfile.TemporaryDirectory() as folder:
        share_of_checkpoints(flags, Path(folder))


if __name__ == "__main__":
    main()
