"""Do two trainings of one seed end with equal bits, what does that cost, and what differs on other machines?

    python benchmarks/determinism.py [--model original] [--epochs 5] [--repeats 3]

Trains on the drawings, each time in a process of its own, alternately as it comes (`--precision auto`), in float32, and
with `--deterministic`: seconds of training, median over the repeats, and how many different sets of weights came out.
Then with `--deterministic` once on another number of threads, and once with oneDNN held to the instructions of
another processor (AVX2, SSE 4.1), which is what other machines would compute with: the greatest difference of a weight,
how many answers on the test split are others, and the accuracy on validation, beside that of another seed.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
ROOT = Path(__file__).resolve().parent.parent
WAYS = {"auto": [], "float32": ["--precision", "float32"], "deterministic": ["--deterministic"]}
MACHINES = {
    "the same": {},
    "one thread": {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"},
    "AVX2 only": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "SSE 4.1 only": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "without oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"},
}


def train(words: list[str], runs: Path, **variables: str) -> Path:
    """Train in a process of its own and return the run folder."""
    command = [sys.executable, "main.py", "train", *words, "--runs", str(runs), "--checkpoint-minutes", "0", "--json"]
    ran = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=True)
    return Path(json.loads(ran.stdout)["run"])


def seconds_of(run: Path) -> float:
    """Return the seconds of all epochs but the first, in which graphs are built."""
    with (run / "history.csv").open(newline="") as file:
        return sum(float(row["seconds"]) for row in list(csv.DictReader(file))[1:])


def weights_of(run: Path) -> list:
    """Return the weights of a run's network."""
    import keras

    return keras.saving.load_model(run / "model.keras", compile=False).get_weights()


def digest(run: Path) -> str:
    """Return a hash of the weights."""
    return hashlib.sha256(b"".join(array.tobytes() for array in weights_of(run))).hexdigest()


def answers_of(run: Path) -> list[str]:
    """Return the class that is predicted for each test image."""
    with (run / "predictions.csv").open(newline="") as file:
        return [row["predicted"] for row in csv.DictReader(file)]


def accuracy_of(run: Path) -> float:
    """Return the accuracy on validation, in percent."""
    return 100 * json.loads((run / "metrics.json").read_text(encoding="utf-8"))["val"]["accuracy"]


def compare_ways(words: list[str], repeats: int, folder: Path) -> Path:
    """Print what each way takes and how many different networks came out; return a deterministic run."""
    runs: dict[str, list[Path]] = {way: [] for way in WAYS}
    for _ in range(repeats):
        for way, flags in WAYS.items():
            runs[way].append(train([*words, *flags], folder))
    print(f"{'':16}{'seconds':>9}{'networks':>10}")
    for way, found in runs.items():
        median = statistics.median(map(seconds_of, found))
        print(f"{way:16}{median:9.1f}{len(set(map(digest, found))):4} of {len(found)}")
    return runs["deterministic"][0]


def compare_machines(words: list[str], reference: Path, folder: Path) -> None:
    """Print how far a training on another machine is from the reference, and one of another seed."""
    import numpy as np

    first, answers = weights_of(reference), answers_of(reference)
    print(f"{'':16}{'weights':>12}{'answers':>9}{'validation':>12}")
    others = {name: ([], variables) for name, variables in MACHINES.items()}
    others["another seed"] = (["--seed", "1", "--split-seed", "0"], {})
    for name, (flags, variables) in others.items():
        run = train([*words, "--deterministic", *flags], folder, **variables)
        apart = max(float(np.abs(a - b).max()) for a, b in zip(first, weights_of(run), strict=True))
        other = sum(a != b for a, b in zip(answers, answers_of(run), strict=True))
        print(f"{name:16}{apart:12.2g}{other:5} of {len(answers)}{accuracy_of(run):10.1f} %")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="original")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    words = ["-m", asked.model, "--epochs", str(asked.epochs)]
    with tempfile.TemporaryDirectory() as folder:
        reference = compare_ways(words, asked.repeats, Path(folder))
        compare_machines(words, reference, Path(folder))


if __name__ == "__main__":
    main()
