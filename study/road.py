"""The road: from a folder of images to a run folder, each step handing a plain value to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import keras

from data.batches import Examples
from data.store import Store
from models._head import freeze
from study import artifact, auxiliary, evaluate, find_rate, preview, screen, segment
from study.config import TrainSettings
from study.dataset import Dataset, open_store
from study.embed import embed
from study.engine import Choice, Frozen
from study.fit import fit, predict
from study.plan import print_plan
from study.prepare import prepare, stopwatch
from study.record import Record, write_run


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
    store = store or open_store(settings)
    artifact.refuse_within(Path(settings.runs), settings.data, "--runs")
    artifact.check_writable(Path(settings.runs))
    ready = prepare(settings, store, loading, seconds)
    settings, pixels, classifier = ready.settings, ready.pixels, ready.classifier
    print_plan(settings, ready.choice, ready.stages, ready.dataset, ready.class_weight)
    if settings.augment_preview:
        return preview.write(settings, ready.stages[-1], pixels, ready.dataset.class_names)

    features = engine = frozen = None
    if settings.learning != "scratch":
        with stopwatch(seconds, "embed"):
            features, engine, frozen = features_of(classifier, pixels, settings, store)
    if settings.learning != "transfer":
        frozen = None  # let go of it: all weights will change
    if settings.find_learning_rate:
        return find_rate.find(classifier, pixels, features, ready.stages, settings, ready.class_weight, command)
    with stopwatch(seconds, "train"):
        joint = auxiliary.joint(classifier, pixels, ready.dataset, settings)
        outcomes = fit(classifier, pixels, features, ready.stages, settings, ready.class_weight, joint)
    with stopwatch(seconds, "evaluate"):
        answers, results = judge(
            classifier, pixels, features if settings.learning == "transfer" else None, ready.outputs
        )
        for part in results if joint else ():
            results[part]["auxiliary"] = auxiliary.judge(joint, part)
    run = write_run(classifier, Record(ready, outcomes, results, answers, seconds, command, engine, frozen))
    if store.trouble:
        screen.say(store.trouble)
    tell(run, results, settings)
    return run


def features_of(
    classifier: keras.Model, pixels: Examples, settings: TrainSettings, store: Store
) -> tuple[Examples, Choice, Frozen]:
    """Freeze the backbone and let every picture through it, once; say which engine did that."""
    _, backbone, _ = classifier.layers
    freeze(backbone)
    frozen = Frozen(backbone, store)
    features, choice = embed(frozen, pixels, settings)
    frozen.release()
    screen.say(f"engine: {choice.reason}")
    return features, choice, frozen


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
