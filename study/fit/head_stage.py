"""The head of a training: it learns in NumPy from stored features, and is told of as any stage is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import keras
from threadpoolctl import threadpool_limits

from data.batches import Examples
from study.fit.head_training import HeadData, HeadFold, HeadTraining
from study.fit.objective import compile_model, weight_array
from study.fit.outcome import Outcome
from study.fit.progress import EpochLines
from study.fit.time_limit import TimeLimit
from study.fit.watchers import Watchers
from study.settings.stages import Stage, phases
from study.settings.train import TrainSettings


def run_head_stage(
    head: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
    watchers: Watchers | None = None,
    limit: TimeLimit | None = None,
) -> Outcome:
    """Train a head, and leave it with the weights of the best validation loss.

    Args:
        head: features -> probabilities.
        stage: that of the head, the first of a training.
        examples: features to learn from and to judge by.
        settings: of the training.
        class_weight: class -> its weight in the loss.
        watchers: are told of every epoch.
        limit: of time.

    Raises:
        UserError: it diverged, and is not to be kept.
    """
    fold = HeadFold(examples.indices["train"], examples.indices["val"], settings.data.seed)
    classes = head.output_shape[-1]
    data = HeadData(examples.inputs, examples.labels, range(classes))
    with threadpool_limits(1, "blas"):  # more would wait for work, in products so small
        training = HeadTraining(data, fold, stage, settings, head.get_weights(), weight_array(class_weight, classes))
        lines = EpochLines(stage, 1, 1, settings.run.verbose)
        if watchers:  # a callback of the user's own may look at the network as Keras trains it
            watchers.follow([], lines)
            compile_model(head, stage, settings, stage.epochs * training.per_epoch)
        if limit:
            limit.follow(phases(stage.epochs, (), 0), lines)
        told = keras.callbacks.CallbackList([lines, *(one for one in (watchers, limit) if one)], model=head)
        told.set_params({"epochs": stage.epochs, "steps": training.per_epoch, "verbose": 0})
        with closing(lines):
            learn_epochs(training, head, told)
    # Else a saved classifier would name our losses and schedules, not load without them, and hold the optimiser.
    head.compiled, head.optimizer = False, None
    kept, weights = training.kept
    head.set_weights(weights)
    ended = training.divergence.check(settings.optimization.keep_diverged, why_ended(training, limit))
    return Outcome(lines.rows, kept, ended if kept else f"{ended}; the weights of its start were kept")


def learn_epochs(training: HeadTraining, head: keras.Model, told: keras.callbacks.CallbackList) -> None:
    """Let a head learn epoch by epoch, and tell of each, until something ends it; the network has its weights."""
    head.stop_training = False
    told.on_train_begin()
    for epoch, order in enumerate(training.orders()):
        told.on_epoch_begin(epoch)
        logs = training.learn_epoch(order, told)
        logs["learning_rate"] = training.learning_rate  # as it was: a plateau lowers it for the next epoch
        logs |= training.judge()
        head.set_weights(training.weights)
        ended = training.ended or bool(training.divergence.broken)
        head.stop_training |= ended  # a callback may have set it
        told.on_epoch_end(epoch, logs)
        if head.stop_training or ended:
            break
    told.on_train_end()


def why_ended(training: HeadTraining, limit: TimeLimit | None = None) -> str:
    """Say why the stage ended."""
    stage = training.stage
    if limit and limit.over:
        return f"the time limit of {limit.text} ended it after epoch {training.epoch} of {stage.epochs}"
    if training.epoch == stage.epochs:
        return f"the last of {stage.epochs} epochs was reached"
    if training.ended:
        return f"validation loss had not improved for {training.settings.regularization.patience} epochs"
    return f"a callback ended it after epoch {training.epoch} of {stage.epochs}"
