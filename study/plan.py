"""Say on one screen what will happen, before it happens."""

from __future__ import annotations

from collections.abc import Sequence

from data.folder import PARTS
from study import screen
from study.config import Stage, TrainSettings
from study.dataset import Dataset
from study.fit import AUGMENTED_VIEWS, iterations
from study.learning import Choice


def stage_images(stage: Stage, settings: TrainSettings, train_images: int) -> int:
    """Return the examples of one epoch: a head also learns from augmented views where they are asked for."""
    return train_images * (1 + AUGMENTED_VIEWS * (stage.name == "head" and bool(settings.augment)))


def print_plan(settings: TrainSettings, choice: Choice, stages: Sequence[Stage], dataset: Dataset) -> None:
    """Print classes and counts per part, learning type and why, batch, iterations and epochs."""
    counts = dataset.counts()
    rows = [[name, *(f"{counts[part].get(name, 0):,}" for part in PARTS)] for name in dataset.class_names]
    totals = {part: sum(counts[part].values()) for part in PARTS}
    rows.append(["all", *(f"{totals[part]:,}" for part in PARTS)])
    origin = "drawings made by the program, not photos" if dataset.drawn else str(dataset.root)
    screen.table(f"Images: {origin}", ("class", "train", "val", "test"), rows)
    size = settings.image_size
    augment = ", ".join(f"{name} {strength:g}" for name, strength in settings.augment.items()) or "none"
    screen.say(
        f"model          {settings.model}, {size} × {size} pixels ({settings.resize}), weights: {settings.weights}"
    )
    screen.say(f"learning type  {choice.learning}: {choice.reason}")
    screen.say(
        f"augmentation   {augment}"
        + (
            f"; {AUGMENTED_VIEWS} views beside the clean picture"
            * (bool(settings.augment) and stages[0].name == "head")
        )
    )
    screen.say(
        f"against overfitting  L2 {settings.l2:g}, dropout {settings.dropout:g}, class weights "
        f"{settings.class_weight}, early stopping after {settings.patience or 'no number of'} epochs without gain"
    )
    for stage in stages:
        images = stage_images(stage, settings, totals["train"])
        epoch = f"{images:,} images / batch of {stage.batch_size} = {iterations(images, stage.batch_size):,} iterations"
        screen.say(
            f"stage {stage.name:<8} {epoch} per epoch; at most {stage.epochs} epochs, {settings.optimizer} at learning rate {stage.learning_rate:g}"
        )
    screen.say()
