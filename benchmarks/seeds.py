"""Do two trainings with the same seed have more in common than two with different seeds? It decides compare's test.

    python benchmarks/seeds.py [--seeds 8] [--epochs 5]

Trains `original` on the drawings with a few settings and several seeds, all on one split as `compare` does, and prints
the validation accuracies, the mean correlation over the seeds of two settings, and the range in which it would lie 95 %
of the time if the seeds had nothing in common. Then, by simulation with that correlation, how often a t-test at 0.05
finds a difference of two standard deviations (its power), and how often one where there is none (its level).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
SETTINGS = (  # name -> text as for its flag
    ("optimizer", "adam"),
    ("optimizer", "rmsprop"),
    ("optimizer", "momentum"),
    ("l2", "0.001"),
    ("dropout", "0"),
    ("activation", "elu"),
)
SHARED = {"model": "original", "image_size": "48", "precision": "float32", "split_seed": "0"}
TIMES = 20_000  # simulated comparisons


def accuracy(setting: tuple[str, str], seed: int, epochs: int) -> float:
    """Train once, as `train` does, and return the accuracy on validation, in percent."""
    from study.experiments.plan import resolve_texts
    from study.runtime import backend
    from study.runtime.background import start_in_background
    from study.settings.source import load_dataset, store_of
    from study.train.run import train

    with tempfile.TemporaryDirectory() as runs, contextlib.redirect_stdout(io.StringIO()):
        texts = {**SHARED, **dict([setting]), "seed": str(seed), "epochs": str(epochs)}
        settings = resolve_texts(texts)
        settings = replace(settings, run=replace(settings.run, runs=runs))
        store = store_of(settings.data)
        with start_in_background(lambda check_cancelled: load_dataset(settings, store, check_cancelled)) as loading:
            backend.start(seed)
            train(settings, "", store, loading)
        (metrics,) = Path(runs).glob("*/metrics.json")
        return 100 * json.loads(metrics.read_text(encoding="utf-8"))["val"]["accuracy"]


def mean_correlation(rows: np.ndarray) -> float:
    """Return the mean over all pairs of rows, a setting each, of their correlation over the seeds."""
    table = np.corrcoef(rows)
    return float(table[np.triu_indices(len(rows), 1)].mean())


def by_chance(rows: np.ndarray, times: int = 2000) -> tuple[float, float]:
    """Return the range of 95 % of the mean correlation where each row's seeds are shuffled."""
    rng = np.random.default_rng(0)
    low, high = np.quantile([mean_correlation(rng.permuted(rows, axis=1)) for _ in range(times)], (0.025, 0.975))
    return float(low), float(high)


def found(correlation: float, seeds: int, difference: float) -> tuple[float, float]:
    """Return how often the paired and the unpaired t-test find a difference, in standard deviations of one setting."""
    from scipy.stats import ttest_ind, ttest_rel

    rng, shared = np.random.default_rng(0), max(0.0, correlation)
    of_seed, own = rng.normal(size=(TIMES, 1, seeds)), rng.normal(size=(TIMES, 2, seeds))
    first, second = np.moveaxis(shared**0.5 * of_seed + (1 - shared) ** 0.5 * own, 1, 0)
    tests = (ttest_rel, ttest_ind)
    paired, unpaired = (float((test(first + difference, second, axis=1).pvalue < 0.05).mean()) for test in tests)
    return paired, unpaired


def main(seeds: int, epochs: int) -> None:
    """Print all of it."""
    rows = np.empty((len(SETTINGS), seeds))
    names = ["=".join(setting) for setting in SETTINGS]
    for seed, (i, setting) in itertools.product(range(seeds), enumerate(SETTINGS)):
        rows[i, seed] = accuracy(setting, seed, epochs)
        print(f"seed {seed}  {names[i]:<18} {rows[i, seed]:.1f} %", file=sys.stderr, flush=True)
    for name, row in zip(names, rows, strict=True):
        print(f"{name:<18} {row.mean():.1f} ± {row.std(ddof=1):.1f} %  {' '.join(f'{value:.1f}' for value in row)}")
    correlation = mean_correlation(rows)
    low, high = by_chance(rows)
    print(
        f"mean correlation of {len(SETTINGS) * (len(SETTINGS) - 1) // 2} pairs over {seeds} seeds: {correlation:.2f}; "
        f"without anything in common {low:.2f} to {high:.2f} in 95 %"
    )
    for count, assumed in itertools.product((3, 5, 8), (correlation, 0.0)):
        (paired, unpaired), (paired_level, unpaired_level) = (found(assumed, count, size) for size in (2, 0))
        print(
            f"{count} seeds, correlation {assumed:.2f}: the paired t-test finds a difference of two standard "
            f"deviations in {100 * paired:.0f} %, the unpaired in {100 * unpaired:.0f} %; one where there is none in "
            f"{100 * paired_level:.1f} and {100 * unpaired_level:.1f} %"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8, metavar="N", help="trainings of each setting")
    parser.add_argument("--epochs", type=int, default=5, metavar="N", help="of each training")
    given = parser.parse_args()
    main(given.seeds, given.epochs)
