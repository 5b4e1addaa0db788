"""Exercises of lesson 02, backpropagation."""

from __future__ import annotations

import math

import numpy as np

from lessons.checking import Exercise, Wrong


def backprop_iterations(images, batch, epochs):
    return -(-images // batch) * epochs


def _rounded_down(images, batch, epochs):
    return images // batch * epochs


def _one_epoch(images, batch, epochs):
    return math.ceil(images / batch)


def _images_seen(images, batch, epochs):
    return images * epochs


def _rounded_at_the_end(images, batch, epochs):
    return math.ceil(images * epochs / batch)


def backprop_affine(x, w, grad):
    return grad @ w.T, x.T @ grad, grad.sum(axis=0)


def _mean_bias(x, w, grad):
    return grad @ w.T, x.T @ grad, grad.mean(axis=0)


def _not_transposed(x, w, grad):
    return grad @ w, x.T @ grad, grad.sum(axis=0)


def _turned(x, w, grad):
    return grad @ w.T, grad.T @ x, grad.sum(axis=0)


def _over_outputs(x, w, grad):
    return grad @ w.T, x.T @ grad, grad.sum(axis=1)


def backprop_numerical(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def _one_sided(f, x, h):
    return (f(x + h) - f(x)) / h


def _half_the_distance(f, x, h):
    return (f(x + h) - f(x - h)) / h


def _turned_round(f, x, h):
    return (f(x - h) - f(x + h)) / (2 * h)


def _not_divided(f, x, h):
    return f(x + h) - f(x - h)


X, W, GRAD = (
    np.array([[1.0, 2.0], [-1.0, 0.5]]),
    np.array([[0.5, -2.0], [1.0, 3.0]]),
    np.array([[1.0, -1.0], [2.0, 0.5]]),
)

EXERCISES = (
    Exercise(
        backprop_iterations,
        [(5000, 100, 16), (1200, 32, 5), (10, 4, 3)],
        (
            Wrong(
                _rounded_down,
                "The images that do not fill a whole batch are left out. What becomes of them?",
                "バッチを満たさない残りの画像が使われていません。それらはどうなるでしょうか。",
            ),
            Wrong(
                _one_epoch,
                "That is one epoch.",
                "それは 1 エポック分です。",
            ),
            Wrong(
                _images_seen,
                "That is how many images go through the network. How many of them share one update?",
                "それはネットワークを通る画像の枚数です。1 回の更新に何枚が使われるでしょうか。",
            ),
            Wrong(
                _rounded_at_the_end,
                "Nearly. Does a batch reach from one epoch into the next?",
                "惜しいです。一つのバッチが次のエポックにまたがることはあるでしょうか。",
            ),
        ),
    ),
    Exercise(
        backprop_affine,
        [(X, W, GRAD), (W, GRAD, X), (np.eye(2), X, W)],
        (
            Wrong(
                _mean_bias,
                "Two of three are right. Every image of the batch uses the same b: how do their wishes combine?",
                "三つのうち二つは合っています。b はバッチのすべての画像で共通です。それぞれの勾配をどうまとめますか。",
            ),
            Wrong(
                _not_transposed,
                "The first one is off: forward, w leads from inputs to outputs. Now the way goes back.",
                "一つ目が違います。順伝播では w が入力から出力へ導きます。今度は逆向きです。",
            ),
            Wrong(
                _turned,
                "The second one lies on its side: its shape has to be that of w, with one row an input.",
                "二つ目の行と列が入れ替わっています。w と同じ形で、行が入力に対応します。",
            ),
            Wrong(
                _over_outputs,
                "The third one has to be one number an output: over what is summed?",
                "三つ目は出力ごとに一つの数になります。何について和をとりますか。",
            ),
        ),
    ),
    Exercise(
        backprop_numerical,
        [(math.exp, 0.0, 0.1), (math.sin, 1.0, 0.01), (math.atan, -2.0, 0.1)],
        (
            Wrong(
                _one_sided,
                "That looks to one side only. Look as far to the other side too: most of the error then cancels.",
                "それは片側だけの差です。反対側も同じだけ見ると、誤差の大部分が打ち消し合います。",
            ),
            Wrong(
                _half_the_distance,
                "Twice too large: how far apart are the two places?",
                "2 倍になっています。二つの点はどれだけ離れているでしょうか。",
            ),
            Wrong(
                _turned_round,
                "The size is right, the sign is not: which of the two comes first?",
                "大きさは合っていますが、符号が逆です。どちらからどちらを引きますか。",
            ),
            Wrong(
                _not_divided,
                "That is a difference, not yet a slope.",
                "それは差であって、まだ傾きではありません。",
            ),
        ),
    ),
)
