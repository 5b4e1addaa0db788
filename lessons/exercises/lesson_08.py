"""Exercises of lesson 08, deep networks."""

from __future__ import annotations

import numpy as np

from lessons.checking import Exercise, Wrong


def deep_block(x, w1, w2):
    f = np.maximum(x @ w1, 0) @ w2
    return np.maximum(x + f, 0)


def _plain(x, w1, w2):
    return np.maximum(np.maximum(x @ w1, 0) @ w2, 0)


def _without_last(x, w1, w2):
    return x + np.maximum(x @ w1, 0) @ w2


def _added_later(x, w1, w2):
    return x + np.maximum(np.maximum(x @ w1, 0) @ w2, 0)


def _straight(x, w1, w2):
    return np.maximum(x + x @ w1 @ w2, 0)


def deep_multiply_adds(side, kernel, channels, filters, stride):
    out = -(-side // stride)
    return out * out * kernel * kernel * channels * filters


def _at_all_pixels(side, kernel, channels, filters, stride):
    return side * side * kernel * kernel * channels * filters


def _one_place(side, kernel, channels, filters, stride):
    return kernel * kernel * channels * filters


def _one_line(side, kernel, channels, filters, stride):
    return -(-side // stride) * kernel * kernel * channels * filters


def _one_input(side, kernel, channels, filters, stride):
    return (-(-side // stride)) ** 2 * kernel * kernel * filters


def _line_kernel(side, kernel, channels, filters, stride):
    return (-(-side // stride)) ** 2 * kernel * channels * filters


def deep_compound(alpha, beta, gamma, phi):
    return (alpha * beta**2 * gamma**2) ** phi


def _all_alike(alpha, beta, gamma, phi):
    return (alpha * beta * gamma) ** phi


def _times_phi(alpha, beta, gamma, phi):
    return alpha * beta**2 * gamma**2 * phi


def _depth_squared(alpha, beta, gamma, phi):
    return (alpha**2 * beta**2 * gamma**2) ** phi


def _summed(alpha, beta, gamma, phi):
    return alpha**phi + beta ** (2 * phi) + gamma ** (2 * phi)


X = np.array([[1.0, -2.0], [0.5, 3.0]])
W1, W2 = np.array([[1.0, -1.0, 0.5], [0.0, 2.0, 1.0]]), np.array([[0.5, -1.0], [1.0, 0.0], [-2.0, 1.0]])

EXERCISES = (
    Exercise(
        deep_block,
        [(X, W1, W2), (X, W1, np.zeros((3, 2))), (X, -W1, W2)],
        (
            Wrong(
                _plain,
                "That is a plain block: with all weights 0 it gives 0. What should a residual block give then?",
                "それは普通のブロックで、重みがすべて 0 なら 0 になります。残差ブロックなら何になるでしょうか。",
            ),
            Wrong(
                _without_last,
                "The sum is right. What does every block end with in this exercise?",
                "和は正しく計算できています。この問題のブロックは、最後に何をするでしょうか。",
            ),
            Wrong(
                _added_later,
                "The last ReLU acts before the sum: the block can only add. Where does it stand in the formula?",
                "最後の ReLU が和の前にあり、値を増やすことしかできません。式では、どこにあるでしょうか。",
            ),
            Wrong(
                _straight,
                "Two matrices one after the other are a single one (lesson 01). What stands between them?",
                "行列を続けて掛けるだけなら、一つの行列と同じです(第 01 章)。間に何があるでしょうか。",
            ),
        ),
    ),
    Exercise(
        deep_multiply_adds,
        [(32, 3, 16, 16, 1), (32, 3, 16, 32, 2), (15, 5, 3, 8, 2), (8, 1, 64, 10, 1)],
        (
            Wrong(
                _at_all_pixels,
                "Right at a stride of 1. At how many places does the kernel stop when it moves by more?",
                "ストライド 1 なら正解です。それより大きく動くとき、カーネルは何か所に置かれるでしょうか。",
            ),
            Wrong(
                _one_place,
                "That is the number of weights. How often is each of them used?",
                "それは重みの数です。一つの重みは何回使われるでしょうか。",
            ),
            Wrong(
                _one_line,
                "The places of one line are counted. A map has two sides.",
                "1 行分の場所しか数えていません。特徴マップには縦と横があります。",
            ),
            Wrong(
                _one_input,
                "That is for a grey image. With how many numbers is a kernel multiplied at one place?",
                "それはグレースケール画像の場合です。1 か所で、カーネルはいくつの数と掛け合わされるでしょうか。",
            ),
            Wrong(
                _line_kernel,
                "The kernel is a square: how many pixels does it cover?",
                "カーネルは正方形です。何画素を覆うでしょうか。",
            ),
        ),
    ),
    Exercise(
        deep_compound,
        [(1.2, 1.1, 1.15, 1), (1.2, 1.1, 1.15, 3), (2.0, 1.0, 1.0, 2), (1.0, 2.0, 1.0, 1), (1.3, 1.2, 1.1, 0)],
        (
            Wrong(
                _all_alike,
                "Depth, width and resolution do not count alike. What does twice the width do to channels and filters?",
                "三つの効き方は同じではありません。幅を 2 倍にすると、チャネル数とフィルタ数はどうなるでしょうか。",
            ),
            Wrong(
                _times_phi,
                "Right for phi = 1. The factors are raised to phi: what does a step from phi = 1 to 2 do?",
                "phi = 1 なら正解です。各倍率は phi 乗されます。phi を 1 から 2 にすると、何倍になるでしょうか。",
            ),
            Wrong(
                _depth_squared,
                "Twice the layers are not four times the work. Which of the three counts only once?",
                "層を 2 倍にしても、計算量は 4 倍にはなりません。三つのうち、一度しか効かないのはどれでしょうか。",
            ),
            Wrong(
                _summed,
                "At phi = 0 nothing is scaled, so the factor must be 1. How do the three factors act together?",
                "phi = 0 なら何も拡大しないので、倍率は 1 のはずです。三つの倍率は、合わせるとどう働くでしょうか。",
            ),
        ),
    ),
)
