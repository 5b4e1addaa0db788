"""Exercises of lesson 05, normalisation."""

from __future__ import annotations

import numpy as np

from lessons.checking import Exercise, Wrong


def norm_forward(x, gamma, beta, epsilon):
    mean, variance = x.mean(axis=0), x.var(axis=0)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def _over_features(x, gamma, beta, epsilon):
    mean, variance = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def _by_variance(x, gamma, beta, epsilon):
    return gamma * (x - x.mean(axis=0)) / (x.var(axis=0) + epsilon) + beta


def _unscaled(x, gamma, beta, epsilon):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + epsilon)


def _sample_variance(x, gamma, beta, epsilon):
    return gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0, ddof=1) + epsilon) + beta


def norm_moving(means, momentum):
    moving = 0.0
    for mean in means:
        moving = momentum * moving + (1 - momentum) * mean
    return moving


def _exchanged(means, momentum):
    moving = 0.0
    for mean in means:
        moving = (1 - momentum) * moving + momentum * mean
    return moving


def _plain_mean(means, momentum):
    return sum(means) / len(means)


def _from_first(means, momentum):
    moving = means[0]
    for mean in means[1:]:
        moving = momentum * moving + (1 - momentum) * mean
    return moving


def _summed(means, momentum):
    moving = 0.0
    for mean in means:
        moving = momentum * moving + mean
    return moving


def norm_mean(x, kind):
    axes = {"batch": (0, 1, 2), "layer": 3, "instance": (1, 2)}[kind]
    return x.mean(axis=axes)


def _other_way_round(x, kind):
    axes = {"batch": (1, 2), "layer": 3, "instance": (0, 1, 2)}[kind]
    return x.mean(axis=axes)


def _whole_image(x, kind):
    axes = {"batch": (0, 1, 2), "layer": (1, 2, 3), "instance": (1, 2)}[kind]
    return x.mean(axis=axes)


def _images_alone(x, kind):
    axes = {"batch": 0, "layer": 3, "instance": (1, 2)}[kind]
    return x.mean(axis=axes)


X = np.array([[1.0, 20.0], [3.0, 20.0], [5.0, 10.0], [7.0, 30.0]])
MAPS = np.arange(48.0).reshape(2, 2, 3, 4) ** 1.5

EXERCISES = (
    Exercise(
        norm_forward,
        [
            (X, np.ones(2), np.zeros(2), 1e-3),
            (X, np.array([2.0, 0.5]), np.array([-1.0, 4.0]), 1e-3),
            (X / 100, np.ones(2), np.ones(2), 0.5),
        ],
        (
            Wrong(
                _over_features,
                "Each row comes out with mean 0, not each column. Rows are images: over which axis lies the batch?",
                "行ごとに平均 0 になっています。行は画像です。バッチはどの軸に並んでいるでしょうか。",
            ),
            Wrong(
                _by_variance,
                "The variance of the result is not 1. Does the variance have the unit of x? What made of it has?",
                "結果の分散が 1 になりません。分散の単位は x と同じでしょうか。同じ単位を持つのは何でしょうか。",
            ),
            Wrong(
                _unscaled,
                "Mean 0 and variance 1 are right. The layer's two learned parameters are not used yet.",
                "平均 0、分散 1 まではできています。層が学習する二つのパラメータがまだ使われていません。",
            ),
            Wrong(
                _sample_variance,
                "That variance divides by N - 1. The batch is not a sample to estimate from here: divide by N.",
                "その分散は N - 1 で割っています。ここではバッチから母集団を推定するのではないので、N で割ります。",
            ),
        ),
    ),
    Exercise(
        norm_moving,
        [([4.0], 0.9), ([4.0, 4.0, 4.0, 4.0], 0.9), ([1.0, 2.0, -3.0], 0.5), ([5.0, 1.0, 1.0], 0.99)],
        (
            Wrong(
                _exchanged,
                "It nearly forgets all but the last batch. Which of the two shares is the large one?",
                "最後のバッチ以外をほとんど忘れてしまいます。大きいほうの割合は、どちらに掛けるのでしょうか。",
            ),
            Wrong(
                _plain_mean,
                "That needs all the batches at once. A layer keeps one number only, and mixes each new batch into it.",
                "それではすべてのバッチを覚えておく必要があります。層が持つのは一つの数だけで、新しいバッチを順に混ぜていきます。",
            ),
            Wrong(
                _from_first,
                "It begins with the first batch's mean. What does the layer hold before it has seen any batch?",
                "最初のバッチの平均から始まっています。まだ一つもバッチを見ていないとき、層は何を持っているでしょうか。",
            ),
            Wrong(
                _summed,
                "It grows beyond all the means that went in: the two shares have to make 1 together.",
                "どの平均よりも大きくなってしまいます。二つの割合は合わせて 1 になるはずです。",
            ),
        ),
    ),
    Exercise(
        norm_mean,
        [(MAPS, "batch"), (MAPS, "layer"), (MAPS, "instance")],
        (
            Wrong(
                _other_way_round,
                "Two kinds are exchanged. For which of them do the other images of the batch count?",
                "二つの種類が入れ替わっています。バッチの中の他の画像が関係するのはどちらでしょうか。",
            ),
            Wrong(
                _whole_image,
                "That is layer norm as in its paper, over a whole image. Keras' is asked for: each pixel by itself.",
                "それは論文の層正規化で、画像全体で平均します。ここでは Keras の方式、画素ごとの平均です。",
            ),
            Wrong(
                _images_alone,
                "Batch norm has one mean a channel. Yours has one for every place in the map as well.",
                "バッチ正規化の平均は、チャネルごとに一つです。今の答えは、特徴マップの位置ごとにも別の平均を持っています。",
            ),
        ),
    ),
)
