"""The road: from a folder of images to a run folder, each step handing a plain value to the next."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

import models
from data import own_function
from data.augment import DEFAULT_AUGMENT
from data.batches import Examples
from data.masks import pixel_counts
from data.store import Store
from models._head import freeze, head_on
from models._recipe import last_initializer
from models._weights import build_backbone
from study import (
    artifact,
    auxiliary,
    course,
    evaluate,
    find_rate,
    first_layer,
    learning,
    precedence,
    preview,
    refusals,
    screen,
    segment,
    tasks,
)
from study.config import TrainSettings
from study.dataset import Dataset, load, open_store
from study.embed import embed
from study.engine import Frozen
from study.fit import fit, minutes_for, predict
from study.objective import class_weights, pixel_weights
from study.plan import print_plan
from study.record import Record, write_run

TRIED = 32  # pictures on which a function of the user's own is tried where no batch size is given


def train(
    settings: TrainSettings, command: str = "", store: Store | None = None, loading: Future[Dataset] | None = None
) -> Path:
    """Train a classifier as `settings` say, print what happens, and return the run folder.

    With `augment_preview` or `find_learning_rate` it ends before, and returns the path of a picture.

    Args:
        settings: with the image size settled.
        command: as it was typed.
        store: where pixels and features are kept; by default where `settings` say.
        loading: the data set, if it is being read already.

    Raises:
        UserError: something that the user can mend; nothing is left behind.
    """
    seconds: dict[str, float] = {}
    spec = models.get(settings.model).SPEC
    store = store or open_store(settings)
    artifact.check_writable(Path(settings.runs))
    if settings.augment_with:
        own_function.load(settings.augment_with)  # what is wrong with it is told now
    weights = learning.start_weights(settings.model, spec.weights, settings.learning, settings.weights)
    with stopwatch(seconds, "build the network"):
        backbone = build_backbone(settings.model, settings.image_size, weights, precedence.recipe_of(settings))
    with stopwatch(seconds, "read the images"):
        dataset = loading.result() if loading else load(settings, store)
    pixels, outputs = examples_of(dataset, settings), tasks.output_names(settings.task, dataset.class_names)
    classifier = with_head(backbone, settings, len(outputs))

    choice = learning.choose(
        settings.learning,
        weights,
        spec.learning if settings.weights is None else ("transfer", "finetune"),
        dataset.rarest(),
        lambda kind: minutes_for(classifier, pixels, course.stages(settings, kind)[-1], settings),
    )
    if choice.weights != weights:  # the table prefers to begin from scratch
        backbone = build_backbone(settings.model, settings.image_size, choice.weights, precedence.recipe_of(settings))
        classifier = with_head(backbone, settings, len(outputs))
    stages = course.stages(settings, choice.learning)
    settings = settle(settings, choice.learning, choice.weights)
    refusals.check(settings, dataset)
    if settings.first_layer == "pca":
        first_layer.begin(backbone, pixels.rows["train"], pixels.inputs.__getitem__)
    class_weight = weights_of_classes(pixels, outputs, settings)
    print_plan(settings, choice, stages, dataset, class_weight)
    if settings.augment_preview:
        return preview.write(settings, stages[-1], pixels, dataset.class_names)

    features = engine = frozen = None
    if choice.learning != "scratch":
        freeze(backbone)
        with stopwatch(seconds, "embed"):
            frozen = Frozen(backbone, store)
            features, engine = embed(frozen, pixels, settings)
            frozen.release()
        screen.say(f"engine: {engine.reason}")
    if choice.learning != "transfer":
        frozen = None  # let go of it: all weights will change
    if settings.find_learning_rate:
        return find_rate.find(classifier, pixels, features, stages, settings, class_weight, command)
    with stopwatch(seconds, "train"):
        joint = auxiliary.joint(classifier, pixels, dataset, settings)
        outcomes = fit(classifier, pixels, features, stages, settings, class_weight, joint)
    with stopwatch(seconds, "evaluate"):
        answers, results = judge(classifier, pixels, features if choice.learning == "transfer" else None, outputs)
        for part in results if joint else ():
            results[part]["auxiliary"] = auxiliary.judge(joint, part)
    record = Record(
        settings, choice, stages, outcomes, dataset, results, answers, seconds, command, class_weight, engine, frozen
    )
    run = write_run(classifier, record)
    if store.trouble:
        screen.say(store.trouble)
    tell(run, results, settings)
    return run


def with_head(backbone: keras.Model, settings: TrainSettings, num_classes: int) -> keras.Model:
    """Put a head on a backbone: pixels -> (batch, num_classes) probabilities."""
    dropout = settings.dropout if settings.dropout_at != "blocks" else 0.0
    beginning = last_initializer(precedence.recipe_of(settings))
    return head_on(backbone, num_classes, dropout, beginning)


def settle(settings: TrainSettings, kind: str, weights: str) -> TrainSettings:
    """Fill in what depends on the learning type, so that `run.json` tells what was really done."""
    augment = settings.augment
    if augment is None:
        augment = {} if kind == "transfer" else DEFAULT_AUGMENT
    last = course.stages(settings, kind)[-1]
    return replace(
        settings,
        split_seed=precedence.seed_of_split(settings),
        learning=kind,
        weights=weights,
        augment=augment,
        epochs=last.epochs,
        batch_size=last.batch_size,
        learning_rate=last.learning_rate,
        weight_decay=course.decay_of(settings.optimizer, settings.weight_decay),
    )


def tell(run: Path, results: Mapping[str, Any], settings: TrainSettings) -> None:
    """Print the figures of validation and test, and where the run folder is."""
    print_report = segment.print_report if settings.task == "segment" else evaluate.print_report
    names = (("val", "validation"), ("test", "test"))
    for part, name in names:
        print_report(name, results[part])
    for part, name in names:
        if "auxiliary" in results[part]:
            screen.say(evaluate.second_task_line(name, settings.auxiliary, results[part]["auxiliary"]))
    screen.say(f"run folder: {run}")
    screen.say(f"look at {run / 'report.html'}, or ask: python main.py predict --run {run} PICTURE")


def examples_of(dataset: Dataset, settings: TrainSettings) -> Examples:
    """Return what is learned from, masks among it where every pixel is; the user's own function is tried on some."""
    examples = dataset.examples()
    if settings.augment_with:
        batch = examples.rows["train"][: settings.batch_size or TRIED]
        own_function.check(settings.augment_with, examples.inputs[batch])
    return replace(examples, masks=dataset.masks) if settings.task == "segment" else examples


