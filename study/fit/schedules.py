"""The learning rate of each iteration of a stage, by Keras' own schedules; that of a head in NumPy."""

from __future__ import annotations

import keras
import numpy as np

from study.settings.train import DEFAULTS

ONE_CYCLE_RISE = 0.3  # of the iterations
ONE_CYCLE_START, ONE_CYCLE_END = 1 / 25, 1e-4  # of the rate
STEP_FACTOR, EXPONENTIAL_END = 0.1, 0.01
PLATEAU_FACTOR = 0.3

Schedule = keras.optimizers.schedules.LearningRateSchedule


class LinearWarmup(Schedule):
    """A linear rise from 0, then another schedule from its beginning."""

    def __init__(self, rate: float, rising: int, after: float | Schedule) -> None:
        super().__init__()
        self.rate, self.rising, self.after = rate, rising, after

    def __call__(self, step: keras.KerasTensor) -> keras.KerasTensor:
        """Return the rate of one iteration."""
        step = keras.ops.cast(step, "float32")
        left = keras.ops.maximum(step - self.rising, 0)
        after = self.after(left) if callable(self.after) else self.after
        return keras.ops.where(step < self.rising, self.rate * step / self.rising, after)

    def get_config(self) -> dict:
        """Return the arguments."""
        after = keras.saving.serialize_keras_object(self.after)
        return {"rate": self.rate, "rising": self.rising, "after": after}

    @classmethod
    def from_config(cls, config: dict) -> LinearWarmup:
        """Make one of its arguments."""
        return cls(**config | {"after": keras.saving.deserialize_keras_object(config["after"])})


def learning_rate_schedule(schedule: str, rate: float, steps: int, warmup: float = 0.0) -> float | Schedule:
    """Return the learning rate of each of `steps` iterations; a plain number where it is constant or follows the loss.

    cosine: to 0 (https://arxiv.org/abs/1608.03983). one_cycle: linear up to `rate` over 30 %, then a cosine down to a
    10,000th (https://arxiv.org/abs/1708.07120, without its changes of momentum). step: a tenth after each third.
    exponential: to a hundredth. `warmup` is the share in which the rate first rises; the others then share the rest.
    """
    rising = min(round(warmup * steps), steps - 1)
    if schedule == "cosine" and rising:
        return keras.optimizers.schedules.CosineDecay(0.0, steps - rising, warmup_target=rate, warmup_steps=rising)
    after = _plain(schedule, rate, steps - rising)
    return LinearWarmup(rate, rising, after) if rising else after


def _plain(schedule: str, rate: float, steps: int) -> float | Schedule:
    schedules = keras.optimizers.schedules
    if schedule == "cosine":
        return schedules.CosineDecay(rate, steps)
    if schedule == "one_cycle":
        rising = min(round(ONE_CYCLE_RISE * steps), steps - 1)
        first = rate * ONE_CYCLE_START
        return schedules.CosineDecay(first, steps - rising, ONE_CYCLE_END, warmup_target=rate, warmup_steps=rising)
    if schedule == "step":
        lasts = [-(-steps * third // 3) - 1 for third in (1, 2)]  # the last iteration at that rate
        return schedules.PiecewiseConstantDecay(lasts, [rate * STEP_FACTOR**number for number in range(3)])
    if schedule == "exponential":
        return schedules.ExponentialDecay(rate, steps, EXPONENTIAL_END)
    return rate


def reduce_on_plateau(schedule: str, patience: int) -> list[keras.callbacks.Callback]:
    """Return what lowers the rate while training: of `plateau`, times 0.3 after a third of the patience.

    A patience of 0, never to end, counts as the default one.
    """
    if schedule != "plateau":
        return []
    waiting = max(1, round((patience or DEFAULTS["patience"]) / 3))
    return [keras.callbacks.ReduceLROnPlateau("val_crossentropy", PLATEAU_FACTOR, waiting, mode="min")]


def rates_of(schedule: str, rate: float, steps: int, warmup: float = 0.0) -> np.ndarray:
    """Return what `learning_rate_schedule` gives at each of the steps, float64 (steps,)."""
    share = ONE_CYCLE_RISE if schedule == "one_cycle" else warmup
    rising = min(round(share * steps), steps - 1)
    start = ONE_CYCLE_START if schedule == "one_cycle" else 0.0
    up = rate * (start + (1 - start) * np.arange(rising) / max(rising, 1))
    left, done = steps - rising, np.arange(steps - rising)
    if schedule in ("cosine", "one_cycle"):
        end = ONE_CYCLE_END if schedule == "one_cycle" else 0.0
        then = end + (1 - end) * (1 + np.cos(np.pi * done / left)) / 2
    elif schedule == "step":
        then = STEP_FACTOR ** (3 * done // left)
    elif schedule == "exponential":
        then = EXPONENTIAL_END ** (done / left)
    else:
        then = np.ones(left)
    return np.concatenate([up, rate * then])


class Plateau:
    """What `reduce_on_plateau` does to the rate of a head, as a factor; 1 where nothing lowers it.

    Args:
        schedule: `plateau`, or any other.
        patience: as above.
    """

    LEAST = 1e-4  # by which the loss must fall to count as better, as in Keras

    def __init__(self, schedule: str, patience: int) -> None:
        self.waits = schedule == "plateau"
        self.patience = max(1, round((patience or DEFAULTS["patience"]) / 3))
        self.factor, self.best, self.since = 1.0, np.inf, 0

    def note(self, loss: float) -> None:
        """Note an epoch's validation loss."""
        self.since = 0 if loss < self.best - self.LEAST else self.since + 1
        self.best = loss if not self.since else self.best
        if self.waits and self.since >= self.patience:
            self.factor, self.since = self.factor * PLATEAU_FACTOR, 0
