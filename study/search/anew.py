"""After a search: the best setting and the defaults, trained anew and judged on images that chose nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.dataset import Dataset
from data.split import write_split
from errors import UserError
from study.experiments.compare import finished_run, run_missing
from study.experiments.jobs import jobs_at_once
from study.experiments.plan import Combination, Plan
from study.experiments.result import read_result
from study.folds.divide import Labelled, make_folds
from study.runs import predictions
from study.runs.folder import Run
from study.runtime import console
from study.search.asked import SEEDS, Asked
from study.search.study import Search, noted, ranked, state_of
from study.search.verdict import Found, Judgement, Retrained, judge

if TYPE_CHECKING:
    from study.search.heads import Features

FOLDS = 5
Runs = Mapping[str, Mapping[int, Run]]  # "best" and "defaults" -> seed -> run


def judge_on_folds(features: Features, dataset: Dataset, asked: Asked, best: Mapping[str, str]) -> Judgement | None:
    """Judge the best setting and the defaults on folds of the training split; None where its units allow no folds.

    In the search nothing was judged by these images. Heads learn from the other folds, and validation ends them.
    """
    from study.search.heads import predict_folds

    train = dataset.examples().indices["train"]
    images = Labelled.of(dataset.examples().labels[train], [dataset.units[row] for row in train], dataset.class_names)
    try:
        folds = make_folds(images, FOLDS, 1, asked.settings.data.seed)
    except UserError:
        return None
    seeds = [asked.settings.data.seed + 1 + number for number in range(SEEDS)]
    predicted = predict_folds(features, folds, [asked.settled(best), asked.settled({})], seeds)
    right = (predicted.argmax(axis=3) == images.labels).mean(axis=1)
    return judge(right[0], right[1], images.units, asked.settings.data.seed)


def train_anew(asked: Asked, best: Mapping[str, str], split: Mapping[str, str], out: Path) -> Runs:
    """Train the best setting and the defaults with seeds that no trial had.

    `split`: the flags that give all trainings the split of the search.

    Raises:
        UserError: a training failed; the others are kept.
    """
    first, failures, runs = asked.settings.data.seed + 1, 0, {}
    out = out / "retrained"
    out.mkdir(exist_ok=True)
    for name, chosen in (("best", best), ("defaults", {})):
        combination = Combination(tuple(chosen.items()))
        fixed = asked.flags(chosen) | split
        plan = Plan((combination,), range(first, first + SEEDS), fixed, {}, out, "classify")
        console.print(f"{'the best setting' if name == 'best' else 'the defaults'}, trained anew:")
        failures += len(run_missing(plan, jobs_at_once(asked.own.jobs), "tune", ""))
        runs[name] = {seed: finished_run(plan, combination, seed) for seed in plan.seeds}
    if failures:
        raise UserError(
            f"{failures} of {2 * SEEDS} trainings failed: see the reasons above. The same command trains them again."
        )
    return runs


def split_flags(dataset: Dataset, out: Path) -> dict[str, str]:
    """Write the split of the search into its folder, and return the flags with which every training has it.

    Another seed would give another split, and another size of the images may find other near duplicates.
    """
    if dataset.images.records[0].split is not None:  # its folders say so
        return {}
    write_split(out / "split.csv", dataset.entries)
    return {"split_file": str(out / "split.csv")}


def found_by(
    asked: Asked,
    search: Search,
    dataset: Dataset,
    runs: Runs,
    fresh: Judgement | None,
) -> Found:
    """Put together what the search, the trainings and the fresh folds say."""
    trials = search.trials()
    said = noted(ranked(trials)[0])
    test = [row for row, entry in enumerate(dataset.entries) if entry.split == "test"]
    _, units = np.unique([dataset.units[row] for row in test], return_inverse=True)
    paths = [dataset.entries[row].path for row in test]
    right = {name: {seed: right_of(run, paths) for seed, run in of.items()} for name, of in runs.items()}
    retrained = {
        name: Retrained(
            {seed: read_result(run).accuracy for seed, run in of.items()},
            {seed: float(right[name][seed].mean()) for seed in of},
        )
        for name, of in runs.items()
    }
    of_test = (np.mean(list(right[name].values()), axis=0) for name in ("best", "defaults"))
    return Found(
        sum(state_of(trial) in ("finished", "pruned") for trial in trials),
        said["accuracy"],
        said["images"],
        retrained["best"],
        retrained["defaults"],
        judge(*of_test, units, asked.settings.data.seed),
        fresh,
    )


def right_of(run: Run, paths: Sequence[str]) -> np.ndarray:
    """Return which test images a run has right, float (images,), in the order of `paths`."""
    rows = predictions.of_test_images(run)
    return np.array([rows[path]["predicted"] == rows[path]["label"] for path in paths], float)
