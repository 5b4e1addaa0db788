"""Exercises of lesson 00, regression."""

from __future__ import annotations

import numpy as np

from lessons.checking import Exercise, Wrong

X, Y = np.array([0.0, 1.0, 3.0]), np.array([1.0, 2.0, 9.0])


def line_gradient(w, b, x, y):
    error = w * x + b - y
    return 2 * np.mean(error * x), 2 * np.mean(error)


def _summed(w, b, x, y):
    error = w * x + b - y
    return 2 * np.sum(error * x), 2 * np.sum(error)


def _halved(w, b, x, y):
    error = w * x + b - y
    return np.mean(error * x), np.mean(error)


def _turned_round(w, b, x, y):
    error = y - (w * x + b)
    return 2 * np.mean(error * x), 2 * np.mean(error)


def _same_for_both(w, b, x, y):
    error = w * x + b - y
    return 2 * np.mean(error), 2 * np.mean(error)


def line_step(w, b, x, y, rate):
    error = w * x + b - y
    dw, db = 2 * np.mean(error * x), 2 * np.mean(error)
    return w - rate * dw, b - rate * db


def _one_after_the_other(w, b, x, y, rate):
    w = w - rate * 2 * np.mean((w * x + b - y) * x)
    return w, b - rate * 2 * np.mean(w * x + b - y)


def _uphill(w, b, x, y, rate):
    error = w * x + b - y
    return w + rate * 2 * np.mean(error * x), b + rate * 2 * np.mean(error)


def _without_rate(w, b, x, y, rate):
    error = w * x + b - y
    return w - 2 * np.mean(error * x), b - 2 * np.mean(error)


def chain_slopes(x, y):
    t = 2 * x + y
    return 3 * t**2 * 2, 3 * t**2 * 1


def _outer_only(x, y):
    t = 2 * x + y
    return 3 * t**2, 3 * t**2


def _inner_only(x, y):
    return 2, 1


def _value(x, y):
    t = 2 * x + y
    return 2 * t**3, t**3


EXERCISES = (
    Exercise(
        line_gradient,
        [(0.0, 0.0, X, Y), (1.0, 2.0, X, Y), (2.0, -1.0, np.array([1.0]), np.array([5.0]))],
        (
            Wrong(
                _summed,
                "It grows with the number of points. What is taken of the squared errors in the loss?",
                "点が増えるほど大きくなります。損失では、誤差の二乗に対して何を計算していたでしょうか。",
            ),
            Wrong(
                _halved,
                "Everything is off by one factor. What is the slope of the square of something?",
                "全体が同じ倍率だけずれています。二乗の微分はどうなるでしょうか。",
            ),
            Wrong(
                _turned_round,
                "The size is right, the direction is not: how is the error defined here?",
                "大きさは合っていますが、向きが逆です。ここでの誤差の定義を見直しましょう。",
            ),
            Wrong(
                _same_for_both,
                "That is right for b. If w grows by a little, by how much does the prediction at x grow?",
                "b については合っています。w が少し増えると、x での予測はどれだけ増えるでしょうか。",
            ),
        ),
    ),
    Exercise(
        line_step,
        [(0.0, 0.0, X, Y, 0.02), (1.0, 2.0, X, Y, 0.1), (3.0, -1.0, X, Y, 1.0)],
        (
            Wrong(
                _one_after_the_other,
                "w is right; b is not. At which point of the surface was the slope for b worked out?",
                "w は合っていますが、b が違います。b の傾きは、曲面のどの点で計算したものでしょうか。",
            ),
            Wrong(
                _uphill,
                "The loss rises with every step: which way does the gradient point?",
                "ステップごとに損失が増えます。勾配はどちらを向いているでしょうか。",
            ),
            Wrong(
                _without_rate,
                "The direction is right, but the step does not depend on `rate`.",
                "向きは合っていますが、ステップの大きさが `rate` によって変わりません。",
            ),
        ),
    ),
    Exercise(
        chain_slopes,
        [(1.0, 0.0), (-1.0, 3.0), (0.5, 0.5)],
        (
            Wrong(
                _outer_only,
                "That is dz/dt. One factor of the chain is still missing, and it is not the same for x and y.",
                "それは dz/dt です。連鎖の因子がもう一つ必要で、その値は x と y とで違います。",
            ),
            Wrong(
                _inner_only,
                "That is how t grows with x and with y. How does z grow with t?",
                "それは x と y に対する t の増え方です。t に対して z はどう増えるでしょうか。",
            ),
            Wrong(
                _value,
                "The value of z itself stands where its slope should be. What is the derivative of a cube?",
                "z の微分であるべきところに、z の値そのものが入っています。三乗の微分はどうなるでしょうか。",
            ),
        ),
    ),
)
