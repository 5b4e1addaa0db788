"""Checkpoints of a stage: a callback that writes them while it trains, and that lets it go on from one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np

from data.augment.draws import Draws
from errors import UserError
from study.checkpoint.files import Checkpoint
from study.checkpoint.keeper import Keeper
from study.fit import state
from study.fit.outcome import Outcome
from study.runtime import by_backend
from study.settings.stages import ResolutionPhase

COPIES = 5  # of the weights in a checkpoint, about: begun with, now, best, two averages of the optimiser


@dataclass(frozen=True)
class Standing:
    """Where a stage stands: the number of its phase, the epoch from 0, and the iterations done of that epoch."""

    phase: int = 0
    epoch: int = 0
    iteration: int = 0


class Saver(keras.callbacks.Callback):
    """The last of a stage's callbacks.

    Args:
        keeper: says when to write, and has the checkpoint to go on from.
        earlier: what the stages before did.
        whole: the variables that the stage began with, of the whole classifier.
        precision: that was chosen for the stage, as plain values.
        per_epoch: iterations of an epoch.
    """

    def __init__(
        self,
        keeper: Keeper,
        earlier: Sequence[Outcome],
        whole: Sequence[np.ndarray],
        precision: Mapping[str, Any],
        per_epoch: int,
    ) -> None:
        super().__init__()
        self.keeper, self.whole, self.per_epoch = keeper, list(whole), per_epoch
        self.fixed = {"outcomes": [asdict(outcome) for outcome in earlier], "precision": dict(precision)}
        self.going_on, keeper.resumed = keeper.resumed, None
        self.standing = Standing(**self.going_on.state["standing"]) if self.going_on else Standing()
        self.others: list[keras.callbacks.Callback] = []  # whose memory is part of the state
        self.only_rest = False  # `fit` is to end with the epoch

    def enter(self, number: int, phase: ResolutionPhase) -> tuple[int, np.ndarray | None]:
        """Begin a phase or go on with it; return its iterations so far, and the state of the random numbers there."""
        if number != self.standing.phase:
            self.standing = Standing(number, phase.first)
        self.phase = phase
        drawn = self.going_on.arrays["augmentation"] if self.going_on else []
        self.only_rest = self.standing.iteration > 0
        return self.done, (drawn[0] if drawn else None)

    @property
    def done(self) -> int:
        """Return the iterations that the phase has done."""
        return (self.standing.epoch - self.phase.first) * self.per_epoch + self.standing.iteration

    def follow(self, draws: Draws, form: Any, others: Sequence[keras.callbacks.Callback]) -> None:  # noqa: ANN401
        """Know the random numbers behind each batch, the form of batches, and the other callbacks of a phase."""
        self.draws, self.form, self.others = draws, form, list(others)

    def on_train_begin(self, logs: Mapping | None = None) -> None:
        """Give network, optimiser and callbacks what they were, which Keras has just made the latter forget."""
        if self.going_on:
            state.give_back(self.model, self.others, self.going_on.arrays)
            state.remind(self.others, self.going_on.state["callbacks"])
            state.set_random_state(self.going_on.state["random"])
        self.nbytes = COPIES * 4 * sum(int(np.prod(variable.shape)) for variable in self.model.variables)

    def on_epoch_begin(self, epoch: int, logs: Mapping | None = None) -> None:
        """Let an epoch that was begun go on with its sums, which Keras has just set to zero."""
        if self.going_on:
            state.give_back_sums(self.model, self.form, self.going_on.arrays["metrics"])
            self.going_on = None

    def on_train_batch_end(self, batch: int, logs: Mapping | None = None) -> None:
        """Write a checkpoint where the epoch is long, or a signal came; behind its last iteration the epoch does."""
        self.standing = Standing(self.standing.phase, self.standing.epoch, self.standing.iteration + 1)
        if self.standing.iteration < self.per_epoch and self.keeper.due(self.nbytes, within_epoch=True):
            self.save()

    def on_epoch_end(self, epoch: int, logs: Mapping | None = None) -> None:
        """Write a checkpoint, if it is time; behind the last epoch of a phase `leave` does."""
        self.standing, ending = Standing(self.standing.phase, epoch + 1), self.keeper.ending
        if epoch + 1 == self.phase.end or (self.model.stop_training and not ending):
            return
        if self.only_rest and not ending:
            # The end of `fit` changes the weights: what comes now begins here, in another call.
            self.going_on, self.model.stop_training = self.gather(), True
        if self.keeper.due(self.nbytes, within_epoch=False):
            self.save()

    def end_here(self, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        """Give a model the weights of the best epoch so far, and callbacks what they remember of all of them.

        Raises:
            UserError: no epoch was judged that could be the best one.
        """
        arrays, memory = self.going_on.arrays, self.going_on.state["callbacks"]
        best = memory.get("EarlyStopping", {}).get("best")
        if not arrays["best"] or best is None or not math.isfinite(best):
            raise UserError(
                "--finish: no epoch of the stage under way, at the full size of the images, was judged by the "
                "validation split yet, so there is none to end with. Leave --finish out to go on."
            )
        model.set_weights(arrays["best"])
        state.remind(callbacks, memory)

    def goes_on(self) -> bool:
        """Say whether the phase goes on behind the rest of an epoch, which was trained by itself."""
        self.only_rest = False
        return self.going_on is not None

    def leave(self) -> None:
        """Write a checkpoint between this phase and the next, if it is time; not where a limit ended it before."""
        if self.keeper.ending and self.standing.epoch < self.phase.end:
            return
        self.standing = Standing(self.standing.phase + 1, self.phase.end)
        if self.keeper.due(self.nbytes, within_epoch=False):
            self.save(between=True)

    def save(self, between: bool = False) -> None:
        """Write a checkpoint; `between` two phases. Raises Stopped where a signal asked for it."""
        self.keeper.write(lambda: self.gather(between))
        self.keeper.stop_if_asked()

    def gather(self, between: bool = False) -> Checkpoint:
        """Return all that decides how the stage goes on from this moment."""
        by_backend.share_weights(self.model)
        values = {
            **self.fixed,
            "standing": asdict(self.standing),
            "callbacks": state.memory_of(self.others, between),
            "random": state.random_state(),
        }
        arrays = state.gather(self.model, self.others, within_epoch=self.standing.iteration > 0)
        drawn = [] if between else self.draws.after(self.done)
        return Checkpoint(values, arrays | {"whole": self.whole, "augmentation": drawn})
