"""The figures of each epoch as event files, which TensorBoard shows: `train` and `validation` below one folder."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from errors import UserError
from study.runtime import hardware, output

INSTALL = "python -m pip install -r requirements-tensorboard.txt"
FOLDERS = ("train", "validation")
PATTERN = "events.out.tfevents.*"
VALIDATION = "val_"  # how the names of its figures begin
NO_FIGURES = ("epoch", "stage", "image_size", "seconds")


def check(folder: str, goes_on: bool) -> None:
    """Raise UserError where TensorBoard is missing, or the folder holds another training's or can't be written to."""
    if not hardware.is_installed("tensorboard"):
        raise UserError(f"--tensorboard needs TensorBoard: {INSTALL}, or leave it out.")
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise UserError(f"--tensorboard {folder} is a file. Give a new folder.")
    if not goes_on and any(next((place / name).glob(PATTERN), None) for name in FOLDERS):
        raise UserError(f"--tensorboard {folder} holds the events of another training. Give a new folder.")
    output.check_writable(place, "--tensorboard", make=False)


class EventFiles:
    """Writes the rows of epochs; one that is in the folder already is not written again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.there = folder, {name: steps_in(folder / name) for name in FOLDERS}
        self.writers: dict[str, Any] = {}

    def write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write those rows that are not there yet; the step is the epoch, counted over all stages."""
        for row in rows:
            figures = {name: value for name, value in row.items() if name not in NO_FIGURES}
            val = {
                name.removeprefix(VALIDATION): figures.pop(name)
                for name in list(figures)
                if name.startswith(VALIDATION)
            }
            for name, values in zip(FOLDERS, (figures, val), strict=True):
                if row["epoch"] not in self.there[name]:
                    self._add(name, values, row["epoch"])
                    self.there[name].add(row["epoch"])
        for writer in self.writers.values():
            writer.flush()

    def close(self) -> None:
        """Write what is left, and close the files."""
        for writer in self.writers.values():
            writer.close()

    def _add(self, name: str, values: Mapping[str, float], step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        if name not in self.writers:
            self.writers[name] = EventFileWriter(str(self.folder / name))
        for tag, value in values.items():
            summary = scalar_pb(f"epoch_{tag}", float(value))  # the tags of Keras' own callback
            self.writers[name].add_event(Event(wall_time=time.time(), step=step, summary=summary))


def steps_in(folder: Path) -> set[int]:
    """Return the epochs that event files in a folder have: of a training that goes on, those before it was stopped."""
    if not any(folder.glob(PATTERN)):
        return set()
    from tensorboard.backend.event_processing.event_accumulator import TENSORS, EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={TENSORS: 0})
    with contextlib.suppress(Exception):  # a file that a killed process left cut: what is before that counts
        events.Reload()
    return {event.step for tag in events.Tags()[TENSORS] for event in events.Tensors(tag)}
