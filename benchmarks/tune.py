"""How long `tune` takes for its trials of heads, and whether ending bad ones early pays.

    python benchmarks/tune.py --data DIR [--trials 100] [--samplers tpe random] [--rounds 1]

The store is warmed first. Then, for each sampler with and without successive halving, in turn: all trials of a search
by the default space on the features of one data set, in a journal of their own. Prints wall-clock and processor
seconds, epochs, how many trials ran to their end, and the best accuracy and loss on validation. Last the whole command
`tune`, from the shell to the page, with its trainings anew.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))
from study.runtime import backend

ROOT = Path(__file__).resolve().parent.parent
MODEL = "efficientnet_lite"
NEVER = 10**9  # epochs of a first rung that no trial reaches


def main(data: str, trials: int, samplers: Sequence[str], rounds: int) -> None:
    """Print what was measured."""
    from study.experiments import tune_heads
    from study.experiments.tune_asked import settle
    from study.settings.commands import TuneSettings
    from study.settings.source import load_dataset, store_of

    texts = {"data": data, "model": MODEL, "learning": "transfer"}
    asked = settle(TuneSettings(), texts, "")
    store = store_of(asked.settings.data)
    features = tune_heads.features_for(load_dataset(asked.settings, store), asked.settings, store)
    rung = tune_heads.first_rung(len(features.train), asked.settings)
    for number in range(rounds):
        for sampler in samplers:
            for told, first in (("halving", rung), ("in full", NEVER)):
                with TemporaryDirectory() as folder:
                    found = one_search(asked, features, Path(folder), sampler, first, trials, number)
                print(f"{sampler:<7}{told:<8}{found}", flush=True)
    with TemporaryDirectory() as runs:
        words = ["tune", "-m", MODEL, "--learning", "transfer", "--data", data, "--trials", str(trials), "--runs", runs]
        started = time.perf_counter()
        subprocess.run([sys.executable, "main.py", *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        print(f"the whole command  {time.perf_counter() - started:.1f} s")


def one_search(asked: object, features: object, folder: Path, sampler: str, rung: int, trials: int, number: int) -> str:
    """Run a search and say what it took and found."""
    from study.experiments import tune_heads
    from study.experiments.tune_study import Search, finished, noted, open_study

    wall, processor = time.perf_counter(), time.process_time()
    study = open_study(folder, None, "benchmark", rung)
    search = Search(study, asked.space, sampler, 1000 * number, trials, "benchmark", alone=True)
    heads = tune_heads.Heads(features, asked.settings.data.seed)
    tune_heads.run_trials(search, heads, asked.settled, rung, lambda: None)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    ended, best = finished(search.trials()), noted(finished(search.trials())[0])
    epochs = sum(noted(trial)["epochs"] for trial in search.trials())
    return (
        f"{trials} trials  {wall:6.1f} s ({processor:.1f} s of processor)  {epochs:,} epochs  {len(ended)} ran to the "
        f"end  best: validation {100 * best['accuracy']:.2f} %, loss {best['loss']:.4f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with one sub-folder of photos a class")
    parser.add_argument("--trials", type=int, default=100, metavar="N", help="default 100")
    parser.add_argument("--samplers", nargs="+", default=["tpe"], choices=["tpe", "random"], help="default tpe")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="default 1")
    arguments = parser.parse_args()
    backend.start()
    main(arguments.data, arguments.trials, arguments.samplers, arguments.rounds)
