"""Train a classifier: one stage is one call of Keras' `fit`, a learning type is one or two stages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import keras

from data.batches import Examples, eval_batches, iterations
from models.parts.head import unfreeze
from study.fit import auxiliary
from study.fit.auxiliary import AuxiliaryTraining
from study.fit.divergence import Divergence, loss_of_head
from study.fit.estimate import minutes_at
from study.fit.objective import compile_model, steps_at_once
from study.fit.progress import EpochLines, summary_of
from study.fit.schedules import reduce_on_plateau
from study.fit.targets import first_batch, keras_batches, phase_batches
from study.fit.training_copy import PrecisionChoice, choose_precision, training_copy
from study.runtime import console
from study.runtime.backend import user_errors
from study.settings.stages import Stage, phases
from study.settings.train import TrainSettings
from study.tasks.classify import EVAL_BATCH

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class Outcome:
    """What a stage did: a history row an epoch, which epoch's weights were kept, why it ended, in what precision."""

    history: list[dict[str, float | int | str]]
    kept_epoch: int
    ended: str
    precision: PrecisionChoice | None = None


def run_stage(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
    earlier: Sequence[Outcome] = (),
) -> Outcome:
    """Train `model` for one stage; its weights are then those of the best validation loss, the start included.

    A copy of it learns and judges itself, in the precision that is faster here. The head, on stored features, has
    nothing to gain from that. `earlier`: what the stages before did.
    """
    if stage.name == "head":
        outcome = run_epochs(model, stage, examples, settings, class_weight, earlier)
        console.print(summary_of(outcome.history, outcome.kept_epoch))
        model.compiled = False  # else a saved classifier would name our losses and schedules, and not load without them
        return outcome
    choice = precision_for(model, stage, examples, settings)
    console.print(choice.sentence)
    if choice.images_per_second:
        if settings.run.verbose:
            console.print(f"precision of training: {choice.reason}")
        minutes = minutes_at(
            choice.images_per_second[choice.precision], stage, settings, len(examples.indices["train"])
        )
        console.print(
            f"training: about {minutes:.0f} minutes on this machine" if minutes >= 1 else "training: under a minute"
        )
    copy = training_copy(model, choice.precision, any_size=bool(settings.optimization.progressive))
    outcome = run_epochs(copy, stage, examples, settings, class_weight, earlier)
    model.set_weights(copy.get_weights())
    return replace(outcome, precision=choice)


def precision_for(model: keras.Model, stage: Stage, examples: Examples, settings: TrainSettings) -> PrecisionChoice:
    """Return the precision in which a stage trains, tried on its first images where that is asked for."""
    indices = examples.indices["train"]
    steps = iterations(len(indices), stage.batch_size) * stage.epochs
    pixels, labels = first_batch(model, stage, examples)
    return choose_precision(
        model, lambda copy: compile_model(copy, stage, settings, steps), pixels, labels, settings.run.precision, steps
    )


def run_epochs(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None,
    earlier: Sequence[Outcome],
) -> Outcome:
    """Train this very model for one stage, and leave it with the weights of the best validation loss.

    Of a stage in phases, only the last one is judged: another size, another loss.
    """
    first_epoch = 1 + sum(len(outcome.history) for outcome in earlier)
    per_epoch = iterations(len(examples.indices["train"]), stage.batch_size)
    compile_model(model, stage, settings, stage.epochs * per_epoch)
    val_batches = keras_batches(eval_batches(examples, "val", EVAL_BATCH), model, ignores=settings.task.ignores)
    before = None
    if stage.name == "finetune":
        with console.bar("compiling, to evaluate the head alone on the validation split", 1):
            before = model.get_weights(), crossentropy_of(model, val_batches)
    first_weights = model.get_weights() if settings.optimization.keep_diverged else None
    is_head = stage.name == "head"
    divergence = Divergence(stage, loss_of_head(model, examples, class_weight) if is_head else None)
    lines = EpochLines(stage, iterations(per_epoch, steps_at_once(stage)), first_epoch, settings.run.verbose)
    stopping = keras.callbacks.EarlyStopping(
        "val_crossentropy",
        mode="min",
        patience=settings.regularization.patience or stage.epochs,
        restore_best_weights=True,
    )
    # Before all others, so that they see the averaged weights and what those are worth. A phase goes on from the
    # average of the one before. Statistics of normalisation are averages already.
    averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if settings.optimization.ema else []
    renaming = [auxiliary.PlainNames()] if auxiliary.has_auxiliary_head(model) else []
    callbacks = [
        *averaging,
        *renaming,
        lines,
        divergence,
        *reduce_on_plateau(settings.optimization.schedule, settings.regularization.patience),
    ]
    sizes = () if stage.name == "head" else settings.optimization.progressive
    for number, phase in enumerate(phases(stage.epochs, sizes, settings.data.image_size or 0)):
        training, validation = phase_batches(model, stage, examples, settings, class_weight, phase, number)
        lines.size = phase.size
        if number:  # graphs for any size would be slower than those for this one
            model.make_train_function(force=True)
            model.make_test_function(force=True)
        # One iterator for all epochs: to begin anew takes 0.1 s or more, of the 1.2 s of an epoch on the drawings. A
        # head's calls of several iterations need the end of the data, or the last would go beyond it.
        endless = steps_at_once(stage) == 1
        with closing(lines):
            model.fit(
                training.repeat() if endless else training,
                steps_per_epoch=per_epoch if endless else None,
                validation_data=val_batches if phase.last else validation,
                initial_epoch=phase.first,
                epochs=phase.end,
                callbacks=[*callbacks, stopping] if phase.last else callbacks,
                shuffle=False,  # the batches come shuffled
                verbose=0,
            )
        if divergence.broken:
            break
    ended = (
        f"validation loss had not improved for {settings.regularization.patience} epochs"
        if len(lines.rows) < stage.epochs
        else f"the last of {stage.epochs} epochs was reached"
    )
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


def crossentropy_of(model: keras.Model, batches: tf.data.Dataset) -> float:
    """Return the mean cross-entropy of a compiled model over batches."""
    return auxiliary.with_plain_names(model.evaluate(batches, verbose=0, return_dict=True))["crossentropy"]


def fit(
    classifier: keras.Model,
    pixels: Examples,
    features: Examples | None,
    stages: Iterable[Stage],
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
    auxiliary_training: AuxiliaryTraining | None = None,
) -> list[Outcome]:
    """Train through all stages: the head on features, the whole classifier on pixels, with a second head if any."""
    _, backbone, head = classifier.layers
    outcomes: list[Outcome] = []
    for stage in stages:
        if stage.name == "finetune":
            unfreeze(backbone)
        model_and_examples = (
            (auxiliary_training.model, auxiliary_training.examples) if auxiliary_training else (classifier, pixels)
        )
        model, examples = (head, features) if stage.name == "head" else model_and_examples
        with user_errors():
            outcomes.append(run_stage(model, stage, examples, settings, class_weight, outcomes))
    return outcomes
