"""Which images, with which labels, and how they are divided and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data.groups import parse_group
from data.resize import RESIZE_RULES
from data.split import parse_ratio
from study.settings.declare import Settings, setting
from study.settings.parsers import LARGEST_SIZE, SMALLEST_SIZE, parse_range


def store_switch() -> Any:  # noqa: ANN401
    """Declare `--store`, the same for every command that computes what can be kept."""
    help = "on: keep pixels and features for later runs; off: stream the images"
    return setting("on", help, group="data", choices=("on", "off"))


def store_limit() -> Any:  # noqa: ANN401
    """Declare `--store-limit`."""
    help = "gigabytes that the store may take; what was not used for longest goes first"
    return setting(10.0, help, group="data", kind=float, low=0.01, high=100_000, requires=("store", ("on",)))


def value_range() -> Any:  # noqa: ANN401
    """Declare `--range`."""
    help = (
        "values shown as black and white in images that do not state it: 16-bit grey, 32-bit, floating-point (default: "
        "from the values of all of them); a negative LOW needs =, as in --range=-1000:3000"
    )
    return setting(None, help, name="range", group="data", kind=parse_range, metavar="LOW:HIGH", varied=False)


def split_ratio() -> Any:  # noqa: ANN401
    """Declare `--split`."""
    return setting(
        (8, 1, 1), "train:val:test", group="data", kind=parse_ratio, metavar="A:B:C", basic=True, varied=False
    )


def split_file() -> Any:  # noqa: ANN401
    """Declare `--split-file`."""
    help = "split.csv of an earlier run; its assignments are kept"
    return setting(None, help, group="data", path=True, varied=False)


def data_now(when: str = "") -> Any:  # noqa: ANN401
    """Declare `--data` of a command for a finished run; `when` says when it counts."""
    help = "folder that holds the run's images now, under their names or others (default: where the run found them)"
    return setting(None, f"{when}{help}", metavar="DIR")


def label_file() -> Any:  # noqa: ANN401
    """Declare `--labels`."""
    help = (
        "CSV file folder,class: renames, merges, leaves out classes; a row left<->right pairs labels that a flip swaps"
    )
    return setting(None, help, group="data", path=True, varied=False)


def exclusion() -> Any:  # noqa: ANN401
    """Declare `--exclude`."""
    help = "check.csv with a filled drop column: those images are left out"
    return setting(None, help, group="data", path=True, varied=False)


def repair() -> Any:  # noqa: ANN401
    """Declare `--fixes`."""
    help = "CSV file path,action,label as check.html saves it: images to keep, relabel or leave out"
    return setting(None, help, group="data", path=True, varied=False)


def label_task() -> Any:  # noqa: ANN401
    """Declare `--task` of a command that learns nothing."""
    choices = ("classify", "multilabel")
    return setting("classify", "multilabel: an image may have several labels", group="data", choices=choices)


def grouping() -> Any:  # noqa: ANN401
    """Declare `--group`."""
    help = (
        "images that belong together stay in one split; folder: those of a folder below the class (a patient, a clip); "
        "a regular expression: those in whose file names it, or its first group, matches the same text; none: no such "
        "images"
    )
    return setting(None, help, group="data", kind=parse_group, metavar="folder|PATTERN|none", varied=False)


@dataclass(frozen=True)
class DataSettings(Settings):
    """Which images, with which labels, and how they are divided and kept."""

    folder: str | None = setting(
        None,
        "folder with one sub-folder of images a class, or a table path,label; without it, animals drawn by code",
        group="data",
        name="data",
        basic=True,
        path=True,
        varied=False,
    )
    split: tuple[int, int, int] = split_ratio()
    split_file: str | None = split_file()
    group: str | None = grouping()
    labels: str | None = label_file()
    label: str = setting(
        "class", "of the drawings: what to learn", group="data", choices=("class", "facing", "coat"), varied=False
    )
    exclude: str | None = exclusion()
    fixes: str | None = repair()
    seed: int = setting(
        0,
        "seed of the split, the initial weights and the shuffling",
        group="data",
        kind=int,
        low=0,
        high=2**32 - 1,
        basic=True,
    )
    split_seed: int | None = setting(
        None,
        "seed of the split alone (default: that of --seed); train/val/test folders of your own need none",
        group="data",
        kind=int,
        low=0,
        high=2**32 - 1,
        varied=False,
    )
    image_size: int | None = setting(
        None,
        "side of the input in pixels (default: the model's)",
        group="data",
        kind=int,
        low=SMALLEST_SIZE,
        high=LARGEST_SIZE,
        basic=True,
        with_weights="brought",
    )
    resize: str = setting(
        "crop", "how an image becomes square", group="data", choices=RESIZE_RULES, with_weights="brought"
    )
    crop_to: str = setting(
        "none",
        "cut each image to the animal before it is resized, in training and in prediction; mask: where --finder finds "
        "it; box: where --boxes says it is",
        group="data",
        choices=("none", "mask", "box"),
        inspected=False,
    )
    finder: str | None = setting(
        None,
        "with --crop-to mask: a run of train --task segment, by its folder or name; it becomes a part of this run",
        group="data",
        metavar="RUN",
        path=True,
        given=True,
        requires=("crop_to", ("mask",)),
        unused_under=("crop_to", lambda crop_to: crop_to != "mask"),
        inspected=False,
    )
    boxes: str | None = setting(
        None,
        "with --crop-to box: CSV file path,left,top,right,bottom in pixels, a box for each image",
        group="data",
        metavar="FILE",
        path=True,
        requires=("crop_to", ("box",)),
        unused_under=("crop_to", lambda crop_to: crop_to != "box"),
        inspected=False,
        varied=False,
    )
    value_range: tuple[float, float] | None = value_range()
    store: str = store_switch()
    store_limit: float = store_limit()
