"""The epochs of one stage: calls of Keras' `fit`, one for each phase, and what is kept of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

import keras

from data.batches import Examples, iterations
from study.fit import auxiliary
from study.fit.callbacks import callbacks_of, early_stopping
from study.fit.divergence import Divergence
from study.fit.objective import compile_model
from study.fit.outcome import Outcome
from study.fit.progress import EpochLines
from study.fit.saver import Saver
from study.fit.targets import PhaseSource, form_of, judged, phase_batches
from study.fit.time_limit import TimeLimit
from study.fit.watchers import Watchers
from study.runtime import console
from study.settings.resolve import largest_size
from study.settings.stages import ResolutionPhase, Stage, phases
from study.settings.train import TrainSettings
from study.tasks.classify import EVAL_BATCH

if TYPE_CHECKING:
    from study.fit.targets import Batches


def run_epochs(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None,
    earlier: Sequence[Outcome],
    saver: Saver | None = None,
    watchers: Watchers | None = None,
    limit: TimeLimit | None = None,
) -> Outcome:
    """Train this very model for one stage, and leave it with the weights of the best validation loss.

    Of a stage in phases, only the last one is judged: another size, another loss. `saver`: of checkpoints. `watchers`:
    are told of every epoch. `limit`: of time; where it ends a phase before, one epoch of the last one follows.
    """
    per_epoch = iterations(len(examples.indices["train"]), stage.batch_size)
    compile_model(model, stage, settings, stage.epochs * per_epoch)
    val_batches = judged(examples, "val", EVAL_BATCH, model, ignores=settings.task.ignores)
    before = None
    if stage.name == "finetune":
        with console.bar("compiling, to evaluate the head alone on the validation split", 1):
            before = model.get_weights(), crossentropy_of(model, val_batches)
    first_weights = model.get_weights() if settings.optimization.keep_diverged else None
    divergence = Divergence(stage, settings.regularization.class_weight)
    first_epoch = 1 + sum(len(outcome.history) for outcome in earlier)
    lines = EpochLines(stage, per_epoch, first_epoch, settings.run.verbose)
    if watchers:
        watchers.follow([row for outcome in earlier for row in outcome.history], lines)
    callbacks = callbacks_of(model, settings, lines, divergence, watchers)
    stopping, by_clock = early_stopping(stage, settings), [limit] if limit else []
    if limit:
        limit.follow(phases_of(stage, settings), lines)
    for source in sources(model, stage, examples, settings, class_weight, saver, limit):
        phase = source.phase
        lines.size = phase.size
        told = [*callbacks, *([stopping] if phase.last else []), *by_clock]
        if settings.run.finish:
            saver.end_here(model, told)
            break
        # What an epoch beyond the planned ones leads to is no place to go on from.
        run_phase(source, told, val_batches, lines, None if limit and limit.over else saver)
        if divergence.broken:
            break
    ended = why_ended(len(lines.rows), stage, stopping, settings.run.finish, limit)
    ended = divergence.check(settings.optimization.keep_diverged, ended)
    kept_before = earlier[-1].kept_epoch if earlier else 0
    judged_rows = lines.rows[phase.first :] if phase.last else []
    if divergence.broken and not any(math.isfinite(row["val_loss"]) for row in judged_rows):
        model.set_weights(first_weights)
        return Outcome(lines.rows, kept_before, f"{ended}; the weights of its start were kept")
    if before and before[1] <= stopping.best:
        model.set_weights(before[0])
        return Outcome(lines.rows, kept_before, f"{ended}; it never improved on the head alone, which was kept")
    return Outcome(lines.rows, first_epoch + stopping.best_epoch, ended)


def why_ended(
    epochs: int,
    stage: Stage,
    stopping: keras.callbacks.EarlyStopping,
    asked: bool = False,
    limit: TimeLimit | None = None,
) -> str:
    """Say why a stage ended after so many epochs; `asked`: because it was asked to."""
    if asked:
        return f"--finish ended it after epoch {epochs} of {stage.epochs}"
    if limit and limit.over:
        return f"the time limit of {limit.text} ended it after epoch {epochs} of {stage.epochs}"
    if epochs == stage.epochs:
        return f"the last of {stage.epochs} epochs was reached"
    if stopping.wait >= stopping.patience:
        return f"validation loss had not improved for {stopping.patience} epochs"
    return f"a callback ended it after epoch {epochs} of {stage.epochs}"


def phases_of(stage: Stage, settings: TrainSettings) -> list[ResolutionPhase]:
    """Return the phases of a stage that trains a network."""
    return phases(stage.epochs, settings.optimization.progressive, largest_size(settings))


def sources(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None,
    saver: Saver | None,
    limit: TimeLimit | None,
) -> Iterator[PhaseSource]:
    """Yield what each phase of a stage learns from, but for those that a training that goes on had behind it.

    Where the time is over, one epoch of the last phase is left.
    """
    for number, phase in enumerate(phases_of(stage, settings)):
        over = bool(limit and limit.over)
        if (saver and number < saver.standing.phase) or (over and not phase.last):
            continue
        if over:
            phase = limit.last_of(phase)
        if number:  # graphs for any size would be slower than those for this one
            model.make_train_function(force=True)
            model.make_test_function(force=True)
        yield PhaseSource(model, stage, examples, settings, class_weight, phase, number)


def run_phase(
    source: PhaseSource,
    callbacks: Sequence[keras.callbacks.Callback],
    val_batches: Batches,
    lines: EpochLines,
    saver: Saver | None,
) -> None:
    """Train the epochs of a phase, or those that are left of it: the rest of an epoch first, by itself."""
    model, phase = source.model, source.phase
    per_epoch = iterations(len(source.examples.indices["train"]), source.stage.batch_size)
    while True:
        done, drawn = saver.enter(source.number, phase) if saver else (0, None)
        # One iterator for all epochs: to begin anew takes 0.1 s or more, of the 1.2 s of an epoch on the drawings.
        training, validation, draws = phase_batches(source, done, drawn)
        if saver:
            saver.follow(draws, form_of(training, source), callbacks)
        with closing(lines), saver.keeper.watching() if saver else nullcontext():
            model.fit(
                training,
                steps_per_epoch=per_epoch - done % per_epoch,
                validation_data=val_batches if phase.last else validation,
                initial_epoch=phase.first + done // per_epoch,
                epochs=phase.end,
                callbacks=[*callbacks, saver] if saver else callbacks,
                shuffle=False,  # the batches come shuffled
                verbose=0,
            )
            if saver and not saver.goes_on() and not phase.last:
                saver.leave()
        if not (saver and saver.goes_on()):
            return


def crossentropy_of(model: keras.Model, batches: Batches) -> float:
    """Return the mean cross-entropy of a compiled model over batches."""
    return auxiliary.with_plain_names(model.evaluate(batches, verbose=0, return_dict=True))["crossentropy"]
