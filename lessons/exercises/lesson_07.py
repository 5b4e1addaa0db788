"""Exercises of lesson 07, convolution."""

from __future__ import annotations

import numpy as np

from lessons.checking import Exercise, Wrong


def conv_output_size(side, kernel, stride, padding):
    return (side + 2 * padding - kernel) // stride + 1


def _one_side(side, kernel, stride, padding):
    return (side + padding - kernel) // stride + 1


def _without_one(side, kernel, stride, padding):
    return (side + 2 * padding - kernel) // stride


def _not_whole(side, kernel, stride, padding):
    return (side + 2 * padding - kernel) / stride + 1


def _one_inside(side, kernel, stride, padding):
    return (side + 2 * padding - kernel + 1) // stride


def conv_parameters(kernel, channels, filters):
    return kernel * kernel * channels * filters + filters


def _no_bias(kernel, channels, filters):
    return kernel * kernel * channels * filters


def _one_bias(kernel, channels, filters):
    return kernel * kernel * channels * filters + 1


def _one_channel(kernel, channels, filters):
    return kernel * kernel * filters + filters


def _a_line(kernel, channels, filters):
    return kernel * channels * filters + filters


def _bias_by_channel(kernel, channels, filters):
    return (kernel * kernel + 1) * channels * filters


def conv_im2col(image, kernel):
    high, wide = (side - kernel + 1 for side in image.shape)
    return np.array([image[i : i + kernel, j : j + kernel].ravel() for i in range(high) for j in range(wide)])


def _upright(image, kernel):
    return conv_im2col(image, kernel).T


def _apart(image, kernel):
    high, wide = image.shape
    return np.array(
        [
            image[i : i + kernel, j : j + kernel].ravel()
            for i in range(0, high - kernel + 1, kernel)
            for j in range(0, wide - kernel + 1, kernel)
        ]
    )


def _columns_first(image, kernel):
    high, wide = (side - kernel + 1 for side in image.shape)
    return np.array([image[i : i + kernel, j : j + kernel].ravel() for j in range(wide) for i in range(high)])


def _one_short(image, kernel):
    high, wide = (side - kernel for side in image.shape)
    return np.array([image[i : i + kernel, j : j + kernel].ravel() for i in range(high) for j in range(wide)])


EXERCISES = (
    Exercise(
        conv_output_size,
        [(6, 2, 1, 1), (32, 5, 1, 0), (7, 3, 2, 0), (8, 3, 2, 0), (28, 2, 2, 0), (5, 3, 1, 1)],
        (
            Wrong(
                _one_side,
                "The image grows on one side only. Where does padding put its pixels?",
                "画像が片側しか広がっていません。パディングは画素をどこに加えるでしょうか。",
            ),
            Wrong(
                _without_one,
                "That counts the steps that the window makes. At how many places has it been after them?",
                "それは窓が動いた回数です。動き終えるまでに、窓は何か所に置かれたでしょうか。",
            ),
            Wrong(
                _not_whole,
                "At some strides you get half a place. What becomes of a window that does not fit?",
                "ストライドで割り切れないとき、結果に端数が出ます。画像に収まらない窓はどうなるでしょうか。",
            ),
            Wrong(
                _one_inside,
                "Right at a stride of 1. At a larger one: does the place where the window begins get divided as well?",
                "ストライド 1 なら正解です。それより大きいとき、最初の窓の 1 か所まで割ってよいのでしょうか。",
            ),
        ),
    ),
    Exercise(
        conv_parameters,
        [(5, 1, 6), (5, 3, 6), (3, 64, 128), (1, 16, 4)],
        (
            Wrong(
                _no_bias,
                "The kernels are counted rightly. Is anything else learned beside them?",
                "カーネルの重みは正しく数えています。ほかに学習されるものはないでしょうか。",
            ),
            Wrong(
                _one_bias,
                "There is not one bias for all maps together. What does each output map have of its own?",
                "バイアスは全体で一つではありません。出力の特徴マップは、それぞれ何を持っているでしょうか。",
            ),
            Wrong(
                _one_channel,
                "That would do for grey images. What does one kernel do with the three channels of a colour image?",
                "グレースケール画像ならそれで足ります。カラー画像の三つのチャネルを、一つのカーネルはどう扱うでしょうか。",
            ),
            Wrong(
                _a_line,
                "The kernel you count is a line, not a square.",
                "その数え方では、カーネルが正方形ではなく 1 列になっています。",
            ),
            Wrong(
                _bias_by_channel,
                "You count a bias for every channel. When is it added: before or after the channels are summed?",
                "チャネルとフィルタの組ごとにバイアスを数えています。足すのは、チャネルについて合計する前でしょうか、後でしょうか。",
            ),
        ),
    ),
    Exercise(
        conv_im2col,
        [
            (np.arange(12.0).reshape(3, 4), 2),
            (np.arange(25.0).reshape(5, 5) ** 2, 3),
            (np.arange(6.0).reshape(2, 3), 1),
        ],
        (
            Wrong(
                _upright,
                "The windows stand as columns. Which shape must the matrix have so that matrix @ kernel works?",
                "窓が列に並んでいます。行列 @ カーネルと計算するには、どんな形でなければならないでしょうか。",
            ),
            Wrong(
                _apart,
                "The windows do not overlap. By how many pixels does the window move at a stride of 1?",
                "窓どうしが重なっていません。ストライド 1 では、窓は何画素ずつ動くでしょうか。",
            ),
            Wrong(
                _columns_first,
                "All windows are there, but they go down the image first. In which order do you read a page?",
                "窓はすべてそろっていますが、下方向に先に進んでいます。横書きの文章を読む順序を思い出してください。",
            ),
            Wrong(
                _one_short,
                "The last window of each row is missing. How many places are there for a window of 2 in a line of 4?",
                "各行の最後の窓がありません。長さ 4 の列に幅 2 の窓は、何か所に置けるでしょうか。",
            ),
        ),
    ),
)
