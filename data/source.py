"""What a data set is made of, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.split import DEFAULT_RATIO


@dataclass(frozen=True)
class Source:
    """What a data set is made of.

    Args:
        root: folder with one sub-folder of images a class; None: the drawings.
        image_size: side of the images in pixels.
        resize: how an image becomes square, one of `image.RESIZE_RULES`.
        split: shares of train, validation and test.
        seed: of the split.
        split_file: `split.csv` of an earlier run, whose assignments are kept.
        labels: label file, which renames, merges or leaves out classes.
        label: of the drawings, what to learn: "class" or another annotation.
        exclude: `check.csv` with a filled drop column.
        least_classes: how many there must be.
        reads_masks: whether there is a mask for every image.
        background: whether the background of a mask is a class of its own.
        masks: their folder; None: those of the drawings.
        mask_values: what a value of a mask means, one of `masks.VALUES`.
        auxiliary: "none", "mask", an annotation of the drawings, or a CSV file with a second label of some images.
    """

    root: Path | None
    image_size: int
    resize: str = "crop"
    split: tuple[int, int, int] = DEFAULT_RATIO
    seed: int = 0
    split_file: str | None = None
    labels: str | None = None
    label: str = "class"
    exclude: str | None = None
    least_classes: int = 2
    reads_masks: bool = False
    background: bool = False
    masks: str | None = None
    mask_values: str = "own"
    auxiliary: str = "none"
