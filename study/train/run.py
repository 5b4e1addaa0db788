"""The road: from a folder of images to a run folder, each step handing a plain value to the next."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from data.dataset import Dataset
from data.store.store import Store
from study import tasks
from study.confidence.calibration import choose_temperature
from study.fit import auxiliary, lr_finder
from study.fit.loop import fit
from study.inference.engine import FrozenBackbone
from study.runs.values import of_training
from study.runtime import console, output
from study.runtime.result import Result
from study.settings.as_command import as_command, changed
from study.settings.source import store_of
from study.settings.task import TaskSettings
from study.settings.train import TrainSettings
from study.tasks.sentences import auxiliary_line
from study.train import answers, preview, suggest
from study.train.embed import features_of, same_scene
from study.train.judge import apply_temperature, backbone_of, features_by_split, judge, rows_by_split, truth_of
from study.train.plan import print_plan
from study.train.prepare import prepare, stopwatch
from study.train.save import Record, write_run


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
    command: str = "",
    store: Store | None = None,
    loading: Future[Dataset] | None = None,
    asked: Mapping[str, Any] | None = None,
) -> Result:
    """Train a classifier as `settings` say, print what happens, and return what that came to and what can follow.

    Args:
        settings: with the image size settled.
        command: as it was typed.
        store: where pixels and features are kept; by default where `settings` say.
        loading: the data set, if it is being read already.
        asked: flags that were given, which commands that follow carry on; by default all that is not at its default.

    Raises:
        UserError: something that the user can mend; nothing is left behind.
    """
    asked = changed(settings.as_dict()) if asked is None else asked
    seconds: dict[str, float] = {}
    store = store or store_of(settings.data)
    output.refuse_within(Path(settings.run.runs), settings.data.folder, "--runs")
    output.check_writable(Path(settings.run.runs))
    ready = prepare(settings, store, loading, seconds)
    settings, pixels, classifier = ready.settings, ready.pixels, ready.classifier
    print_plan(settings, ready.choice, ready.stages, ready.dataset, ready.class_weight, ready.outputs)
    if settings.run.augment_preview:
        image = preview.write(settings, ready.stages[-1], pixels, ready.dataset.class_names)
        return Result({"image": image}, as_command("train", {**asked, "augment_preview": False}), "train with these")

    features = engine = frozen = scenes = None
    if settings.learning.kind != "scratch":
        with stopwatch(seconds, "embed"):
            features, engine, frozen = features_of(classifier, pixels, settings, store)
            if settings.learning.weights == "imagenet":  # others may find all images of a class alike
                scenes = same_scene(ready.dataset, features, frozen, store)
    if settings.learning.kind != "transfer":
        frozen = None  # let go of it: all weights will change
    if settings.run.find_learning_rate:
        image, rate = lr_finder.find_learning_rate(
            classifier, pixels, features, ready.stages, settings, ready.class_weight
        )
        following = as_command("train", {**asked, "find_learning_rate": False, "learning_rate": rate})
        return Result({"image": image, "learning_rate": rate}, following, "train with it")
    with stopwatch(seconds, "train"):
        auxiliary_training = auxiliary.build_auxiliary_training(classifier, pixels, ready.dataset, settings)
        outcomes = fit(classifier, pixels, features, ready.stages, settings, ready.class_weight, auxiliary_training)
    with stopwatch(seconds, "evaluate"):
        from_features = settings.learning.kind == "transfer"
        model, examples = (classifier.layers[-1], features) if from_features else (classifier, pixels)
        task = tasks.get(settings.task.name)
        # Validation and test, once.
        val, truth, temperature = task.evaluate(model, examples, ready.outputs, "val"), truth_of(pixels), None
        if task.VERDICTS:
            temperature = choose_temperature(val.predictions, truth["val"], ready.outputs)
            if temperature.value != 1:
                apply_temperature(classifier, temperature.value)
                val = task.evaluate(model, examples, ready.outputs, "val")
        evaluations = {"val": val, "test": task.evaluate(model, examples, ready.outputs, "test", val)}
        for split in evaluations if auxiliary_training else ():
            evaluations[split].metrics["auxiliary"] = auxiliary.evaluate(auxiliary_training, split)
        judged = shown = None
        if task.VERDICTS:
            frozen, rows = frozen or FrozenBackbone(backbone_of(classifier)), rows_by_split(pixels, settings.data.seed)
            by_split = features_by_split(rows, pixels, features if from_features else None, frozen)
            judged = judge(by_split, evaluations, truth)
    if task.VERDICTS:
        learned = pixels.indices["train"] if from_features else rows["train"]
        known = answers.blocks(features.inputs, learned) if from_features else [(learned, by_split["train"])]
        test = evaluations["test"].predictions
        evidence = answers.Evidence(classifier, ready.dataset, test, by_split["test"], known, judged)
        shown = answers.collect(evidence, len(learned), seconds)
    record = Record(
        ready, outcomes, evaluations, seconds, command, engine, frozen, scenes, judged, temperature, shown, asked
    )
    run = write_run(classifier, record)
    if store.trouble:
        console.print(store.trouble)
    print_results(run.folder, record.results(), settings.task)
    following = suggest.after(settings, asked, ready.dataset, run, record.results(), record.history())
    return Result(of_training(run, record.results()), *following)


def print_results(run: Path, results: Mapping[str, Any], task: TaskSettings) -> None:
    """Print the figures of validation and test, and where the run folder is."""
    names = (("val", "validation"), ("test", "test"))
    for split, name in names:
        tasks.get(task.name).print_report(name, results[split])
    for split, name in names:
        if "auxiliary" in results[split]:
            console.print(auxiliary_line(name, task.auxiliary, results[split]["auxiliary"]))
    console.print(f"run folder: {run}")
    console.print(f"look at {run / 'report.html'}")
