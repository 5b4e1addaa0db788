"""Train a classifier: a learning type is one or two stages, the head in NumPy and a network by Keras' `fit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import keras
import numpy as np

from data.batches import Examples, iterations
from models.parts.head import unfreeze
from study.checkpoint.files import Checkpoint
from study.checkpoint.keeper import Keeper
from study.fit.auxiliary import AuxiliaryTraining
from study.fit.epochs import run_epochs
from study.fit.estimate import minutes_at
from study.fit.head_stage import run_head_stage
from study.fit.objective import compile_model
from study.fit.outcome import Outcome
from study.fit.progress import summary_of
from study.fit.saver import Saver
from study.fit.state import assign, random_state, set_random_state
from study.fit.targets import first_batch
from study.fit.time_limit import TimeLimit
from study.fit.training_copy import PrecisionChoice, choose_precision, training_copy
from study.fit.watchers import Watchers
from study.runtime import by_backend, console
from study.runtime.backend import user_errors
from study.runtime.gradients import gradients_forgotten
from study.settings.parsers import seconds_of
from study.settings.stages import Stage
from study.settings.train import TrainSettings


def run_stage(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
    earlier: Sequence[Outcome] = (),
    keeper: Keeper | None = None,
    watchers: Watchers | None = None,
    limit: TimeLimit | None = None,
) -> Outcome | None:
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
        limit: of time, which may leave no room for the stage: nothing is trained and returned then.
    """
    if stage.name == "head":
        outcome = run_head_stage(model, stage, examples, settings, class_weight, watchers, limit)
        console.print(summary_of(outcome.history, outcome.kept_epoch))
        return outcome
    resumed = keeper.resumed if keeper else None
    images, random = len(examples.indices["train"]), random_state()
    choice = precision_before(resumed) if resumed else precision_for(model, stage, examples, settings)
    if limit and earlier and limit.leaves_out(seconds_of_epoch(choice, images)):
        set_random_state(random)
        return None
    console.print(choice.sentence)
    if choice.images_per_second and not resumed:
        tell_speed(choice, stage, settings, images, limit)
    saver = None
    if keeper:
        per_epoch = iterations(images, stage.batch_size)
        saver = Saver(keeper, earlier, whole_of(model), asdict(choice), per_epoch)
    if by_backend.shard()[1] > 1:
        model.set_weights(by_backend.of_first(model.get_weights()))
    with by_backend.learning_together():
        copy = training_copy(model, choice.precision, any_size=bool(settings.optimization.progressive))
        outcome = run_epochs(copy, stage, examples, settings, class_weight, earlier, saver, watchers, limit)
        model.set_weights(copy.get_weights())
    return replace(outcome, precision=choice)


def precision_before(resumed: Checkpoint) -> PrecisionChoice:
    """Return the precision in which a stage trained that goes on: timed anew, it might be another."""
    return PrecisionChoice(**resumed.state["precision"])


def seconds_of_epoch(choice: PrecisionChoice, images: int) -> float:
    """Return how long an epoch of so many images will take; 0 where no iteration was timed."""
    rate = choice.images_per_second.get(choice.precision)
    return images / rate if rate else 0.0


def tell_speed(
    choice: PrecisionChoice, stage: Stage, settings: TrainSettings, images: int, limit: TimeLimit | None = None
) -> None:
    """Print what was tried and how long the training will take."""
    if settings.run.verbose:
        console.print(f"precision of training: {choice.reason}")
    minutes = minutes_at(choice.images_per_second[choice.precision], stage, settings, images)
    told = f"training: about {minutes:.0f} minutes on this machine" if minutes >= 1 else "training: under a minute"
    is_longer = limit is not None and 60 * minutes > seconds_of(limit.text)
    console.print(f"{told}; the time limit of {limit.text} ends it before" if is_longer else told)


def precision_for(model: keras.Model, stage: Stage, examples: Examples, settings: TrainSettings) -> PrecisionChoice:
    """Return the precision in which a stage trains, tried on its first images where that is asked for."""
    indices = examples.indices["train"]
    steps = iterations(len(indices), stage.batch_size) * stage.epochs
    pixels, labels = first_batch(model, stage, examples)
    return choose_precision(
        model, lambda copy: compile_model(copy, stage, settings, steps), pixels, labels, settings.run.precision, steps
    )


def fit(
    classifier: keras.Model,
    pixels: Examples,
    features: Examples | None,
    stages: Sequence[Stage],
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
    auxiliary_training: AuxiliaryTraining | None = None,
    keeper: Keeper | None = None,
    watchers: Watchers | None = None,
    limit: TimeLimit | None = None,
) -> list[Outcome]:
    """Train through all stages: the head on features, the whole classifier on pixels, with a second head if any.

    `keeper` writes checkpoints, and may have one to go on from; stages that are done then are passed over, and those
    that were not begun too where the training is to end. `watchers` are told of every epoch. `limit` may end a
    stage, and leaves those behind it out.
    """
    _, backbone, head = classifier.layers
    whole = auxiliary_training.model if auxiliary_training else classifier
    outcomes = take_up(keeper, whole) if keeper and keeper.resumed else []
    begun = len(outcomes) + bool(keeper and keeper.resumed) if settings.run.finish else None
    for number, stage in enumerate(stages[:begun]):
        if stage.name == "finetune":
            unfreeze(backbone)
        if number < len(outcomes):
            continue
        model_and_examples = (whole, auxiliary_training.examples if auxiliary_training else pixels)
        model, examples = (head, features) if stage.name == "head" else model_and_examples
        with user_errors(), gradients_forgotten():
            outcome = run_stage(model, stage, examples, settings, class_weight, outcomes, keeper, watchers, limit)
        outcomes += [outcome] if outcome else []
        is_cut = limit is not None and limit.over
        if keeper and not settings.run.finish and not (outcome and is_cut):  # what is kept is there to go on from
            keep_stage(keeper, whole, outcomes)
        if outcome is None:
            told = f"{outcomes[-1].ended}; the time limit of {limit.text} left no room for stage {stage.name}"
            outcomes[-1] = replace(outcomes[-1], ended=told)
        if is_cut:
            break
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
