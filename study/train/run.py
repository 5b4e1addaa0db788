"""The road: from a folder of images to a run folder, each step handing a plain value to the next."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.dataset import Dataset
from data.folder import SPLIT_TEXT
from data.store.store import Store
from study import tasks
from study.checkpoint.keeper import Keeper
from study.confidence.calibration import choose_temperature
from study.fit import auxiliary, lr_finder
from study.fit.auxiliary import AuxiliaryTraining
from study.fit.loop import fit
from study.fit.outcome import Outcome
from study.fit.time_limit import TimeLimit
from study.fit.watchers import watching
from study.folds.out_of_fold import beside_test
from study.inference import channel_statistics
from study.inference.frozen import FrozenBackbone
from study.runs.folder import Run
from study.runs.values import of_training
from study.runtime import by_backend, console, output
from study.runtime.processes import ALONE, Place
from study.runtime.result import Result
from study.runtime.signals import naming
from study.settings.as_command import as_command, changed
from study.settings.source import store_of
from study.settings.task import TaskSettings
from study.settings.train import TrainSettings
from study.tasks.sentences import auxiliary_line
from study.train import answers, crossval, preview, resume, suggest
from study.train.calibrate import answers_of, calibrated
from study.train.crossval import Trainings
from study.train.embed import Embedded, embed_images
from study.train.judge import backbone_of, evaluate_calibrated, features_by_split, judge, rows_by_split, truth_of
from study.train.plan import print_plan
from study.train.prepare import Prepared, prepare, stopwatch
from study.train.save import Evaluated, Record, add_crossval, write_run


def train(
    settings: TrainSettings, command: str = "", store: Store | None = None, loading: Future[Dataset] | None = None
) -> Path:
    """Train a classifier as `settings` say, print what happens, and return the run folder.

    With `augment_preview` or `find_learning_rate` it ends before, and returns the path of an image. For the arguments
    and errors see `train_for_result`.
    """
    values = train_for_result(settings, command, store, loading).values
    return values["run"] if "run" in values else values["image"]


def train_for_result(
    settings: TrainSettings,
    command: str,
    store: Store | None = None,
    loading: Future[Dataset] | None = None,
    asked: Mapping[str, Any] | None = None,
    trainings: Trainings | None = None,
    place: Place = ALONE,
    began: float | None = None,
) -> Result:
    """Train a classifier as `settings` say, print what happens, and return what that came to and what can follow.

    Args:
        settings: with the image size settled.
        command: as it was typed.
        store: where pixels and features are kept; by default where `settings` say.
        loading: the data set, if it is being read already.
        asked: flags that were given, which commands that follow carry on; by default all that is not at its default.
        trainings: what trains whole networks for the folds, where `crossval` asks for that.
        place: of this process among those that learn together.
        began: when the command did, by `time.monotonic`; by default it does now.

    Raises:
        UserError: something that the user can mend; nothing is left behind.
        SystemExit: all is learned that this process has to help with; the first one does the rest.
    """
    began = time.monotonic() if began is None else began
    asked = changed(settings.as_dict()) if asked is None else asked
    asked = {name: value for name, value in asked.items() if name not in resume.ONCE}
    seconds: dict[str, float] = {}
    store = store or store_of(settings.data)
    output.check_results(settings.run.runs, settings.data.folder)
    ready = prepare(settings, store, loading, seconds)
    print_plan(ready)
    if settings.run.augment_preview:
        image = preview.write(ready.settings, ready.stages[-1], ready.pixels, ready.dataset.class_names)
        return Result({"image": image}, as_command("train", {**asked, "augment_preview": False}), "train with these")
    division = crossval.divided(ready.settings, ready.dataset) if settings.run.crossval else None
    if division and not ready.from_features:
        crossval.announce(ready, division, store)
    embedded = embed_images(ready, store, seconds)
    if settings.run.find_learning_rate:
        return try_learning_rates(ready, embedded, asked)
    place.ready.set()  # the store has what the other processes need
    keeper = resume.keeper_of(ready, asked) if place.first else None
    if place.count > 1:
        keeper = resume.agreed(ready, asked, keeper)
    with keeper.naming_it() if keeper and place.first else nullcontext():
        limit = TimeLimit(settings.run.time_limit, began, keeper) if settings.run.time_limit else None
        outcomes, helper = learn_together(ready, embedded, keeper, place, seconds, limit)
        ready = replace(ready, stages=ready.stages[: len(outcomes)])  # --finish and a time limit may leave one out
        evaluated = evaluate(ready, outcomes, embedded, helper, seconds)
        out_of_fold = None
        if division and ready.from_features:
            with stopwatch(seconds, "cross-validate"):
                heads = crossval.heads_of(ready, embedded.features, embedded.frozen, embedded.engine)
                out_of_fold = crossval.by_heads(ready, settings, heads, division)
        record = Record(
            ready, outcomes, evaluated, seconds, command, embedded.engine, embedded.scenes, out_of_fold, asked
        )
        run = write_run(ready.classifier, record)
    return finish(run, record, keeper, store, division, trainings, limit)


def finish(
    run: Run,
    record: Record,
    keeper: Keeper | None,
    store: Store,
    division: crossval.Division | None,
    trainings: Trainings | None,
    limit: TimeLimit | None,
) -> Result:
    """Tell of a run that is written, cross-validate by whole networks where that was asked for, and say what follows.

    The run is complete: what ends this early names a command that goes on from it.
    """
    ready, out_of_fold = record.prepared, record.crossval
    use = as_command("predict", {"run": run.folder})
    folds = crossval.command_of(ready.settings, record.asked) if division and not ready.from_features else ""
    with naming(folds or use):
        if ready.settings.run.finish or (limit and limit.over):
            tell_how_to_go_on(keeper)
        elif keeper:
            keeper.unfinished.remove()
        if store.trouble:
            console.print(store.trouble)
        results = record.evaluated.metrics()
        print_results(run.folder, results, ready.settings.task, out_of_fold)
        if limit and (told := limit.told(record.outcomes[-1].ended, ready.settings.optimization.schedule)):
            console.print(told)
        if folds:
            out_of_fold = by_whole_trainings(run, record, division, trainings, folds)
    with naming(use):
        if out_of_fold:
            results = {**results, "crossval": out_of_fold}
        following = suggest.after(ready.settings, record.asked, ready.dataset, run, results, record.history())
        return Result(of_training(run, results), *following)


def tell_how_to_go_on(keeper: Keeper | None) -> None:
    """Let a training that was ended early go on later, if there is a checkpoint, and say so."""
    if command := keeper.unfinished.command() if keeper else "":
        keeper.unfinished.release()
        console.print(f"it was ended early, and can still go on: {command}")
        return
    console.print("it was ended early, and cannot go on: there is no checkpoint")
    if keeper:
        keeper.unfinished.remove()


def try_learning_rates(ready: Prepared, embedded: Embedded, asked: Mapping[str, Any]) -> Result:
    """Try learning rates instead of training, and return which one is suggested."""
    image, rate = lr_finder.find_learning_rate(
        ready.classifier, ready.pixels, embedded.features, ready.stages, ready.settings, ready.class_weight
    )
    following = as_command("train", {**asked, "find_learning_rate": False, "learning_rate": rate})
    return Result({"image": image, "learning_rate": rate}, following, "train with it")


def learn_together(
    ready: Prepared,
    embedded: Embedded,
    keeper: Keeper | None,
    place: Place,
    seconds: dict[str, float],
    limit: TimeLimit | None,
) -> tuple[list[Outcome], AuxiliaryTraining | None]:
    """Train with the other processes, if there are any; all but the first of them end here."""
    with place.telling_what_failed():
        learned = learn(ready, embedded, keeper, seconds, limit)
        by_backend.part()
        place.parted.set()
    if not place.first:
        raise SystemExit(0)
    return learned


def learn(
    ready: Prepared,
    embedded: Embedded,
    keeper: Keeper | None,
    seconds: dict[str, float],
    limit: TimeLimit | None,
) -> tuple[list[Outcome], AuxiliaryTraining | None]:
    """Train the classifier, and the second head that helps it, where there is one."""
    classifier, pixels, settings = ready.classifier, ready.pixels, ready.settings
    with stopwatch(seconds, "train"), watching(settings.run) as watchers:
        helper = auxiliary.build_auxiliary_training(classifier, pixels, ready.dataset, settings)
        learned_from = (classifier, pixels, embedded.features, ready.stages, settings, ready.class_weight)
        outcomes = fit(*learned_from, helper, keeper, watchers, limit)
    seconds["train"] += keeper.earlier if keeper else 0.0
    return outcomes, helper


def evaluate(
    ready: Prepared,
    outcomes: Sequence[Outcome],
    embedded: Embedded,
    auxiliary_training: AuxiliaryTraining | None,
    seconds: dict[str, float],
) -> Evaluated:
    """Evaluate validation and test, once, after the temperature has become part of the network."""
    settings, pixels, names, classifier = ready.settings, ready.pixels, ready.outputs, ready.classifier
    features, frozen = embedded.features, embedded.frozen
    from_features, task = ready.from_features, tasks.get(settings.task.name)
    model, examples = (classifier.layers[-1], features) if from_features else (classifier, pixels)
    with stopwatch(seconds, "evaluate"), by_backend.full_precision():
        val, temperature, told = task.evaluate(model, examples, names, "val"), None, None
        if task.VERDICTS:
            told = answers_of(ready, outcomes, features, val.predictions)
            temperature = choose_temperature(told.probabilities, told.labels, names, told.what)
        evaluations = evaluate_calibrated(task, classifier, model, examples, names, val, temperature)
        for split in evaluations if auxiliary_training else ():
            evaluations[split].metrics["auxiliary"] = auxiliary.evaluate(auxiliary_training, split)
        if not task.VERDICTS:
            return Evaluated(evaluations, frozen)
        layers = channel_statistics.layers_of(backbone_of(classifier)) if settings.learning.kind == "scratch" else []
        if layers:
            frozen = FrozenBackbone(channel_statistics.with_statistics(classifier, layers))
        frozen, rows = frozen or FrozenBackbone(backbone_of(classifier)), rows_by_split(pixels, settings.data.seed)
        by_split = features_by_split(rows, pixels, features if from_features else None, frozen, layers)
        units = [ready.dataset.units[row] for row in rows["train"]]
        judged = judge(by_split, evaluations, truth_of(pixels), units, calibrated(told, temperature.value), layers)
    learned = pixels.indices["train"] if from_features else rows["train"]
    known = answers.blocks(features.inputs, learned) if from_features else [(learned, by_split["train"])]
    test = evaluations["test"].predictions
    maps = frozen.maps() if from_features and embedded.engine.engine == "openvino" else None
    evidence = answers.Evidence(classifier, ready.dataset, pixels, test, by_split["test"], known, judged, maps)
    return Evaluated(evaluations, frozen, judged, temperature, answers.collect(evidence, len(learned), seconds))


def by_whole_trainings(
    run: Run, record: Record, division: crossval.Division, trainings: Trainings, command: str
) -> dict[str, Any]:
    """Train a whole network for each fold, tell of it in the run folder and on the screen, and return the figure.

    `command`: what goes on with the folds that are done.
    """
    ready = record.prepared
    found = trainings(ready.settings.learning.kind, command, ready.dataset, division.images, division.folds)
    out_of_fold = crossval.summary_of(ready, division, *found)
    add_crossval(run.folder, record, out_of_fold)
    print_out_of_fold(out_of_fold, record.evaluated.metrics()["test"]["n"])
    return out_of_fold


def print_out_of_fold(summary: Mapping[str, Any], test_images: int) -> None:
    """Print the figure from all images, and what it and that of the test split mean."""
    for sentence in beside_test(summary, test_images):
        console.print(sentence)


def print_results(
    run: Path, results: Mapping[str, Any], task: TaskSettings, out_of_fold: Mapping[str, Any] | None
) -> None:
    """Print the figures of validation and test, that out of fold if it is there, and where the run folder is."""
    for split in ("val", "test"):
        tasks.get(task.name).print_report(SPLIT_TEXT[split], results[split])
    for split in ("val", "test"):
        if "auxiliary" in results[split]:
            console.print(auxiliary_line(SPLIT_TEXT[split], task.auxiliary, results[split]["auxiliary"]))
    if out_of_fold:
        print_out_of_fold(out_of_fold, results["test"]["n"])
    console.print(f"run folder: {run}")
    console.print(f"look at {run / 'report.html'}")
