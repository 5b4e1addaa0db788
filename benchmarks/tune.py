"""How long `tune` takes for its trials of heads, and whether ending bad ones early pays.

    python benchmarks/tune.py --data DIR [--trials 100] [--samplers tpe random] [--rounds 1] [--criteria]

The store is warmed first. Then, for each sampler with and without successive halving, in turn: all trials of a search
by the default space on the features of one data set, in a journal of their own. Prints wall-clock and processor
seconds, epochs, how many trials ran to their end, and the best accuracy and loss on validation. Last the whole command
`tune`, from the shell to the page, with its trainings anew.

With --criteria instead: searches that draw by the loss, as `tune` does, and such that draw by the accuracy, at a tie by
the loss. Prints what the best trial of each has on validation, and on folds of the training split, beside the defaults.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent.parent))
from study.runtime import backend

ROOT = Path(__file__).resolve().parent.parent
MODEL = "efficientnet_lite"
NEVER = 10**9  # epochs of a first rung that no trial reaches


def main(data: str, trials: int, samplers: Sequence[str], rounds: int, criteria: bool) -> None:
    """Print what was measured."""
    from study.search import heads as tune_heads
    from study.search.asked import settle
    from study.settings.commands import TuneSettings
    from study.settings.source import load_dataset, store_of

    asked = settle(TuneSettings(), {"data": data, "model": MODEL, "learning": "transfer"}, "")
    store = store_of(asked.settings.data)
    dataset = load_dataset(asked.settings, store)
    features = tune_heads.features_for(dataset, asked.settings, store)
    rung = tune_heads.first_rung(len(features.train), asked.settings)
    for number, sampler in itertools.product(range(rounds), samplers):
        if criteria:
            compare_criteria(asked, dataset, features, sampler, rung, trials, number)
            continue
        for told, first in (("halving", rung), ("in full", NEVER)):
            ended, seconds = one_search(asked, features, sampler, first, trials, number)
            print(f"{sampler:<7}{told:<8}{trials} trials  {seconds}  {describe(ended)}", flush=True)
    if criteria:
        return
    with TemporaryDirectory() as runs:
        words = ["tune", "-m", MODEL, "--learning", "transfer", "--data", data, "--trials", str(trials), "--runs", runs]
        started = time.perf_counter()
        subprocess.run([sys.executable, "main.py", *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        print(f"the whole command  {time.perf_counter() - started:.1f} s")


def one_search(
    asked: object, features: object, sampler: str, rung: int, trials: int, number: int
) -> tuple[Sequence[object], str]:
    """Run a search in a journal of its own; return its trials and the seconds that it took."""
    from study.search import heads as tune_heads
    from study.search.study import Search, open_study

    with TemporaryDirectory() as folder:
        wall, processor = time.perf_counter(), time.process_time()
        study = open_study(Path(folder), None, "benchmark", rung)
        search = Search(study, asked.space, sampler, 1000 * number, trials, "benchmark", alone=True)
        tune_heads.run_trials(search, features, 0, asked.settled, rung, lambda: None)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        ended = search.trials()
    return ended, f"{wall:6.1f} s ({processor:.1f} s of processor)"


def describe(trials: Sequence[object]) -> str:
    """Say how far the trials of a search went, and what the best has on validation."""
    from study.search.study import noted, ranked

    ended = ranked(trials)
    epochs = sum(noted(trial)["epochs"] for trial in trials)
    return (
        f"{epochs:,} epochs  {len(ended)} ran to their end  best: validation "
        f"{100 * noted(ended[0])['accuracy']:.2f} %, loss {noted(ended[0])['loss']:.4f}"
    )


def compare_criteria(
    asked: object, dataset: object, features: object, sampler: str, rung: int, trials: int, number: int
) -> None:
    """Search by the loss and by the accuracy, and print what either found is worth on images that chose nothing."""
    from study.search import heads as tune_heads
    from study.search.anew import judge_on_folds
    from study.search.study import Score, ranked
    from study.search.verdict import difference, percent

    by_loss = tune_heads.Head.score

    def by_accuracy(head: object) -> Score:
        found = by_loss(head)
        below_an_image = found.loss / (1 + found.loss) / found.images
        return Score(found.accuracy, 1 - found.accuracy + below_an_image, found.images)

    for name, score in (("loss", by_loss), ("accuracy", by_accuracy)):
        with mock.patch.object(tune_heads.Head, "score", score):
            ended, _ = one_search(asked, features, sampler, rung, trials, number)
        trials_by_rank = ranked(ended)
        best = trials_by_rank[0] if name == "loss" else min(trials_by_rank, key=lambda trial: trial.value)
        judged = judge_on_folds(features, dataset, asked, asked.space.texts(best.params))
        print(
            f"{sampler:<7}by {name:<9} round {number}  best trial: validation "
            f"{percent(best.user_attrs['noted']['accuracy'])}; on {judged.images:,} images that chose nothing "
            f"{percent(judged.best)}, the defaults {percent(judged.defaults)} ({difference(judged)})",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with one sub-folder of photos a class")
    parser.add_argument("--trials", type=int, default=100, metavar="N", help="default 100")
    parser.add_argument("--samplers", nargs="+", default=["tpe"], choices=["tpe", "random"], help="default tpe")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="default 1")
    parser.add_argument("--criteria", action="store_true", help="compare what a search is drawn by")
    arguments = parser.parse_args()
    backend.start()
    main(arguments.data, arguments.trials, arguments.samplers, arguments.rounds, arguments.criteria)
