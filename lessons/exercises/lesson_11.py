"""Exercises of lesson 11, losses and helper tasks."""

from __future__ import annotations

import math

import numpy as np

from lessons.checking import Exercise, Wrong


def losses_weighted(probabilities, label, weights):
    return -weights[label] * np.log(probabilities[label])


def _without_weight(probabilities, label, weights):
    return -math.log(probabilities[label])


def _weight_inside(probabilities, label, weights):
    return -math.log(weights[label] * probabilities[label])


def _all_classes(probabilities, label, weights):
    return -sum(w * math.log(p) for w, p in zip(weights, probabilities, strict=True))


def losses_dice(p, t):
    return 1 - 2 * sum(a * b for a, b in zip(p, t, strict=True)) / (sum(p) + sum(t))


def _overlap(p, t):
    return 2 * sum(a * b for a, b in zip(p, t, strict=True)) / (sum(p) + sum(t))


def _once(p, t):
    return 1 - sum(a * b for a, b in zip(p, t, strict=True)) / (sum(p) + sum(t))


def _union(p, t):
    both = sum(a * b for a, b in zip(p, t, strict=True))
    return 1 - both / (sum(p) + sum(t) - both)


def losses_total(first, second, a):
    return first if second is None else first + a * second


def _as_shares(first, second, a):
    return first if second is None else (1 - a) * first + a * second


def _both_weighed(first, second, a):
    return first if second is None else a * (first + second)


def _only_pairs(first, second, a):
    return 0 if second is None else first + a * second


EXERCISES = (
    Exercise(
        losses_weighted,
        [([0.7, 0.2, 0.1], 0, [1.0, 2.0, 5.0]), ([0.7, 0.2, 0.1], 2, [1.0, 2.0, 5.0]), ([0.5, 0.5], 1, [0.6, 3.0])],
        (
            Wrong(
                _without_weight,
                "That is cross-entropy without weights: a mistake on a rare class costs no more than any other.",
                "それは重みのない交差エントロピーです。少数クラスの誤りが、ほかの誤りと同じ値段になっています。",
            ),
            Wrong(
                _weight_inside,
                "The weight stands inside the logarithm. Does it still multiply the loss there?",
                "重みが対数の中に入っています。そこでも損失を何倍かにする働きをするでしょうか。",
            ),
            Wrong(
                _all_classes,
                "All classes have a price here. Which probability does the loss of one image look at?",
                "すべてのクラスに値段が付いています。画像 1 枚の損失が見るのは、どの確率でしょうか。",
            ),
        ),
    ),
    Exercise(
        losses_dice,
        [([0.9, 0.2, 0.6, 0.1], [1, 0, 1, 0]), ([0.5, 0.5], [1, 0]), ([0.3, 0.8, 0.1], [0, 0, 1])],
        (
            Wrong(
                _overlap,
                "That grows with the overlap. What is a loss for an answer that is wholly right?",
                "それは重なりが大きいほど大きくなります。完全に正しい答えのとき、損失はいくつでしょうか。",
            ),
            Wrong(
                _once,
                "A wholly right answer would still cost a half. How often is what both share counted below the line?",
                "完全に正しくても損失が 0.5 になります。共通部分は、分母では何度数えられているでしょうか。",
            ),
            Wrong(
                _union,
                "That divides by what either has, the union: it is IoU. Dice divides by both sums together.",
                "それは和集合で割る IoU です。Dice では、二つの和の合計で割ります。",
            ),
        ),
    ),
    Exercise(
        losses_total,
        [(0.8, 1.5, 0.3), (0.8, None, 0.3), (1.2, 0.5, 10.0)],
        (
            Wrong(
                _as_shares,
                "With a large weight the class would count less than nothing: its own weight is always 1.",
                "重みが大きいと、クラスの損失が負の重みになってしまいます。クラスの重みはいつも 1 です。",
            ),
            Wrong(
                _both_weighed,
                "The weight multiplies both losses. Which of the two tasks is the helper?",
                "重みが両方の損失に掛かっています。補助の課題はどちらでしょうか。",
            ),
            Wrong(
                _only_pairs,
                "An image without a second label teaches nothing here, though its class is known.",
                "第二のラベルがない画像から、何も学べなくなっています。クラスはわかっているはずです。",
            ),
        ),
    ),
)
