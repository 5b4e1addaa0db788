"""Find a learning rate instead of training: search for it, say which one to take, and draw what was seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from data.batches import Examples
from models.parts.head import unfreeze
from study.fit.loop import fit
from study.fit.lr_search import SWEEPS, Search, search
from study.pages.figures import STYLE, plt, save
from study.pages.palette import BLUE, GREY, VERMILION
from study.runtime import console, output
from study.runtime.backend import user_errors
from study.settings.stages import Stage
from study.settings.train import TrainSettings


def find_learning_rate(
    classifier: keras.Model,
    pixels: Examples,
    features: Examples | None,
    stages: Sequence[Stage],
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None,
) -> tuple[Path, float]:
    """Sweep the rate of the last stage, from where that begins; print what to take; return the curve's path and that.

    A head in front of fine-tuning is trained first, by its own rate.

    Args:
        classifier: pixels -> probabilities; the backbone is frozen but when learning from scratch.
        pixels: of all images.
        features: of all images, where the backbone is frozen.
        stages: of the training.
        settings: with all values settled.
        class_weight: class index -> weight.
    """
    *before, last = stages
    fit(classifier, pixels, features, before, settings, class_weight)
    _, backbone, head = classifier.layers
    if last.name == "finetune":
        unfreeze(backbone)
    model, examples = (head, features) if last.name == "head" else (classifier, pixels)
    with user_errors():
        swept = search(model, last, examples, settings, class_weight)
    curve = draw_sweep(swept, last, settings)
    console.print(sentence_of(swept, last))
    if settings.run.verbose:
        tried = ", ".join(f"{loss:.4f} at {rate:g}" for rate, loss in swept.losses.items())
        console.print(f"validation loss after a short training: {tried}; {last.learning_rate:g} is the default")
    console.print(f"nothing was saved but the curve: {curve}")
    return curve, swept.advised


def sentence_of(swept: Search, stage: Stage) -> str:
    """Say in plain words which learning rate to take, and why."""
    default, steepest = stage.learning_rate, swept.sweep.steepest
    told = f"suggested learning rate of stage {stage.name}: {swept.advised:g}"
    if swept.advised != default:
        lower = swept.losses[default] - swept.losses[swept.advised]
        share = f" by {lower / swept.losses[default]:.0%}" if math.isfinite(lower) else ""
        return (
            f"{told}; after a short training its validation loss is lower{share} than that of the default, {default:g}"
        )
    other = f"{steepest:g}, at which the loss fell fastest,"
    return f"{told}, the default; a short training with {other} was not clearly better"


def draw_sweep(swept: Search, stage: Stage, settings: TrainSettings) -> Path:
    """Draw the sweep and return the path of the image, in the folder of the runs."""
    path = Path(settings.run.runs) / f"learning-rate-{settings.run.model}.png"
    output.check_writable(path.parent)
    sweep, rate = swept.sweep, swept.advised
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(8, 4.6), layout="constrained")
        ax.plot(sweep.rates, sweep.losses, color=GREY, alpha=0.4, lw=1, label=f"loss, mean of {SWEEPS} sweeps")
        ax.plot(sweep.rates, sweep.smooth, color=BLUE, lw=2, label="smoothed")
        ax.axvline(sweep.steepest, color=GREY, ls=":", label=f"steepest descent: {sweep.steepest:g}")
        ax.axvline(rate, color=VERMILION, ls="--", label=f"suggested: {rate:g}")
        ax.set_xscale("log")
        ax.set_ylim(0, 1.15 * max(sweep.losses[0], *sweep.smooth[: int(np.argmin(sweep.smooth)) + 1]))
        ax.xaxis.set_major_formatter("{x:g}")
        title = (
            f"{settings.run.model}, stage {stage.name}, {settings.optimization.optimizer}, batch of {stage.batch_size}"
        )
        ax.set(xlabel="learning rate", ylabel="training loss", title=title)
        ax.grid(alpha=0.25)
        ax.legend(loc="lower left")
        save(figure, path)
    return path
