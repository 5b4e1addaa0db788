"""From the settings of a training to its data set and its store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from data.boxes import from_table
from data.dataset import Dataset, load
from data.source import Source
from data.store.store import Store, open_store
from study import tasks
from study.settings.resolve import seed_of_split, size_of
from study.settings.train import with_flags

if TYPE_CHECKING:
    from data.crop import Box
    from study.settings.commands import CheckSettings
    from study.settings.data import DataSettings
    from study.settings.train import TrainSettings


def source_of(settings: TrainSettings, divided: bool = True) -> Source:
    """Return what the data set of a training is made of; its image size is settled.

    `divided`: whether it goes by the three splits.
    """
    task = tasks.get(settings.task.name)
    return Source(
        root=Path(settings.data.folder) if settings.data.folder is not None else None,
        image_size=size_of(settings),
        resize=settings.data.resize,
        split=settings.data.split,
        seed=seed_of_split(settings.data),
        split_file=settings.data.split_file,
        labels=settings.data.labels,
        label=settings.data.label,
        group=settings.data.group,
        exclude=settings.data.exclude,
        fixes=settings.data.fixes,
        min_classes=task.MIN_CLASSES,
        reads_masks=task.PER_PIXEL or settings.task.auxiliary == "mask",
        background=task.PER_PIXEL,
        masks=settings.task.masks,
        mask_values=settings.task.mask_values,
        several_labels=task.SEVERAL_LABELS,
        divided=divided,
        assign=task.assign,
        auxiliary=settings.task.auxiliary,
        value_range=settings.data.value_range,
        boxes=boxes_of(settings),
    )


def boxes_of(settings: TrainSettings) -> Callable[..., Mapping[str, Box]] | None:
    """Return what tells the boxes that images are cut to; None where they are taken whole.

    Raises:
        UserError: what is to find them is no run that can.
    """
    if settings.data.crop_to == "box":
        return partial(from_table, Path(settings.data.boxes))
    if settings.data.crop_to == "mask":
        from study.saved import finder

        return finder.Finder(finder.opened(settings.data.finder, settings.run.runs)).boxes_by_name
    return None


def store_of(settings: DataSettings | CheckSettings) -> Store:
    """Return the store that the settings ask for; one that is off keeps nothing."""
    return open_store(settings.store == "on", settings.store_limit)


def load_dataset(
    settings: TrainSettings,
    store: Store | None = None,
    check_cancelled: Callable[[], None] = lambda: None,
    divided: bool = True,
) -> Dataset:
    """Read the data set of a training behind progress bars, and print what the user should know of it.

    `check_cancelled` is called again and again; an exception from it ends the work. `divided`: whether the training
    goes by the three splits.

    Raises:
        UserError: what `data.dataset.load` raises.
    """
    from study.runtime import console

    def note(text: str) -> None:
        console.print(with_flags(text))

    return load(source_of(settings, divided), store or store_of(settings.data), console.bar, note, check_cancelled)
