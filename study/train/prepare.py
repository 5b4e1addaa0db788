"""Before anything is learned: the network, the images and what will be done with them, from the settings."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace

import keras

import models
from data import own_code
from data.augment import custom
from data.augment.pipeline import DEFAULT_AUGMENT
from data.batches import Examples
from data.dataset import Dataset
from data.mask_counts import PixelCounts, count
from data.split import SplitEntry, contents_learned_by
from data.store.store import Store
from models.parts.weights import build_backbone
from study import tasks
from study.fit import event_files, whitening
from study.fit.estimate import minutes_for
from study.fit.network import with_head
from study.fit.objective import balanced_weights, class_weights
from study.runtime import console
from study.settings import conflicts, learning_type
from study.settings.learning_type import LearningChoice
from study.settings.regularization import RegularizationSettings
from study.settings.resolve import options_of, seed_of_split
from study.settings.run import CALLBACK
from study.settings.source import load_dataset
from study.settings.stages import Stage, decay_of, stages_of
from study.settings.train import TrainSettings

TRIED = 32  # images on which a function of the user's own is tried where no batch size is given


@dataclass(frozen=True)
class Prepared:
    """All that a training begins with.

    `settings`: nothing of them left open. `classifier`: pixels -> probabilities, not yet trained. `outputs`: names of
    what it tells apart. `class_weight`: class -> its weight in the loss; None where all weigh 1.
    `contaminated`: how many held-out images the weights have learned from.
    """

    settings: TrainSettings
    dataset: Dataset
    pixels: Examples
    outputs: Sequence[str]
    classifier: keras.Model
    choice: LearningChoice
    stages: Sequence[Stage]
    class_weight: dict[int, float] | None
    contaminated: int

    @property
    def from_features(self) -> bool:
        """Whether a head learns alone, from stored features."""
        return self.settings.learning.kind == "transfer"


def prepare(
    settings: TrainSettings, store: Store, loading: Future[Dataset] | None, seconds: dict[str, float]
) -> Prepared:
    """Build the network, read the images and choose how it learns; `seconds` is told how long that took.

    Raises:
        UserError: something that the user can mend.
    """
    check_first(settings)
    spec, model = models.get(settings.run.model).SPEC, settings.run.model
    weights = learning_type.start_weights(model, spec.weights, settings.learning.kind, settings.learning.weights)
    with stopwatch(seconds, "build the network"):
        backbone = new_backbone(settings, weights)
        if sizes := settings.optimization.progressive:  # what the network refuses at its smallest size is told now
            build_backbone(model, sizes[0], "none", options_of(settings.network, settings.regularization))
    with stopwatch(seconds, "read the images"):
        dataset = loading.result() if loading else load_dataset(settings, store)
    pixels, outputs = examples_of(dataset, settings), tasks.get(settings.task.name).outputs(dataset.class_names)
    classifier = with_head(backbone, settings.network, settings.regularization, len(outputs), settings.task.name)

    choice = learning_type.choose_learning(
        settings.learning.kind,
        weights,
        spec.learning if settings.learning.weights is None or spec.parts else ("transfer", "finetune"),
        dataset.rarest(),
        None
        if settings.run.deterministic or settings.run.processes > 1  # which would each choose for themselves
        else lambda kind: minutes_for(classifier, pixels, stages_of(settings.optimization, kind)[-1], settings, store),
    )
    if choice.weights != weights:  # the table prefers to begin from scratch
        backbone = new_backbone(settings, choice.weights)
        classifier = with_head(backbone, settings.network, settings.regularization, len(outputs), settings.task.name)
    stages = stages_of(settings.optimization, choice.learning)
    settings = resolve_learning(settings, choice.learning, choice.weights)
    conflicts.check(settings, dataset)
    contaminated = tell_contaminated(settings, dataset)
    if settings.learning.first_layer == "pca":
        whitening.init_first_layer(backbone, pixels.indices["train"], pixels.inputs.__getitem__)
    class_weight = weights_of_classes(pixels, outputs, settings.regularization, dataset.mask_counts.get("train"))
    return Prepared(settings, dataset, pixels, outputs, classifier, choice, stages, class_weight, contaminated)


def check_first(settings: TrainSettings) -> None:
    """Raise UserError for what is wrong with the user's own code and the event files, before any work."""
    if settings.regularization.augment_with:
        custom.load(settings.regularization.augment_with)
    if settings.run.callback:
        own_code.load(settings.run.callback, *CALLBACK)
    if settings.run.tensorboard:
        event_files.check(settings.run.tensorboard, bool(settings.run.resume) and not settings.run.fresh)