def weights_of_classes(pixels: Examples, outputs: Sequence[str], settings: TrainSettings) -> dict[int, float] | None:
    """Return the weight of each class in the loss, by its pictures or by its pixels; None where all weigh 1."""
    if pixels.masks is None or settings.class_weight != "balanced":
        return class_weights(pixels.labels[pixels.rows["train"]], settings.class_weight, outputs)
    counts = pixel_counts(pixels.masks, pixels.rows["train"], outputs)
    return pixel_weights(counts)


def judge(
    classifier: keras.Model, pixels: Examples, features: Examples | None, outputs: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Look at validation and test, once: from features where those are at hand.

    Returns:
        Of each of the two parts what was answered, probabilities float32 (n, classes) or `segment.Judged`; and its
        metrics.
    """
    parts = ("val", "test")
    if pixels.masks is not None:
        judged = {part: segment.judge(classifier, pixels, part) for part in parts}
        return judged, {part: segment.metrics(judged[part], outputs) for part in parts}
    _, _, head = classifier.layers
    model, examples = (head, features) if features else (classifier, pixels)
    answers = {part: predict(model, examples, pixels.rows[part], f"evaluate {part}") for part in parts}
    labels = {part: pixels.labels[pixels.rows[part]] for part in parts}
    return answers, {part: evaluate.metrics(labels[part], answers[part], outputs) for part in parts}


@contextmanager
def stopwatch(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Add the time that the block takes to `seconds[name]`."""
    started = time.perf_counter()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - started
