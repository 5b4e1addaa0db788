"""Judge an ensemble as `train` judges a classifier, and write its run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data.batches import Examples
from data.store.store import Store
from models.parts.head import classifier as join
from study import tasks
from study.ensemble.members import Ensemble, describe, history, print_members
from study.inference.engine import EngineChoice, FrozenBackbone
from study.runs.members import verdict
from study.runtime import console
from study.train.judge import backbone_of, evaluate, judge, truth_of
from study.train.prepare import Prepared, stopwatch
from study.train.run import print_results
from study.train.save import Members, Record, write_run

Told = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """An ensemble and all that it came of.

    `prepared`: with a classifier whose backbone gives the features. `features`: of the images, with their splits.
    `by_split`: those of some training images, of validation and of test. `info`: what `run.json` says in its own way.
    """

    ensemble: Ensemble
    prepared: Prepared
    features: Examples
    by_split: Mapping[str, np.ndarray]
    frozen: FrozenBackbone
    engine: EngineChoice
    info: Mapping[str, Any]
    scenes: Mapping[str, int] | None = None


def judge_and_write(made: Made, seconds: dict[str, float], command: str, store: Store) -> tuple[Path, Told]:
    """Judge the ensemble by validation and, once, by test; write the run folder and print what came out.

    Args:
        made: the ensemble.
        seconds: name of a step -> what it took; it is told of this one.
        command: as it was typed.
        store: whose troubles are told.

    Returns:
        The run folder, and what its `run.json` says of the ensemble, beside what that means, `verdict`, and the figures
        of each split, `results`.
    """
    ensemble, prepared = made.ensemble, made.prepared
    classifier = join(backbone_of(prepared.classifier), ensemble.head)
    with stopwatch(seconds, "evaluate"):
        truth = truth_of(prepared.pixels, ("train", "val", "test"))
        evaluations, temperature = evaluate(
            tasks.get("classify"), classifier, ensemble.head, made.features, prepared.outputs, truth
        )
        judged = judge(made.by_split, evaluations, truth)
    told = describe(ensemble, evaluations, truth)
    record = Record(
        replace(prepared, classifier=classifier, stages=()),
        (),
        evaluations,
        seconds,
        command,
        made.engine,
        made.frozen,
        made.scenes,
        judged,
        temperature,
        Members(ensemble.method, {**made.info, "ensemble": told}, history(ensemble, truth)),
    )
    run = write_run(classifier, record)
    if store.trouble:
        console.print(store.trouble)
    print_members(told)
    results = {split: entry.metrics for split, entry in evaluations.items()}
    print_results(run, results, prepared.settings.task)
    return run, {**told, "verdict": verdict(told), "results": results}
