"""Choose the learning type: from scratch, transfer or fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from errors import UserError

SCRATCH_ABOVE = 5000  # images of the rarest class in the training split, by the study guide's table
FINETUNE_FROM = 1000
LONGEST_MINUTES = 10  # what a laptop user waits for without being asked


@dataclass(frozen=True)
class LearningChoice:
    """A learning type, the weights it begins with, and why."""

    learning: str
    weights: str
    reason: str


def start_weights(model: str, pretrained: Sequence[str], learning: str, weights: str | None) -> str:
    """Return the weights to begin with: those asked for, else the model's own unless it learns from scratch.

    Raises:
        UserError: the learning type needs weights and there are none, or the reverse.
    """
    if weights is None:
        weights = pretrained[0] if pretrained and learning != "scratch" else "none"
    if weights == "none" and learning in ("transfer", "finetune"):
        raise UserError(
            f"--learning {learning} needs pretrained weights and {model} starts from random ones here. "
            "Give --weights FILE or a run folder, or --learning scratch."
        )
    if weights != "none" and learning == "scratch":
        raise UserError(f"--learning scratch begins with random weights. Received: --weights {weights}; leave it out.")
    return weights


def advise(rarest: int) -> tuple[str, str]:
    """Return the learning type of the study guide's table and its reason, by training images of the rarest class."""
    counted = f"the rarest class has {rarest:,} training images"
    if rarest > SCRATCH_ABOVE:
        return "scratch", f"{counted}, more than {SCRATCH_ABOVE:,}: enough to learn from scratch"
    if rarest >= FINETUNE_FROM:
        return "finetune", f"{counted}, {FINETUNE_FROM:,} to {SCRATCH_ABOVE:,}: enough to fine-tune"
    return "transfer", f"{counted}, fewer than {FINETUNE_FROM:,}: enough for the head only"


def choose_learning(
    asked: str, weights: str, allowed: Sequence[str], rarest: int, minutes: Callable[[str], float] | None
) -> LearningChoice:
    """Settle what `auto` means for this model, this data and this machine.

    Args:
        asked: `--learning`.
        weights: what `start_weights` returned.
        allowed: the model's `SPEC.learning`, without scratch where weights were asked for.
        rarest: training images of the rarest class.
        minutes: measures how long a learning type would take here; called only where the table asks for the whole
            network to be trained though pretrained weights are at hand. None: the table alone decides.
    """
    if tuple(allowed) == ("transfer",):
        return LearningChoice("transfer", weights, "of models side by side only the head learns")
    if asked != "auto":
        return LearningChoice(asked, weights, "as asked for")
    if weights == "none":
        return LearningChoice("scratch", weights, "there are no pretrained weights to begin with")
    learning, reason = advise(rarest)
    if learning == "transfer":
        return LearningChoice(learning, weights, reason)
    if learning == "scratch" and "scratch" not in allowed:
        learning, reason = "finetune", f"{reason}, but it begins from weights here"
    begins = "none" if learning == "scratch" else weights
    if minutes is None:
        return LearningChoice(learning, begins, f"{reason}, however long it takes")
    estimate = minutes(learning)
    if estimate > LONGEST_MINUTES:
        reason += f"; but {learning} would take about {estimate:.0f} minutes on this machine, more than "
        reason += f"{LONGEST_MINUTES}: the head only. --learning {learning} does it all the same"
        return LearningChoice("transfer", weights, reason)
    return LearningChoice(learning, begins, f"{reason} (about {estimate:.0f} minutes)")
