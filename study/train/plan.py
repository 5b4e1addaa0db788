"""Say on one screen what will happen, before it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from data.augment.pipeline import describe
from data.batches import iterations
from data.crop import MARGIN
from data.folder import SPLITS
from data.squares import text_of
from study.runtime import console
from study.settings.data import DataSettings
from study.settings.learning_type import LearningChoice
from study.settings.resolve import size_of
from study.settings.stages import Stage, augmented_views, decay_of, phases
from study.settings.train import TrainSettings

if TYPE_CHECKING:
    from study.train.prepare import Prepared


def stage_images(stage: Stage, settings: TrainSettings, train_images: int) -> int:
    """Return the examples of one epoch: a head also learns from augmented views where they are asked for."""
    return train_images * (1 + augmented_views(settings)) if stage.name == "head" else train_images


def class_balance(ready: Prepared) -> dict[str, dict[str, float]]:
    """Return what each class gets: training images drawn an epoch (a mean where balanced), weight in the loss.

    Augmented views that a head learns from are drawn too.
    """
    settings, dataset, weights = ready.settings, ready.dataset, ready.class_weight or {}
    counts, times = dataset.counts()["train"], 1 + augmented_views(settings)
    even = dataset.sizes()["train"] / len(dataset.class_names)
    balanced = settings.regularization.sampler == "balanced"
    drawn = {name: times * (even if balanced else counts.get(name, 0)) for name in dataset.class_names}
    first = len(ready.outputs) - len(dataset.class_names)  # behind the background
    return {
        name: {"drawn_per_epoch": round(drawn[name]), "weight": round(weights.get(index, 1.0), 4)}
        for index, name in enumerate(dataset.class_names, start=first)
    }


def print_plan(ready: Prepared, open_l2: bool = False) -> None:
    """Print classes and counts per split, learning type and why, batch, iterations and epochs.

    `open_l2`: whether the L2 penalty is chosen later.
    """
    dataset = ready.dataset
    counts, totals = dataset.counts(), dataset.sizes()
    rows = [
        [
            name,
            *(f"{counts[split].get(name, 0):,}" for split in SPLITS),
            f"{balance['drawn_per_epoch']:,}",
            f"{balance['weight']}",
        ]
        for name, balance in class_balance(ready).items()
    ]
    sums = ["all", *(f"{totals[split]:,}" for split in SPLITS), "", ""]
    origin = "drawings made by the program, not photos" if dataset.synthetic else str(dataset.table or dataset.root)
    header = ("class", "train", "val", "test", "per epoch", "weight")
    console.class_table(f"Images: {origin}", header, rows, header.index("train"), "fewest training images", sums)
    if ready.class_weight and len(ready.outputs) > len(dataset.class_names):
        console.print(f"{'background':<20}weight {ready.class_weight.get(0, 1.0):.4g} of its pixels")
    for key, value in plan_lines(ready.settings, ready.choice, ready.stages, totals["train"], open_l2):
        console.print(f"{key:<20}{value}")
    console.print()


def plan_lines(
    settings: TrainSettings,
    choice: LearningChoice,
    stages: Sequence[Stage],
    train_images: int,
    open_l2: bool = False,
) -> list[tuple[str, str]]:
    """Return what the screen says beside the table, as (key, text)."""
    data, learning, regularization = settings.data, settings.learning, settings.regularization
    augment = describe(regularization.augment or {}, regularization.augment_with)
    if views := augmented_views(settings):
        augment += f"; the head sees {views} such views of each image beside the clean one"
    width = f", width {settings.network.width}" if settings.network.width else ""
    size = f"{text_of(size_of(settings))} pixels ({data.resize})"
    return [
        ("model", f"{settings.run.model}{width}, {size}, weights: {learning.weights}"),
        *([("cut to the animal", described_crop(data))] if data.crop_to != "none" else []),
        *settings.network.describe(learning.weights == "none", learning.first_layer == "pca"),
        ("learning type", f"{choice.learning}: {choice.reason}"),
        ("augmentation", augment),
        *regularization.describe(decay_of(settings.optimization.optimizer, regularization.weight_decay), open_l2),
        *settings.loss.describe(),
        *settings.task.describe(),
        *(line for stage in stages for line in stage_lines(stage, settings, train_images)),
    ]


def described_crop(data: DataSettings) -> str:
    """Say what images are cut by before they are resized."""
    found = f"found by {data.finder}" if data.crop_to == "mask" else f"by the boxes of {data.boxes}"
    return f"{found}, with a margin of {100 * MARGIN:g} % on each side"


def stage_lines(stage: Stage, settings: TrainSettings, train_images: int) -> list[tuple[str, str]]:
    """Return what the screen says of a stage: epochs and iterations, steps, and the sizes of its phases."""
    images = stage_images(stage, settings, train_images)
    batches = iterations(images, stage.batch_size)
    per_epoch = (
        f"{images:,} training images / batch of {stage.batch_size} = {batches:,} iteration{'s' * (batches != 1)}"
    )
    lines = [
        (f"stage {stage.name}", f"{per_epoch} per epoch, at most {stage.epochs} epoch{'s' * (stage.epochs != 1)}"),
        ("", settings.optimization.describe_steps(stage.learning_rate, batches)),
    ]
    if (processes := settings.run.processes) > 1 and stage.name != "head":
        lines.append(("", f"{processes} processes, each with {stage.batch_size // processes} images of a batch"))
    if settings.optimization.progressive and stage.name != "head":
        resolution_phases = phases(stage.epochs, settings.optimization.progressive, settings.data.image_size)
        text = ", ".join(f"{phase.end - phase.first} at {phase.size} pixels" for phase in resolution_phases)
        lines.append(("", f"epochs: {text}"))
    return lines
