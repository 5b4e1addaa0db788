"""Find a learning rate: raise it from iteration to iteration, and see where the loss falls and where it breaks.

The range test of Smith, Cyclical Learning Rates for Training Neural Networks (https://arxiv.org/abs/1506.01186, 3.3),
with a rate that grows by the same factor each time. The rate to take is a tenth of the one at which the smoothed loss
is least: close before that point the loss falls no more because the steps are too long.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import keras
import numpy as np

from data.batches import Examples
from errors import UserError
from models.parts.head import unfreeze
from study.fit.loop import fit, phase_batches
from study.fit.objective import compile_model
from study.fit.training_copy import training_copy
from study.pages.figures import STYLE, plt, save
from study.pages.palette import BLUE, GREY, VERMILION
from study.runtime import console, output
from study.runtime.backend import user_errors
from study.settings.stages import Stage, phases
from study.settings.train import TrainSettings

LOWEST, HIGHEST = 1e-5, 10.0
STEPS = 150
SMOOTHING = 0.9  # share that the mean of the losses so far keeps
FIRST = 10  # iterations whose mean is one of too few
BROKEN = 4.0  # times the least loss so far: the sweep ends
RATE_DIVISOR = 10.0


@dataclass(frozen=True)
class Sweep:
    """What a sweep saw: the rate of each iteration and its loss, raw and smoothed; the rate to take."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smooth: tuple[float, ...]
    suggested: float


def find_learning_rate(
    classifier: keras.Model,
    pixels: Examples,
    features: Examples | None,
    stages: Sequence[Stage],
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None,
    command: str,
) -> Path:
    """Sweep the rate of the last stage, from where that begins; print what to take and return the curve's path.

    A head in front of fine-tuning is trained first, by its own rate.

    Args:
        classifier: pixels -> probabilities; the backbone is frozen but when learning from scratch.
        pixels: of all pictures.
        features: of all pictures, where the backbone is frozen.
        stages: of the training.
        settings: with all values settled.
        class_weight: class index -> weight.
        command: as it was typed.
    """
    *before, last = stages
    fit(classifier, pixels, features, before, settings, class_weight)
    _, backbone, head = classifier.layers
    if last.name == "finetune":
        unfreeze(backbone)
    model, examples = (head, features) if last.name == "head" else (classifier, pixels)
    with user_errors():
        swept = sweep(model, last, examples, settings, class_weight)
    curve = draw_sweep(swept, last, settings)
    console.print(f"suggested learning rate of stage {last.name}: {swept.suggested:g}; nothing was saved but {curve}")
    rate = f"--learning-rate {swept.suggested:g}"
    console.print(f"train with it: {command.replace('--find-learning-rate', rate) or rate}")
    return curve


def sweep(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
) -> Sweep:
    """Train a copy of `model` for some iterations, each with a higher rate; `model` itself does not change.

    The sweep ends where the loss is no number any more, or several times the least one.

    Raises:
        UserError: the loss never fell.
    """
    copy = keras.models.clone_model(model) if stage.name == "head" else None
    if copy is None:
        precision = "bfloat16" if settings.run.precision == "bfloat16" else "float32"
        copy = training_copy(model, precision, any_size=bool(settings.optimization.progressive))
    copy.set_weights(model.get_weights())
    plain = settings.with_values(schedule="constant", warmup=0.0, ema=0.0)  # the rate is set by hand
    compile_model(copy, replace(stage, learning_rate=LOWEST), plain, STEPS)
    sizes = () if stage.name == "head" else settings.optimization.progressive
    phase = phases(stage.epochs, sizes, settings.data.image_size or 0)[0]
    training, _ = phase_batches(copy, stage, examples, settings, class_weight, phase, 0)
    rates, losses = [], []
    with console.bar("raise the learning rate", STEPS) as advance:
        for rate, batch in zip(np.geomspace(LOWEST, HIGHEST, STEPS), islice(training.repeat(), STEPS), strict=True):
            copy.optimizer.learning_rate = rate
            copy.reset_metrics()  # else each figure would be the mean of all so far
            loss = float(copy.train_on_batch(*batch, return_dict=True)["loss"])
            if not math.isfinite(loss):
                break
            rates.append(float(rate))
            losses.append(loss)
            advance()
            if smoothed(losses)[-1] > BROKEN * min(smoothed(losses)):
                break
    return Sweep(tuple(rates), tuple(losses), tuple(smoothed(losses)), suggest_rate(rates, smoothed(losses)))


def smoothed(losses: Sequence[float]) -> list[float]:
    """Return the exponential mean up to each loss, without the pull of its start (Adam's correction)."""
    mean, means = 0.0, []
    for number, loss in enumerate(losses, 1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        means.append(mean / (1 - SMOOTHING**number))
    return means


def suggest_rate(rates: Sequence[float], smooth: Sequence[float]) -> float:
    """Return a tenth of the rate of the least smoothed loss, in two digits. Raise UserError where it never fell."""
    least = FIRST + int(np.argmin(smooth[FIRST:])) if len(smooth) > FIRST else FIRST
    if least == FIRST:
        raise UserError(
            f"--find-learning-rate: the loss fell at no rate from {LOWEST:g} to {HIGHEST:g}. "
            "Look at the data (python main.py check), or give another --optimizer or a larger --batch-size."
        )
    return float(f"{rates[least] / RATE_DIVISOR:.1e}")


def draw_sweep(swept: Sweep, stage: Stage, settings: TrainSettings) -> Path:
    """Draw the sweep and return the path of the image, in the folder of the runs."""
    path = Path(settings.run.runs) / f"learning-rate-{settings.run.model}.png"
    output.check_writable(path.parent)
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(8, 4.6), layout="constrained")
        ax.plot(swept.rates, swept.losses, color=GREY, alpha=0.4, lw=1, label="loss of each iteration")
        ax.plot(swept.rates, swept.smooth, color=BLUE, lw=2, label="smoothed")
        ax.axvline(swept.suggested, color=VERMILION, ls="--", label=f"suggested: {swept.suggested:g}")
        ax.set_xscale("log")
        ax.set_ylim(0, 1.15 * max(swept.losses[0], *swept.smooth[: int(np.argmin(swept.smooth)) + 1]))
        ax.xaxis.set_major_formatter("{x:g}")
        title = (
            f"{settings.run.model}, stage {stage.name}, {settings.optimization.optimizer}, batch of {stage.batch_size}"
        )
        ax.set(xlabel="learning rate", ylabel="training loss", title=title)
        ax.grid(alpha=0.25)
        ax.legend(loc="lower left")
        save(figure, path)
    return path
