"""What a loss asks for: the probability with which it is smallest, where the same input has different labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scratch.losses import Loss, dice

STEPS = 999  # probabilities that are tried, 0.001 to 0.999


def best_probability(loss: Callable[[np.ndarray, np.ndarray], Loss], shares: np.ndarray) -> np.ndarray:
    """Return for each share of class 1 among equal inputs the probability of class 1 of the least mean loss.

    Args:
        loss: of outputs z (N, 2) and labels (N, 2), as in `scratch.losses`, a mean over the answers.
        shares: of the inputs that are of class 1, (n,) 0..1.
    """
    tried = np.arange(1, STEPS + 1) / (STEPS + 1)
    z = np.stack([np.zeros(STEPS), np.log(tried / (1 - tried))], axis=1)
    if_no, if_yes = (np.array([loss(one[None], label[None])[0] for one in z]) for label in np.eye(2))
    expected = shares[:, None] * if_yes + (1 - shares[:, None]) * if_no  # (n, STEPS)
    return tried[expected.argmin(axis=1)]


def best_dice_step(shares: np.ndarray) -> tuple[float, np.ndarray]:
    """Return from which share on Dice wants all of class 1, and nothing of it below, and these answers, (n,) 0 or 1.

    Dice has no best answer to one input: it looks at all of them together, here one input of each share.
    """
    t = np.stack([1 - shares, shares], axis=1)
    answers = [(shares >= step).astype(float) for step in np.sort(shares)]
    losses = [dice(np.stack([1 - p, p], axis=1), t)[0] for p in answers]
    best = int(np.argmin(losses))
    return float(np.sort(shares)[best]), answers[best]
