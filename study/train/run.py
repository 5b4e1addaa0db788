"""The road: from a folder of images to a run folder, each step handing a plain value to the next."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from data.dataset import Dataset
from data.store.store import Store
from study import tasks
from study.fit import auxiliary, lr_finder
from study.fit.loop import fit
from study.inference.engine import FrozenBackbone
from study.runtime import console, output
from study.settings.source import store_of
from study.settings.task import TaskSettings
from study.settings.train import TrainSettings
from study.tasks import classify
from study.train import preview, suggest
from study.train.embed import features_of, same_scene
from study.train.judge import backbone_of, evaluate, features_by_split, judge, truth_of
from study.train.plan import print_plan
from study.train.prepare import prepare, stopwatch
from study.train.save import Record, write_run


def train(
    settings: TrainSettings, command: str = "", store: Store | None = None, loading: Future[Dataset] | None = None
) -> Path:
    """Train a classifier as `settings` say, print what happens, and return the run folder.

    With `augment_preview` or `find_learning_rate` it ends before, and returns the path of an image.

    Args:
        settings: with the image size settled.
        command: as it was typed.
        store: where pixels and features are kept; by default where `settings` say.
        loading: the data set, if it is being read already.

    Raises:
        UserError: something that the user can mend; nothing is left behind.
    """
    seconds: dict[str, float] = {}
    store = store or store_of(settings.data)
    output.refuse_within(Path(settings.run.runs), settings.data.folder, "--runs")
    output.check_writable(Path(settings.run.runs))
    ready = prepare(settings, store, loading, seconds)
    settings, pixels, classifier = ready.settings, ready.pixels, ready.classifier
    print_plan(settings, ready.choice, ready.stages, ready.dataset, ready.class_weight, ready.outputs)
    if settings.run.augment_preview:
        return preview.write(settings, ready.stages[-1], pixels, ready.dataset.class_names)

    features = engine = frozen = scenes = None
    if settings.learning.kind != "scratch":
        with stopwatch(seconds, "embed"):
            features, engine, frozen = features_of(classifier, pixels, settings, store)
            if settings.learning.weights == "imagenet":  # others may find all images of a class alike
                scenes = same_scene(ready.dataset, features, frozen, store)
    if settings.learning.kind != "transfer":
        frozen = None  # let go of it: all weights will change
    if settings.run.find_learning_rate:
        return lr_finder.find_learning_rate(
            classifier, pixels, features, ready.stages, settings, ready.class_weight, command
        )
    with stopwatch(seconds, "train"):
        auxiliary_training = auxiliary.build_auxiliary_training(classifier, pixels, ready.dataset, settings)
        outcomes = fit(classifier, pixels, features, ready.stages, settings, ready.class_weight, auxiliary_training)
    with stopwatch(seconds, "evaluate"):
        from_features = settings.learning.kind == "transfer"
        model, examples = (classifier.layers[-1], features) if from_features else (classifier, pixels)
        task = tasks.get(settings.task.name)
        truth = truth_of(pixels)
        evaluations, temperature = evaluate(task, classifier, model, examples, ready.outputs, truth)
        for split in evaluations if auxiliary_training else ():
            evaluations[split].metrics["auxiliary"] = auxiliary.evaluate(auxiliary_training, split)
        judged = None
        if task.VERDICTS:
            frozen = frozen or FrozenBackbone(backbone_of(classifier))
            by_split = features_by_split(pixels, features if from_features else None, frozen, settings.data.seed)
            judged = judge(by_split, evaluations, truth)
    record = Record(ready, outcomes, evaluations, seconds, command, engine, frozen, scenes, judged, temperature)
    run = write_run(classifier, record)
    if store.trouble:
        console.print(store.trouble)
    print_results(run, {split: entry.metrics for split, entry in evaluations.items()}, settings.task)
    if suggestion := suggest.crossval(settings, ready.dataset):
        console.print(suggestion)
    return run


def print_results(run: Path, results: Mapping[str, Any], task: TaskSettings) -> None:
    """Print the figures of validation and test, and where the run folder is."""
    names = (("val", "validation"), ("test", "test"))
    for split, name in names:
        tasks.get(task.name).print_report(name, results[split])
    for split, name in names:
        if "auxiliary" in results[split]:
            console.print(classify.auxiliary_line(name, task.auxiliary, results[split]["auxiliary"]))
    console.print(f"run folder: {run}")
    console.print(f"look at {run / 'report.html'}, or ask: python main.py predict --run {run} IMAGE")
