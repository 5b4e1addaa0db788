"""The heads of many folds on the same features, each as a training of its own makes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import threadpool_limits

from data import cores
from study.fit.head_training import HeadData, HeadFold, HeadOutcome, HeadTraining, first_weights
from study.settings.stages import Stage
from study.settings.train import TrainSettings


def train_heads(
    folds: Sequence[HeadFold],
    data: HeadData,
    stage: Stage,
    settings: TrainSettings,
    early_stopping: bool = False,
    finished: Callable[[], None] = lambda: None,
    ends: int | None = None,
) -> list[HeadOutcome]:
    """Train the head of every fold for all epochs of `stage`, or until `ends`; `finished` is called after each.

    With `early_stopping` the rows held out end a training and choose its epoch, as validation does in `train`. Where
    it `ends` earlier, the schedule is that of all epochs.

    Raises:
        UserError: a training diverged.
    """
    stopped = threading.Event()
    first = {seed: first_weights(seed, data, settings) for seed in {fold.seed for fold in folds}}

    def train_one(fold: HeadFold) -> HeadOutcome:
        training = HeadTraining(data, fold, stage, settings, first[fold.seed])
        for order in training.orders(ends):
            training.learn_epoch(order)
            if early_stopping:
                training.judge()
            if training.ended or training.divergence.broken or stopped.is_set():
                break
        return training.outcome(early_stopping)

    outcomes, pool = [], ThreadPoolExecutor(cores.cores())
    try:
        with threadpool_limits(1, "blas"):  # its threads and ours would wait for one another
            for outcome in pool.map(train_one, folds):
                outcomes.append(outcome)
                finished()
    finally:
        stopped.set()  # where this ends early, heads under way need not go on
        pool.shutdown(cancel_futures=True)
    return outcomes
