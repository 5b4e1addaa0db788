"""Who is told of a training's epochs beside the screen: event files of TensorBoard, a callback of the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from data import own_code
from errors import UserError
from study.fit.event_files import EventFiles
from study.fit.progress import EpochLines, Row
from study.settings.run import CALLBACK, RunSettings


def own_callback(path: str) -> keras.callbacks.Callback:
    """Make the callback that the user names. Raise UserError where that is none."""
    try:
        made = own_code.load(path, *CALLBACK)()
    except UserError:
        raise
    except Exception as error:  # whatever the user's code raises
        raise UserError(f"`callback` {path} cannot be made: {own_code.one_line(error)}.") from error
    if not isinstance(made, keras.callbacks.Callback):
        raise UserError(
            f"`callback` {path} must be a class of keras.callbacks.Callback, or a function that returns one. Received: "
            f"{type(made).__name__}"
        )
    return made


class Watchers(keras.callbacks.Callback):
    """Stands among a stage's callbacks, behind its `EpochLines`, and tells others of the training as one whole.

    However many stages and calls of `fit` there are, the user's callback sees one training, its epochs counted over all
    stages from 0. It is told of an epoch again that is trained again behind a checkpoint; event files have it once.
    """

    def __init__(self, events: EventFiles | None, own: keras.callbacks.Callback | None, path: str = "") -> None:
        super().__init__()
        self.events, self.own, self.path = events, own, path
        self.before: list[Row] = []  # of earlier stages
        self.lines: EpochLines | None = None
        self.begun = False

    def follow(self, before: Sequence[Row], lines: EpochLines) -> None:
        """Know the rows of the stages before, and those of the stage that begins."""
        self.before, self.lines = list(before), lines

    def on_train_begin(self, logs: Mapping | None = None) -> None:
        """Tell of the beginning, once."""
        if self.own is not None:
            self.own.set_model(self.model)
            self.own.set_params(self.params)
        if not self.begun:
            self.begun = True
            self.tell("on_train_begin", logs)

    def on_epoch_begin(self, epoch: int, logs: Mapping | None = None) -> None:
        """Tell of it."""
        self.tell("on_epoch_begin", self.lines.first_epoch - 1 + epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Mapping | None = None) -> None:
        """Tell of it."""
        self.tell("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Mapping | None = None) -> None:
        """Tell of it."""
        self.tell("on_train_batch_end", batch, logs)

    def on_epoch_end(self, epoch: int, logs: Mapping | None = None) -> None:
        """Write the epoch, and what came before it where the training goes on; tell of it by its row."""
        if self.events:
            self.events.write([*self.before, *self.lines.rows])
        row = self.lines.rows[-1]
        self.tell("on_epoch_end", row["epoch"] - 1, {name: row[name] for name in row if name != "epoch"})

    def tell(self, hook: str, *given: Any) -> None:  # noqa: ANN401
        """Call a method of the user's callback. Raise UserError, which says so, for whatever that raises."""
        if self.own is None:
            return
        try:
            getattr(self.own, hook)(*given)
        except Exception as error:
            raise UserError(f"`callback` {self.path} failed in {hook}: {own_code.one_line(error)}.") from error


@contextmanager
def watching(settings: RunSettings) -> Iterator[Watchers | None]:
    """Give what is told of a training, if anything is; the end of the block is the end of the training."""
    if not settings.tensorboard and not settings.callback:
        yield None
        return
    events = EventFiles(Path(settings.tensorboard)) if settings.tensorboard else None
    watchers = Watchers(events, own_callback(settings.callback) if settings.callback else None, settings.callback or "")
    try:
        yield watchers
        watchers.tell("on_train_end", None)
    finally:
        if events:
            events.close()
