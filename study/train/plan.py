"""Say on one screen what will happen, before it happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data.augment.pipeline import describe
from data.batches import iterations
from data.dataset import Dataset
from data.folder import PARTS
from study.runtime import console
from study.settings import stages as training_stages
from study.settings.learning_type import LearningChoice
from study.settings.stages import Stage, augmented_views
from study.settings.train import TrainSettings


def stage_images(stage: Stage, settings: TrainSettings, train_images: int) -> int:
    """Return the examples of one epoch: a head also learns from augmented views where they are asked for."""
    return train_images * (1 + augmented_views(settings)) if stage.name == "head" else train_images


def class_doses(
    settings: TrainSettings, dataset: Dataset, class_weight: Mapping[int, float] | None, outputs: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return what each class gets: training images drawn an epoch (a mean where balanced), weight in the loss."""
    counts = dataset.counts()["train"]
    even = sum(counts.values()) / len(dataset.class_names)
    drawn = {name: even if settings.sampler == "balanced" else counts.get(name, 0) for name in dataset.class_names}
    weights = class_weight or {}
    return {
        name: {"drawn_per_epoch": round(drawn[name]), "weight": round(weights.get(index, 1.0), 4)}
        for index, name in enumerate(
            dataset.class_names, start=len(outputs) - len(dataset.class_names)
        )  # behind the background
    }


def print_plan(
    settings: TrainSettings,
    choice: LearningChoice,
    stages: Sequence[Stage],
    dataset: Dataset,
    class_weight: Mapping[int, float] | None,
    outputs: Sequence[str],
) -> None:
    """Print classes and counts per part, learning type and why, batch, iterations and epochs."""
    counts = dataset.counts()
    doses = class_doses(settings, dataset, class_weight, outputs)
    rows = [
        [name, *(f"{counts[part].get(name, 0):,}" for part in PARTS), f"{dose['drawn_per_epoch']:,}", dose["weight"]]
        for name, dose in doses.items()
    ]
    totals = {part: sum(counts[part].values()) for part in PARTS}
    rows.append(["all", *(f"{totals[part]:,}" for part in PARTS), "", ""])
    origin = "drawings made by the program, not photos" if dataset.drawn else str(dataset.root)
    console.table(f"Images: {origin}", ("class", "train", "val", "test", "drawn an epoch", "weight"), rows)
    if class_weight and len(outputs) > len(dataset.class_names):
        console.say(f"{'background':<20}weight {class_weight.get(0, 1.0):.4g} of its pixels")
    for key, value in plan_lines(settings, choice, stages, totals["train"]):
        console.say(f"{key:<20}{value}")
    console.say()


def network_line(settings: TrainSettings) -> str:
    """Return what the network is made of; nothing where the model alone says so."""
    detail = {"normal": f" {settings.init_std:g}", "constant": f" {settings.init_value:g}"}.get(settings.init, "")
    parts = [
        settings.activation and f"activation {settings.activation}",
        settings.init and settings.weights == "none" and f"initial weights {settings.init}{detail}",
        settings.first_layer == "pca" and "first filters from the pictures",
        settings.norm and f"normalisation {settings.norm}",
        settings.depth and f"depth {settings.depth}",
        settings.coordinates and "with coordinates",
    ]
    return ", ".join(part for part in parts if part)


def plan_lines(
    settings: TrainSettings, choice: LearningChoice, stages: Sequence[Stage], train_images: int
) -> list[tuple[str, str]]:
    """Return what the screen says beside the table, as (key, text)."""
    size, patience = settings.image_size, settings.patience
    augment = describe(settings.augment or {}, settings.augment_with)
    if views := augmented_views(settings):
        augment += f"; the head sees {views} such views of each picture beside the clean one"
    stopping = f"after {patience} epochs without a better validation loss" if patience else "off"
    sparse = f"L1 {settings.l1:g}, " if settings.l1 else ""
    decay = training_stages.decay_of(settings.optimizer, settings.weight_decay)
    weights = f"{sparse}L2 {settings.l2:g}, weight decay {decay:g}"
    place = {"head": "", "blocks": " inside the network", "both": " inside the network and before the last layer"}
    place = place[settings.dropout_at] if settings.dropout else ""
    width = f", width {settings.width}" if settings.width else ""
    lines = [
        ("model", f"{settings.model}{width}, {size} × {size} pixels ({settings.resize}), weights: {settings.weights}"),
        ("learning type", f"{choice.learning}: {choice.reason}"),
        ("augmentation", augment),
        (
            "against overfitting",
            f"{weights}, label smoothing {settings.label_smoothing:g}, dropout {settings.dropout:g}{place}, "
            f"early stopping {stopping}",
        ),
    ]
    if made := network_line(settings):
        lines.insert(1, ("network", made))
    if settings.loss != "crossentropy":
        told = {"focal": f", gamma {settings.focal_gamma:g}", "crossentropy+dice": f", Dice {settings.dice_weight:g}"}
        lines.append(("loss", settings.loss + told.get(settings.loss, "")))
    if settings.auxiliary != "none":
        lines.append(("second task", f"{settings.auxiliary}, weight {settings.auxiliary_weight:g} of its loss"))
    steps = f", gradients clipped to {settings.clip_norm:g}" if settings.clip_norm else ""
    steps += f", weights averaged with momentum {settings.ema:g}" if settings.ema else ""
    for stage in stages:
        images = stage_images(stage, settings, train_images)
        batches = iterations(images, stage.batch_size)
        per_epoch = f"{images:,} training images / batch of {stage.batch_size} = {batches:,} iterations"
        lines.append((f"stage {stage.name}", f"{per_epoch} per epoch, at most {stage.epochs} epochs"))
        warm = f", risen to over the first {100 * settings.warmup:g} % of the iterations" if settings.warmup else ""
        rate = f"{settings.optimizer} at learning rate {stage.learning_rate:g}{warm}, schedule {settings.schedule}"
        lines.append(("", rate + steps))
        if settings.progressive and stage.name != "head":
            parts = training_stages.phases(stage.epochs, settings.progressive, size)
            told = ", ".join(f"{part.end - part.first} at {part.size} pixels" for part in parts)
            lines.append(("", f"epochs: {told}"))
    return lines
