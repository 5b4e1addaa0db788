"""Judge an ensemble as `train` judges a classifier, and write its run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from data.store.store import Store
from models.parts.head import classifier as join
from study import tasks
from study.confidence.calibration import choose_temperature
from study.ensemble.members import Ensemble, describe, history, print_members
from study.runs.members import verdict
from study.runs.report import Asked
from study.runtime import console
from study.train import answers
from study.train.embed import Embedded
from study.train.judge import backbone_of, evaluate_calibrated, judge, truth_of
from study.train.prepare import Prepared, stopwatch
from study.train.run import print_results
from study.train.save import Evaluated, Members, Record, write_run

Told = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """An ensemble and all that it came of.

    `prepared`: with a classifier whose backbone gives the features. `embedded`: what that gave. `rows`: some training
    images, and all of validation and test. `by_split`: their features. `asked`: how it was asked for. `info`: what
    `run.json` says in its own way. `flags`: of train, with which commands for the same images go on.
    """

    ensemble: Ensemble
    prepared: Prepared
    embedded: Embedded
    rows: Mapping[str, np.ndarray]
    by_split: Mapping[str, np.ndarray]
    asked: Asked
    info: Mapping[str, Any]
    flags: Mapping[str, Any]


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
    truth = truth_of(prepared.pixels, ("train", "val", "test"))
    evaluated = evaluate(made, classifier, truth, seconds)
    told = describe(ensemble, evaluated.evaluations, truth, prepared.pixels.units_of("test"))
    record = Record(
        replace(prepared, classifier=classifier, stages=()),
        (),
        evaluated,
        seconds,
        command,
        made.embedded.engine,
        made.embedded.scenes,
        asked=made.flags,
        members=Members(ensemble.method, {**made.info, "ensemble": told}, history(ensemble, truth), made.asked),
    )
    run = write_run(classifier, record).folder
    if store.trouble:
        console.print(store.trouble)
    print_members(told)
    results = evaluated.metrics()
    print_results(run, results, prepared.settings.task, None)
    return run, {**told, "verdict": verdict(told), "results": results}


def evaluate(
    made: Made, classifier: keras.Model, truth: Mapping[str, np.ndarray], seconds: dict[str, float]
) -> Evaluated:
    """Evaluate validation and test, once, after the temperature has become part of the network."""
    names, head, task = made.prepared.outputs, made.ensemble.head, tasks.get("classify")
    with stopwatch(seconds, "evaluate"):
        val = task.evaluate(head, made.embedded.features, names, "val")
        temperature = choose_temperature(val.predictions, truth["val"], names)
        evaluations = evaluate_calibrated(task, classifier, head, made.embedded.features, names, val, temperature)
        units = [made.prepared.dataset.units[row] for row in made.rows["train"]]
        judged = judge(made.by_split, evaluations, truth, units)
    learned = [(made.rows["train"], made.by_split["train"])]
    prepared, test = made.prepared, evaluations["test"].predictions
    evidence = answers.Evidence(
        classifier, prepared.dataset, prepared.pixels, test, made.by_split["test"], learned, judged
    )
    shown = answers.collect(evidence, len(made.rows["train"]), seconds)
    return Evaluated(evaluations, made.embedded.frozen, judged, temperature, shown)
