"""Train a classifier: one stage is one call of Keras' `fit`, a learning type is one or two stages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import keras
import numpy as np

from data.batches import Examples, iterations
from models.parts.head import unfreeze
from study.checkpoint.files import Checkpoint
from study.checkpoint.keeper import Keeper
from study.fit import auxiliary
from study.fit.auxiliary import AuxiliaryTraining
from study.fit.callbacks import callbacks_of, early_stopping
from study.fit.divergence import Divergence, loss_of_head
from study.fit.estimate import minutes_at
from study.fit.objective import compile_model, steps_at_once
from study.fit.outcome import Outcome
from study.fit.progress import EpochLines, summary_of
from study.fit.saver import Saver
from study.fit.state import assign, random_state, set_random_state
from study.fit.targets import Source, first_batch, form_of, judged, phase_batches
from study.fit.training_copy import PrecisionChoice, choose_precision, training_copy
from study.fit.watchers import Watchers
from study.runtime import by_backend, console
from study.runtime.backend import user_errors
from study.runtime.gradients import gradients_forgotten
from study.settings.resolve import largest_size
from study.settings.stages import Stage, phases
from study.settings.train import TrainSettings
from study.tasks.classify import EVAL_BATCH

if TYPE_CHECKING:
    from study.fit.targets import Batches


def run_stage(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
    earlier: Sequence[Outcome] = (),
    keeper: Keeper | None = None,
    watchers: Watchers | None = None,
) -> Outcome:
    """Train `model` for one stage; its weights are then those of the best validation loss, the start included.

    A copy of it learns and judges itself, in the precision that is faster here. The head, on stored features, has
    nothing to gain from that, and is done before a checkpoint would be worth its time.

    Args:
        model: to train.
        stage: of the learning type.
        examples: to learn from and to judge by.
        settings: of the training.
        class_weight: class -> its weight in the loss.
        earlier: what the stages before did.
        keeper: of checkpoints, where there are to be any.
        watchers: are told of every epoch.
    """
    if stage.name == "head":
        outcome = run_epochs(model, stage, examples, settings, class_weight, earlier, None, watchers)
        console.print(summary_of(outcome.history, outcome.kept_epoch))
        # Else a saved classifier would name our losses and schedules, not load without them, and hold the optimiser.
        model.compiled, model.optimizer = False, None
        return outcome
    resumed = keeper.resumed if keeper else None
    choice = precision_before(resumed) if resumed else precision_for(model, stage, examples, settings)
    console.print(choice.sentence)
    if choice.images_per_second and not resumed:
        tell_speed(choice, stage, settings, len(examples.indices["train"]))
    saver = None
    if keeper:
        per_epoch = iterations(len(examples.indices["train"]), stage.batch_size)
        saver = Saver(keeper, earlier, whole_of(model), asdict(choice), per_epoch)
    if by_backend.shard()[1] > 1:
        model.set_weights(by_backend.of_first(model.get_weights()))
    with by_backend.learning_together():
        copy = training_copy(model, choice.precision, any_size=bool(settings.optimization.progressive))
        outcome = run_epochs(copy, stage, examples, settings, class_weight, earlier, saver, watchers)
        model.set_weights(copy.get_weights())
    return replace(outcome, precision=choice)


def precision_before(resumed: Checkpoint) -> PrecisionChoice:
    """Return the precision in which a stage trained that goes on: timed anew, it might be another."""
    return PrecisionChoice(**resumed.state["precision"])


def tell_speed(choice: PrecisionChoice, stage: Stage, settings: TrainSettings, images: int) -> None:
    """Print what was tried and how long the training will take."""
    if settings.run.verbose:
        console.print(f"precision of training: {choice.reason}")
    minutes = minutes_at(choice.images_per_second[choice.precision], stage, settings, images)
    console.print(
        f"training: about {minutes:.0f} minutes on this machine" if minutes >= 1 else "training: under a minute"
    )


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
    saver: Saver | None = None,
    watchers: Watchers | None = None,
) -> Outcome:
    """Train this very model for one stage, and leave it with the weights of the best validation loss.

    Of a stage in phases, only the last one is judged: another size, another loss. `saver`: of checkpoints. `watchers`:
    are told of every epoch.
    """
    per_epoch = iterations(len(examples.indices["train"]), stage.batch_size)
    compile_model(model, stage, settings, stage.epochs * per_epoch)
    val_batches = judged(examples, "val", EVAL_BATCH, model, ignores=settings.task.ignores)
    before = None
    if stage.name == "finetune":
        with console.bar("compiling, to evaluate the head alone on the validation split", 1):
            before = model.get_weights(), crossentropy_of(model, val_batches)
    first_weights = model.get_weights() if settings.optimization.keep_diverged else None
    divergence = Divergence(stage, loss_of_head(model, examples, class_weight) if stage.name == "head" else None)
    first_epoch = 1 + sum(len(outcome.history) for outcome in earlier)
    lines = EpochLines(stage, iterations(per_epoch, steps_at_once(stage)), first_epoch, settings.run.verbose)
    if watchers:
        watchers.follow([row for outcome in earlier for row in outcome.history], lines)
    callbacks = callbacks_of(model, settings, lines, divergence, watchers)
    stopping = early_stopping(stage, settings)
    for source in sources(model, stage, examples, settings, class_weight, saver):
        phase = source.phase
        lines.size = phase.size
        run_phase(source, [*callbacks, stopping] if phase.last else callbacks, val_batches, lines, saver)
        if divergence.broken:
            break
    ended = why_ended(len(lines.rows), stage, stopping)
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


def why_ended(epochs: int, stage: Stage, stopping: keras.callbacks.EarlyStopping) -> str:
    """Say why a stage ended after so many epochs."""
    if epochs == stage.epochs:
        return f"the last of {stage.epochs} epochs was reached"
    if stopping.wait >= stopping.patience:
        return f"validation loss had not improved for {stopping.patience} epochs"
    return f"a callback ended it after epoch {epochs} of {stage.epochs}"


def sources(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None,
    saver: Saver | None,
) -> Iterator[Source]:
    """Yield what each phase of a stage learns from, but for those that a training that goes on had behind it."""
    sizes = () if stage.name == "head" else settings.optimization.progressive
    for number, phase in enumerate(phases(stage.epochs, sizes, largest_size(settings))):
        if saver and number < saver.standing.phase:
            continue
        if number:  # graphs for any size would be slower than those for this one
            model.make_train_function(force=True)
            model.make_test_function(force=True)
        yield Source(model, stage, examples, settings, class_weight, phase, number)


def run_phase(
    source: Source,
    callbacks: Sequence[keras.callbacks.Callback],
    val_batches: Batches,
    lines: EpochLines,
    saver: Saver | None,
) -> None:
    """Train the epochs of a phase, or those that are left of it: the rest of an epoch first, by itself."""
    model, phase = source.model, source.phase
    per_epoch = iterations(len(source.examples.indices["train"]), source.stage.batch_size)
    # One iterator for all epochs: to begin anew takes 0.1 s or more, of the 1.2 s of an epoch on the drawings. A head's
    # calls of several iterations need the end of the data, or the last would go beyond it.
    endless = steps_at_once(source.stage) == 1
    while True:
        done, drawn = saver.enter(source.number, phase) if saver else (0, None)
        training, validation, draws = phase_batches(source, done if endless else None, drawn)
        if saver:
            saver.follow(draws, form_of(training, source), callbacks)
        with closing(lines), saver.keeper.watching() if saver else nullcontext():
            model.fit(
                training,
                steps_per_epoch=per_epoch - done % per_epoch if endless else None,
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


def fit(
    classifier: keras.Model,
    pixels: Examples,
    features: Examples | None,
    stages: Iterable[Stage],
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
    auxiliary_training: AuxiliaryTraining | None = None,
    keeper: Keeper | None = None,
    watchers: Watchers | None = None,
) -> list[Outcome]:
    """Train through all stages: the head on features, the whole classifier on pixels, with a second head if any.

    `keeper` writes checkpoints, and may have one to go on from; stages that are done then are passed over. `watchers`
    are told of every epoch.
    """
    _, backbone, head = classifier.layers
    whole = auxiliary_training.model if auxiliary_training else classifier
    outcomes = take_up(keeper, whole) if keeper and keeper.resumed else []
    for number, stage in enumerate(stages):
        if stage.name == "finetune":
            unfreeze(backbone)
        if number < len(outcomes):
            continue
        model_and_examples = (whole, auxiliary_training.examples if auxiliary_training else pixels)
        model, examples = (head, features) if stage.name == "head" else model_and_examples
        with user_errors(), gradients_forgotten():
            outcomes.append(run_stage(model, stage, examples, settings, class_weight, outcomes, keeper, watchers))
        if keeper:
            keep_stage(keeper, whole, outcomes)
    return outcomes


def take_up(keeper: Keeper, whole: keras.Model) -> list[Outcome]:
    """Give the classifier the weights that it had where the stage under way began; return what came before."""
    resumed = keeper.resumed
    assign(whole.variables, resumed.arrays["whole"])
    set_random_state(resumed.state["random"])
    if not resumed.state["standing"]:  # between two stages, or behind the last one
        keeper.resumed = None
    return [Outcome.of(values) for values in resumed.state["outcomes"]]


def whole_of(model: keras.Model) -> list[np.ndarray]:
    """Return copies of all variables of a classifier, the seeds of its dropout too, which are saved with it."""
    return [np.array(variable) for variable in model.variables]


def keep_stage(keeper: Keeper, whole: keras.Model, outcomes: Sequence[Outcome]) -> None:
    """Write a checkpoint behind a stage, if it is time. Raises Stopped where a signal asked for it."""
    if keeper.due(sum(weight.nbytes for weight in whole.get_weights()), within_epoch=False):
        state = {"outcomes": [asdict(outcome) for outcome in outcomes], "standing": None, "random": random_state()}
        keeper.write(lambda: Checkpoint(state, {"whole": whole_of(whole)}))
        keeper.stop_if_asked()
