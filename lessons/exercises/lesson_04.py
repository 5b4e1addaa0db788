"""Exercises of lesson 04, optimisers."""

from __future__ import annotations

import math

import numpy as np

from lessons.checking import Exercise, Wrong


def momentum_step(w, v, g, rate, momentum):
    v = momentum * v - rate * g
    return w + v, v


def _plain(w, v, g, rate, momentum):
    return w - rate * g, v


def _old_velocity(w, v, g, rate, momentum):
    return w + v, momentum * v - rate * g


def _uphill(w, v, g, rate, momentum):
    v = momentum * v + rate * g
    return w + v, v


def adagrad_steps(gradients, rate):
    s, steps = 0.0, []
    for g in gradients:
        s += g**2
        steps.append(rate * abs(g) / s**0.5)
    return steps


def _without_sum(gradients, rate):
    return [rate * abs(g) / math.sqrt(g**2) for g in gradients]


def _without_root(gradients, rate):
    s, steps = 0.0, []
    for g in gradients:
        s += g**2
        steps.append(rate * abs(g) / s)
    return steps


def _afterwards(gradients, rate):
    s, steps = 1.0, []
    for g in gradients:
        steps.append(rate * abs(g) / math.sqrt(s))
        s += g**2
    return steps


def cosine_rate(first, epoch, epochs):
    return first * (1 + np.cos(np.pi * epoch / epochs)) / 2


def _straight(first, epoch, epochs):
    return first * (1 - epoch / epochs)


def _not_halved(first, epoch, epochs):
    return first * (1 + math.cos(math.pi * epoch / epochs))


def _whole_turn(first, epoch, epochs):
    return first * (1 + math.cos(2 * math.pi * epoch / epochs)) / 2


EXERCISES = (
    Exercise(
        momentum_step,
        [
            (1.0, 0.0, 2.0, 0.1, 0.9),
            (1.0, -0.5, 2.0, 0.1, 0.9),
            (np.array([1.0, -2.0]), np.ones(2), np.ones(2), 0.5, 0),
        ],
        (
            Wrong(
                _plain,
                "That is plain SGD: the velocity v is never used. Which of the two formulas moves w?",
                "それは単純な SGD で、速度 v が使われていません。w を動かすのはどちらの式でしょうか。",
            ),
            Wrong(
                _old_velocity,
                "w moves by the velocity from before this step. The order of the two lines matters.",
                "w が更新前の速度で動いています。2 行の順序が大切です。",
            ),
            Wrong(
                _uphill,
                "The loss rises with every step: which way does the gradient point?",
                "ステップごとに損失が増えます。勾配はどちらを向いているでしょうか。",
            ),
        ),
    ),
    Exercise(
        adagrad_steps,
        [([1.0, 1.0, 1.0, 1.0], 0.1), ([2.0, -1.0, 0.5], 1.0)],
        (
            Wrong(
                _without_sum,
                "Every step is the same: s has to remember all the gradients so far, not only this one.",
                "どのステップも同じ大きさです。s には今の勾配だけでなく、これまでのすべての勾配を足していきます。",
            ),
            Wrong(
                _without_root,
                "The sum of squares has the unit of a gradient squared; something turns it into that of a gradient.",
                "二乗和の単位は勾配の二乗です。勾配の単位に戻す演算が一つ抜けています。",
            ),
            Wrong(
                _afterwards,
                "s begins at 0, and this step's own gradient is added before the step is made.",
                "s の初期値は 0 で、そのステップの勾配を足してから更新します。",
            ),
        ),
    ),
    Exercise(
        cosine_rate,
        [(0.1, 0, 10), (0.1, 5, 10), (0.1, 8, 10), (1.0, 10, 10)],
        (
            Wrong(
                _straight,
                "That falls in a straight line. The cosine is level at the beginning and at the end.",
                "それでは直線的に下がります。コサインは始めと終わりで平らになります。",
            ),
            Wrong(
                _not_halved,
                "At epoch 0 it gives twice the first rate: 1 + cos(0) is 2.",
                "エポック 0 で最初の学習率の 2 倍になります。1 + cos(0) は 2 です。",
            ),
            Wrong(
                _whole_turn,
                "It comes up again at the end: over all epochs the angle goes half a turn, not a whole one.",
                "終わりでまた上がってしまいます。全エポックで進む角度は 1 周ではなく半周です。",
            ),
        ),
    ),
)