def new_backbone(settings: TrainSettings, weights: str) -> keras.Model:
    """Return the network without its head, at the size that is asked for, with these weights."""
    options = options_of(settings.network, settings.regularization)
    return build_backbone(settings.run.model, settings.data.image_size, weights, options)


def tell_contaminated(settings: TrainSettings, dataset: Dataset) -> int:
    """Say what has learned from held-out images before; return from how many of them the weights have."""
    if contaminated := count_contaminated(settings.learning.weights, dataset.entries):
        console.print(
            f"careful: {settings.learning.weights} has learned from {contaminated:,} of the validation and test images "
            "here, which flatters their figures; --split-file and its split.csv keep them apart"
        )
    if settings.data.finder and (seen := count_contaminated(settings.data.finder, dataset.entries)):
        console.print(
            f"careful: {settings.data.finder} has learned to find the animal in {seen:,} of the validation and test "
            "images here, and may find it better there than in new ones"
        )
    return contaminated


def resolve_learning(settings: TrainSettings, kind: str, weights: str) -> TrainSettings:
    """Fill in what depends on the learning type, so that `run.json` tells what was really done."""
    augment = settings.regularization.augment
    if augment is None:
        augment = {} if kind == "transfer" else DEFAULT_AUGMENT
    last = stages_of(settings.optimization, kind)[-1]
    return settings.with_values(
        split_seed=seed_of_split(settings.data),
        learning=kind,
        weights=weights,
        augment=augment,
        epochs=last.epochs,
        batch_size=last.batch_size,
        learning_rate=last.learning_rate,
        weight_decay=decay_of(settings.optimization.optimizer, settings.regularization.weight_decay),
    )


def examples_of(dataset: Dataset, settings: TrainSettings) -> Examples:
    """Return what is learned from, masks among it where every pixel is; the user's own function is tried on some."""
    examples = dataset.examples()
    if settings.regularization.augment_with:
        batch = examples.indices["train"][: settings.optimization.batch_size or TRIED]
        custom.check(settings.regularization.augment_with, examples.inputs[batch])
    return replace(examples, masks=dataset.masks) if tasks.get(settings.task.name).PER_PIXEL else examples


def weights_of_classes(
    pixels: Examples,
    outputs: Sequence[str],
    regularization: RegularizationSettings,
    counted: PixelCounts | None = None,
) -> dict[int, float] | None:
    """Return the weight of each class in the loss, by its images or by its pixels; None where all weigh 1.

    `counted`: the pixels of the training masks; by default they are counted here.
    """
    if pixels.masks is None or regularization.class_weight != "balanced":
        return class_weights(pixels.labels[pixels.indices["train"]], regularization.class_weight, outputs)
    counted = counted or count(pixels.masks, pixels.indices["train"], outputs)
    return balanced_weights(counted.classes)


@contextmanager
def stopwatch(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Add the time that the block takes to `seconds[name]`."""
    started = time.perf_counter()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - started


def count_contaminated(weights: str, entries: Sequence[SplitEntry]) -> int:
    """Count the validation and test images from which an earlier run learned whose weights are the beginning."""
    learned = contents_learned_by(weights)
    return sum(entry.split != "train" and entry.sha256 in learned for entry in entries)
