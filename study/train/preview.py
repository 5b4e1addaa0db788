"""A sheet of training images before and after augmentation, to be looked at before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data.augment.pipeline import describe
from data.batches import Examples
from data.names import distinct
from errors import UserError
from study.fit import augmentation
from study.pages.figures import STYLE, cut, plt, save
from study.pages.palette import GREY
from study.runtime import console, output
from study.settings.stages import ResolutionPhase, Stage, phases
from study.settings.train import TrainSettings

IMAGES, VIEWS = 6, 5
FILE = "augment-preview.png"
MIN_SHARE = 0.005  # of a class in a label, to be named


def write(settings: TrainSettings, stage: Stage, examples: Examples, class_names: Sequence[str]) -> Path:
    """Draw some training images, each beside views of it as `stage` would learn from them; return the PNG's path.

    Args:
        settings: with the augmentation settled.
        stage: the last one of the training.
        examples: all images.
        class_names: in the order of the labels.

    Raises:
        UserError: nothing would be changed, or the image cannot be written.
    """
    phase = preview_phase(settings, stage)
    size = phase.size if settings.optimization.progressive else None
    augment = augmentation.build(
        settings, examples.flipped_classes, classes=len(class_names), size=size, mixing=phase.mixing
    )
    described = describe(settings.regularization.augment, settings.regularization.augment_with)
    if described == "none":
        raise UserError(
            "--augment-preview has nothing to show: no augmentation is chosen. "
            "Give --augment LIST, such as flip,translation, or --augment-with."
        )
    indices = chosen_indices(examples)
    pixels, labels = examples.inputs[indices], examples.labels[indices]
    before = [(image, label_text(label, class_names)) for image, label in zip(pixels, labels, strict=True)]
    columns = [before]
    for _ in range(VIEWS):
        view = augment({"images": pixels, "labels": labels})
        changed, targets = np.asarray(view["images"]), np.asarray(view["labels"])
        columns.append(
            [(image, label_text(target, class_names)) for image, target in zip(changed, targets, strict=True)]
        )
    path = Path(settings.run.runs) / FILE
    output.check_writable(path.parent)
    draw(columns, f"Augmentation: {described}; {phase.size} pixels", path)
    console.print(f"look at {path}; nothing was trained")
    return path


def preview_phase(settings: TrainSettings, stage: Stage) -> ResolutionPhase:
    """Return the first phase of a stage in which images are mixed, where there is one: it shows every change."""
    every = phases(stage.epochs, settings.optimization.progressive, settings.data.image_size)
    return next((phase for phase in every if phase.mixing), every[0])


def chosen_indices(examples: Examples) -> np.ndarray:
    """Return the first training images of each class, or of each set of labels, in turn, `IMAGES` at most."""
    indices = examples.indices["train"]
    labels = np.unique(examples.labels[indices], axis=0, return_inverse=True)[1].reshape(-1)  # NumPy 2.0: two axes
    order, turn = np.argsort(labels, kind="stable"), np.zeros(len(indices), int)
    turn[order] = np.arange(len(order)) - np.searchsorted(labels[order], labels[order])
    return indices[np.lexsort((labels, turn))[:IMAGES]]


def label_text(target: np.ndarray, class_names: Sequence[str]) -> str:
    """Return what a label says: a class, several or none, or `cat 70 %, dog 30 %` where it is shares of them."""
    if target.ndim == 0:
        return class_names[int(target)]
    order = [index for index in np.argsort(-target, kind="stable") if target[index] >= MIN_SHARE]
    if not order:
        return distinct("none", class_names)
    whole = [target[index] > 1 - 2 * MIN_SHARE for index in order]
    if len(order) == 1 and whole[0]:
        return class_names[order[0]]
    named = [(cut(class_names[index], 10), "" if all(whole) else f" {100 * target[index]:.0f} %") for index in order]
    return ", ".join(name + share for name, share in named)


def draw(columns: Sequence[Sequence[tuple[np.ndarray, str]]], title: str, path: Path) -> None:
    """Draw columns of (image 0..255, label): the first is that of the images as they are."""
    with plt.rc_context(STYLE):
        shape, size = (len(columns[0]), len(columns)), (2.1 * len(columns), 2.35 * len(columns[0]) + 0.8)
        figure, axes = plt.subplots(*shape, figsize=size, layout="constrained", squeeze=False)
        for ax in axes.flat:
            ax.axis("off")
        for number, column in enumerate(columns):
            for row, (image, label) in enumerate(column):
                ax = axes[row, number]
                ax.imshow(np.rint(image).astype(np.uint8))
                ax.set_title(cut(label, 30), fontsize=9, color="black" if number == 0 else GREY)
            heading = "as it is" if number == 0 else f"view {number}"
            axes[0, number].set_title(f"{heading}\n{cut(column[0][1], 30)}", fontsize=9)
        figure.suptitle(title, fontsize=11, wrap=True)
        save(figure, path)
