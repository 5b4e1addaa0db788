"""Exercises of lesson 13, choosing honestly."""

from __future__ import annotations

import math

from lessons.checking import Exercise, Wrong


def choosing_training_rows(count, k, fold):
    return [row for row in range(count) if row % k != fold]


def _held_out(count, k, fold):
    return [row for row in range(count) if row % k == fold]


def _all_rows(count, k, fold):
    return list(range(count))


def _from_one(count, k, fold):
    return [row for row in range(count) if (row + 1) % k != fold]


def _blocks(count, k, fold):
    size = count // k
    return [row for row in range(count) if row // size != fold]


def choosing_rate(low, high, u):
    return low * (high / low) ** u


def _linear(low, high, u):
    return low + (high - low) * u


def _exponent(low, high, u):
    return math.log10(low) + (math.log10(high) - math.log10(low)) * u


def _from_above(low, high, u):
    return high * (low / high) ** u


def _without_low(low, high, u):
    return (high / low) ** u


def choosing_report(validation, test):
    chosen = max(range(len(validation)), key=lambda number: validation[number])
    return chosen, test[chosen]


def _winner_on_validation(validation, test):
    chosen = max(range(len(validation)), key=lambda number: validation[number])
    return chosen, validation[chosen]


def _chosen_by_test(validation, test):
    chosen = max(range(len(test)), key=lambda number: test[number])
    return chosen, test[chosen]


def _best_of_both(validation, test):
    return max(range(len(validation)), key=lambda number: validation[number]), max(test)


def _mean_of_both(validation, test):
    chosen = max(range(len(validation)), key=lambda number: validation[number])
    return chosen, (validation[chosen] + test[chosen]) / 2


EXERCISES = (
    Exercise(
        choosing_training_rows,
        [(6, 3, 0), (10, 5, 4), (7, 3, 1)],
        (
            Wrong(
                _held_out,
                "These rows are the fold itself, which is to judge. Who may learn?",
                "それは評価に使うフォールドの行です。学習に使えるのはどの行でしょうか。",
            ),
            Wrong(
                _all_rows,
                "The fold is among them: it would be judged by a network that has seen it.",
                "評価するフォールドまで含まれています。学習済みの画像で評価することになってしまいます。",
            ),
            Wrong(
                _from_one,
                "Row 0 belongs to fold 0: rows and folds are both counted from 0.",
                "行 0 はフォールド 0 に属します。行もフォールドも 0 から数えます。",
            ),
            Wrong(
                _blocks,
                "That cuts the rows into blocks. Here they are dealt out like cards, one to each fold in turn.",
                "それでは行を連続したかたまりに分けています。ここではトランプを配るように、1 行ずつ順に配ります。",
            ),
        ),
    ),
    Exercise(
        choosing_rate,
        [(1e-4, 1.0, 0.0), (1e-4, 1.0, 0.5), (1e-3, 10.0, 0.25), (1e-3, 10.0, 1.0)],
        (
            Wrong(
                _linear,
                "That is the linear scale: half of all draws fall into the upper half, far from the small rates.",
                "それは線形スケールです。半分が範囲の上半分に集まり、小さな値がほとんど試されません。",
            ),
            Wrong(
                _exponent,
                "That is the exponent, which may be negative. One step is missing to make a rate of it.",
                "それは指数（対数の値）です。学習率に戻す計算が一つ足りません。",
            ),
            Wrong(
                _from_above,
                "The scale is right, but u = 0 should give the lower end.",
                "スケールは正しいのですが、u = 0 のときは下端になるはずです。",
            ),
            Wrong(
                _without_low,
                "At u = 0 that is 1, whatever the lower end is.",
                "u = 0 のとき、下端が何であっても 1 になってしまいます。",
            ),
        ),
        tolerance=1e-9,
    ),
    Exercise(
        choosing_report,
        [([0.60, 0.75, 0.70], [0.66, 0.68, 0.72]), ([0.9, 0.8], [0.7, 0.85]), ([0.5, 0.6], [0.4, 0.55])],
        (
            Wrong(
                _winner_on_validation,
                "The choice is right. But the winner was picked for this very figure, so luck is part of it.",
                "選び方は正しいです。ただし、その値が高いから選ばれたのですから、運も含まれています。",
            ),
            Wrong(
                _chosen_by_test,
                "Here the test data chose. Then they are validation data, and nobody is left to judge.",
                "テストデータで選んでいます。それではテストデータが検証データになり、評価するデータが残りません。",
            ),
            Wrong(
                _best_of_both,
                "The figure belongs to another network than the one that was chosen.",
                "その正解率は、選んだものとは別のネットワークの値です。",
            ),
            Wrong(
                _mean_of_both,
                "Half of that figure had a say in the choice. Which half did not?",
                "その値の半分は選択に使われたものです。選択に関わっていないのはどちらでしょうか。",
            ),
        ),
    ),
)
