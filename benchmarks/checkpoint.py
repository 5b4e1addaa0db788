"""What do checkpoints cost, and how long until a training goes on?

    python benchmarks/checkpoint.py [--model original] [--epochs 10] [--repeats 5]

Trains on the drawings alternately with checkpoints and without (`--checkpoint-minutes 0`), each time in a process of
its own: seconds of training, building of graphs included, median over the repeats, and their ratio. Then the size of
the checkpoint of a training that is stopped behind its third epoch, and the seconds to read it and to write it.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
ROOT = Path(__file__).resolve().parent.parent


def command(words: list[str], runs: Path) -> list[str]:
    """Return the command line of a training."""
    return [sys.executable, "main.py", "train", *words, "--precision", "float32", "--runs", str(runs)]


def seconds_of(words: list[str], runs: Path) -> float:
    """Train and return the seconds that training took, by the run's own clock."""
    ran = subprocess.run([*command(words, runs), "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    run = Path(json.loads(ran.stdout)["run"])
    return json.loads((run / "run.json").read_text(encoding="utf-8"))["seconds"]["train"]


def stopped(words: list[str], runs: Path) -> Path:
    """Train until the third epoch is done, stop, and return the newest checkpoint."""
    with subprocess.Popen(command(words, runs), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as training:
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
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    words = ["-m", asked.model, "--epochs", str(asked.epochs)]
    with tempfile.TemporaryDirectory() as folder:
        runs, ways = Path(folder), {"with": [], "without": ["--checkpoint-minutes", "0"]}
        seconds = {way: [] for way in ways}
        for number in range(asked.repeats):
            for way, flags in list(ways.items())[:: 1 if number % 2 else -1]:  # neither is always the first
                seconds[way].append(seconds_of([*words, *flags], runs))
        for way, values in seconds.items():
            print(f"{way:8}" + " ".join(f"{value:6.2f}" for value in values))
        medians = {way: statistics.median(values) for way, values in seconds.items()}
        print(f"training with checkpoints {medians['with']:.2f} s, without {medians['without']:.2f} s: ", end="")
        print(f"{100 * (medians['with'] / medians['without'] - 1):+.1f} %, medians of {asked.repeats}")
        from study.checkpoint import files

        path = stopped(words, runs)
        started = time.perf_counter()
        checkpoint = files.read(path)
        read = time.perf_counter() - started
        (runs / "again").mkdir()
        started = time.perf_counter()
        files.write(runs / "again", checkpoint)
        wrote = time.perf_counter() - started
        print(f"a checkpoint: {path.stat().st_size / 1e6:.1f} MB, read in {read:.3f} s, written in {wrote:.3f} s")


if __name__ == "__main__":
    main()
