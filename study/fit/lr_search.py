"""Search for a learning rate: raise it step by step, take that at which the loss falls fastest, and try it.

The range test of Smith, Cyclical Learning Rates for Training Neural Networks (https://arxiv.org/abs/1506.01186, 3.3),
with a rate that grows by the same factor each time. Where the loss is least says little: one that falls to 0 stays
there over decades of the rate, and one sweep's least loss is a matter of luck. So it is the steepest descent of the
mean of several sweeps; and because a sweep knows nothing of how a training ends, that rate is advised only where a
short training with it comes to a lower validation loss than one with the default.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from data.batches import Examples, iterations
from errors import UserError
from study.fit.epochs import crossentropy_of
from study.fit.objective import compile_model
from study.fit.targets import PhaseSource, as_iterator, phase_batches
from study.fit.training_copy import training_copy
from study.runtime import console
from study.settings.stages import Stage, phases
from study.settings.train import TrainSettings

if TYPE_CHECKING:
    from study.fit.targets import Batches

LOWEST, HIGHEST = 1e-5, 10.0
SWEEPS, STEPS = 3, 100
WIDTH = 4.0  # iterations: standard deviation of the bell by which a curve is smoothed, a quarter of a decade
MIN_FALL = 0.02  # of the loss at the start: a sweep that falls by less has learned nothing
BROKEN = 4.0  # times the least loss so far: the sweep ends
TRIAL_STEPS = 200  # of the training by which a rate is tried
MIN_GAIN = 0.05  # of the default's validation loss: less may be luck


@dataclass(frozen=True)
class Sweep:
    """What the sweeps saw: each rate and its loss, a mean over the sweeps, raw and smoothed; the steepest descent."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smooth: tuple[float, ...]
    steepest: float


@dataclass(frozen=True)
class Search:
    """The sweeps; validation loss of a short training with each rate that was tried; the rate to take."""

    sweep: Sweep
    losses: dict[float, float]
    advised: float


def search(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
) -> Search:
    """Sweep the rate from the weights of `model`, which does not change; try the default and the steepest descent.

    Args:
        model: that the stage trains.
        stage: with the default rate.
        examples: of all images.
        settings: with all values settled.
        class_weight: class index -> weight.

    Raises:
        UserError: the loss never fell.
    """
    swept = sweep(model, stage, examples, settings, class_weight)
    losses = {
        rate: trial(model, replace(stage, learning_rate=rate), examples, settings, class_weight)
        for rate in (stage.learning_rate, swept.steepest)
    }
    return Search(swept, losses, advised(losses))


def advised(losses: Mapping[float, float]) -> float:
    """Return the default rate, the first one, but another where its loss is clearly lower."""
    default, *others = losses
    best = min(others, key=lambda rate: losses[rate], default=default)
    # Written so that a loss that is no number loses.
    return best if losses[best] < (1 - MIN_GAIN) * losses[default] or not math.isfinite(losses[default]) else default


def _copy_of(model: keras.Model, stage: Stage, settings: TrainSettings) -> keras.Model:
    """Return a copy to train in the place of `model`."""
    if stage.name == "head":
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        return copy
    precision = "bfloat16" if settings.run.precision == "bfloat16" else "float32"
    return training_copy(model, precision, any_size=bool(settings.optimization.progressive))


def _batches(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None,
    number: int,
) -> tuple[Batches, Batches]:
    """Return the batches of the first phase, in an order of their own for each number, and those to judge by."""
    sizes = () if stage.name == "head" else settings.optimization.progressive
    phase = phases(stage.epochs, sizes, settings.data.image_size or 0)[0]
    source = PhaseSource(model, stage, examples, settings, class_weight, phase, number)
    training, validation, _ = phase_batches(source, first=0)
    return training, validation


def sweep(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
) -> Sweep:
    """Train copies of `model` for some iterations, each with a higher rate; `model` itself does not change.

    A sweep ends where the loss is no number any more, or several times the least one; the mean is over the rates that
    all of them saw.

    Raises:
        UserError: the loss never fell.
    """
    plain = settings.with_values(schedule="constant", warmup=0.0, ema=0.0)  # the rate is set by hand
    rates, seen = np.geomspace(LOWEST, HIGHEST, STEPS), []
    with console.bar("raise the learning rate", SWEEPS * STEPS) as advance:
        for number in range(SWEEPS):
            copy = _copy_of(model, stage, settings)
            compile_model(copy, replace(stage, learning_rate=LOWEST), plain, STEPS)
            training, _ = _batches(copy, stage, examples, settings, class_weight, number)
            seen.append(_raise(copy, rates, islice(as_iterator(training), STEPS), advance))
    losses = np.mean([each[: min(map(len, seen))] for each in seen], axis=0)
    rates, smooth = rates[: len(losses)], smoothed(losses)
    return Sweep(tuple(rates.tolist()), tuple(losses.tolist()), tuple(smooth.tolist()), steepest(rates, smooth))


def _raise(
    copy: keras.Model, rates: np.ndarray, batches: Iterable[tuple[Any, ...]], advance: Callable[[], None]
) -> list[float]:
    """Learn from one batch at each rate; return the losses."""
    losses: list[float] = []
    for rate, batch in zip(rates, batches, strict=True):
        copy.optimizer.learning_rate = rate
        copy.reset_metrics()  # else each figure would be the mean of all so far
        loss = float(copy.train_on_batch(*batch, return_dict=True)["loss"])
        if not math.isfinite(loss):
            break
        losses.append(loss)
        advance()
        if len(losses) > 3 * WIDTH and np.mean(losses[-5:]) > BROKEN * smoothed(losses).min():
            break
    return losses


def smoothed(losses: Sequence[float]) -> np.ndarray:
    """Return the mean around each loss, by a bell of the width above; the ends go on."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(np.asarray(losses, np.float64), WIDTH, mode="nearest") if len(losses) else np.zeros(0)


def steepest(rates: Sequence[float], smooth: Sequence[float]) -> float:
    """Return the rate at which the smoothed loss falls fastest, in two digits. Raise UserError where it never fell."""
    if len(smooth) < 2 or min(smooth) > (1 - MIN_FALL) * smooth[0]:
        raise UserError(
            f"--find-learning-rate: the loss fell at no rate from {LOWEST:g} to {HIGHEST:g}, so there is no advice. "
            "Look at the data (python main.py check), or give another --optimizer or a larger --batch-size."
        )
    return float(f"{rates[int(np.argmin(np.gradient(smooth)))]:.1e}")


def trial(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
) -> float:
    """Train a copy of `model` for a short while at the stage's rate and schedule; return its validation loss."""
    copy = _copy_of(model, stage, settings)
    steps = min(TRIAL_STEPS, stage.epochs * iterations(len(examples.indices["train"]), stage.batch_size))
    compile_model(copy, stage, settings.with_values(ema=0.0), steps)
    training, validation = _batches(copy, stage, examples, settings, class_weight, SWEEPS)
    with console.bar(f"try learning rate {stage.learning_rate:g}", steps) as advance:
        for batch in islice(as_iterator(training), steps):
            copy.train_on_batch(*batch)
            advance()
    return crossentropy_of(copy, validation)
