"""Schedules: the learning rate at a step, counted from 0; large steps first, to get far, then small ones, to settle.

    stepwise      r q^floor(step / every)
    exponential   r q^(step / every)
    cosine        r (1 + cos(pi step / steps)) / 2                Loshchilov, Hutter, https://arxiv.org/abs/1608.03983
    warm-up       r step / warm, then the schedule                Goyal et al., https://arxiv.org/abs/1706.02677
    one cycle     up from r/25 to r, then down to r/250,000       Smith, Topin, https://arxiv.org/abs/1708.07120
                  at the last step

The numbers, the half cosines and the end at the lowest rate are those of fastai 1 (https://fastai1.fast.ai); the
program's `--schedule one_cycle` goes up in a straight line, and ends at r/10,000. The paper's cycle goes up and down
in straight lines of equal length, and then on far below where it began.

Warm-up is for the first steps, when gradients are large and averages such as those of Adam are still empty.
"""

import math
from collections.abc import Callable

Schedule = Callable[[int], float]


def stepwise(rate: float, every: int, factor: float = 0.1) -> Schedule:
    """Down by `factor` every so many steps."""
    return lambda step: rate * factor ** (step // every)


def exponential(rate: float, every: int, factor: float = 0.1) -> Schedule:
    """The same without stairs."""
    return lambda step: rate * factor ** (step / every)


def between(start: float, end: float, share: float) -> float:
    """From start to end along half a cosine, level at both; `share` of the way, kept within 0 … 1."""
    share = min(max(share, 0.0), 1.0)
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def cosine(rate: float, steps: int) -> Schedule:
    """Down to 0 within so many steps."""
    return lambda step: between(rate, 0.0, step / steps)


def warm_up(schedule: Schedule, warm: int) -> Schedule:
    """In a straight line up from 0 to where the schedule begins, which starts late by as much."""
    return lambda step: schedule(0) * step / warm if step < warm else schedule(step - warm)


def one_cycle(rate: float, steps: int, up: float = 0.3) -> Schedule:
    """Up for a share of the steps, down for the rest."""
    last = steps - 1
    top = up * last
    return lambda step: (
        between(rate / 25, rate, step / top)
        if step < top
        else between(rate, rate / 25 / 10_000, (step - top) / max(last - top, 1e-9))
    )


if __name__ == "__main__":
    kinds = {
        "stepwise": stepwise(0.1, 30),
        "exponential": exponential(0.1, 30),
        "cosine": cosine(0.1, 99),
        "warm-up, then cosine": warm_up(cosine(0.1, 89), 10),
        "one cycle": one_cycle(0.1, 100),
    }
    steps = (*range(0, 100, 10), 99)
    print("learning rate in thousandths, of 100 steps at 0.1; step", *(f"{step:5}" for step in steps))
    for name, schedule in kinds.items():
        print(f"{name:55}", *(f"{1000 * schedule(step):5.1f}" for step in steps))
