"""From which probability on an answer is right as often as asked: chosen on images whose truth is known, with a bound.

Of the images that are answered, the share of wrong answers is below what is asked with a confidence of 95 %. For one
threshold that is Clopper and Pearson's exact bound. For a threshold that is chosen it holds as well, because a list of
thresholds that is fixed beforehand is tested from the strictest on and the first failure ends it: "fixed sequence
testing" of Angelopoulos et al., "Learn then Test" (https://arxiv.org/abs/2110.01052). Thresholds above which even no
mistake would prove nothing are passed over, which no label has a say in.
"""

from __future__ import annotations

import math

import numpy as np

CONFIDENCE = 0.95
RIGHT = 0.99  # share of the answers that are right, where nothing else is asked for
THRESHOLDS = tuple(1 / (1 + math.exp(-step / 4)) for step in range(46, -21, -1))  # by log-odds: 0.99999 to 0.007


def proves(wrong: int, answered: int, allowed: float) -> bool:
    """Say whether so few wrong answers speak for a share of wrong ones of at most `allowed`.

    So where Clopper and Pearson's upper bound is no larger: where that share would make so few wrong in 5 % of cases.
    """
    if wrong >= answered:
        return False
    return at_most(wrong, answered, allowed) <= 1 - CONFIDENCE


def at_most(found: int, number: int, share: float) -> float:
    """Return the probability that of `number` cases at most `found` < `number` are such, each with probability `share`.

    `share` lies between 0 and 1, both left out.
    """
    ways, total = 0.0, 0.0  # logarithm of the binomial coefficient; probability of so few
    for count in range(found + 1):
        total += math.exp(ways + count * math.log(share) + (number - count) * math.log1p(-share))
        ways += math.log(number - count) - math.log(count + 1)
    return total


def choose_threshold(probability: np.ndarray, right: np.ndarray, asked: float) -> float | None:
    """Return the smallest probability from which on answers are right at the asked rate; None where none is proved.

    Args:
        probability: the largest of each image, (n,).
        right: whether that class is the true one, bool (n,).
        asked: share of answers that must be right, below 1.
    """
    found = None
    for threshold in THRESHOLDS:
        answered = probability >= threshold
        count = int(answered.sum())
        if not proves(0, count, 1 - asked):
            continue
        if not proves(int((answered & ~right).sum()), count, 1 - asked):
            break
        found = threshold
    return found


def flawless_needed(asked: float) -> int:
    """Return how many answers without a mistake prove the asked rate."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(asked))


def reachable(probability: np.ndarray, right: np.ndarray, asked: float) -> tuple[float, int] | None:
    """Return the largest rate in whole percent below the asked one for which there is a threshold; None for none.

    With it how many of the images are at or above that threshold.
    """
    for percent in range(math.ceil(100 * asked) - 1, 50, -1):
        if (threshold := choose_threshold(probability, right, percent / 100)) is not None:
            return percent / 100, int((probability >= threshold).sum())
    return None
