"""What a data set is made of, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.names import labels_of
from data.split import DEFAULT_RATIO, SplitEntry, assign
from data.squares import Size, sides_of

if TYPE_CHECKING:
    from data.crop import Box
    from data.pixels import LoadedImages
    from data.store.store import Store

Assign = Callable[..., list[SplitEntry]]
Progress = Callable[[str, int], AbstractContextManager[Callable[[], None]]]  # (label, steps) -> a bar, to be moved on
Note = Callable[[str], None]  # takes a line for the user


@dataclass(frozen=True)
class Source:
    """What a data set is made of.

    Args:
        root: folder with one sub-folder of images a class, or a table as `data.table` reads it; None: the drawings.
        image_size: side of the images in pixels; several, the largest first, where a network takes them so.
        resize: how an image becomes square, one of `resize.RESIZE_RULES`.
        split: shares of train, validation and test.
        seed: of the split.
        split_file: `split.csv` of an earlier run, whose assignments are kept.
        labels: label file, which renames, merges or leaves out classes.
        label: of the drawings, what to learn: "class" or another annotation.
        group: what belongs together: "folder", "none", or a regular expression on file names; None: nothing is said.
        exclude: `check.csv` with a filled drop column.
        fixes: table of images to keep, relabel or leave out.
        min_classes: how many there must be.
        reads_masks: whether there is a mask for every image.
        background: whether the background of a mask is a class of its own.
        masks: their folder; None: those of the drawings.
        mask_values: what a value of a mask means, as `mask_values.parse` takes it.
        several_labels: whether an image may have several labels, or none; `split.csv` has them as `cat|spotted`.
        divided: whether it is learned and judged by the three splits; else, as by cross-validation, two images of a
            class are enough, and no split needs one of each.
        assign: divides images among train, validation and test, as `split.assign` does.
        boxes: tells which box each image is cut to, by its name, and the user what of that is missing; None: all images
            are taken whole. Duplicates and splits go by whole images.
        value_range: which values are black and white in files that do not state it; None: as all their values say.
        auxiliary: "none", "mask", an annotation of the drawings, or a CSV file with a second label of some images.
    """

    root: Path | None
    image_size: Size
    resize: str = "crop"
    split: tuple[int, int, int] = DEFAULT_RATIO
    seed: int = 0
    split_file: str | None = None
    labels: str | None = None
    label: str = "class"
    group: str | None = None
    exclude: str | None = None
    fixes: str | None = None
    min_classes: int = 2
    reads_masks: bool = False
    background: bool = False
    masks: str | None = None
    mask_values: str = "own"
    several_labels: bool = False
    divided: bool = True
    assign: Assign = assign
    auxiliary: str = "none"
    value_range: tuple[float, float] | None = None
    boxes: Callable[[LoadedImages, Path, Store, Progress, Note], Mapping[str, Box]] | None = None

    @property
    def sides(self) -> tuple[int, ...]:
        """Return the sizes of the images, the largest first."""
        return sides_of(self.image_size)

    def classes_of(self, label: str) -> tuple[str, ...]:
        """Return the classes of an image whose label stands so in `split.csv`."""
        return labels_of(label, self.several_labels)
