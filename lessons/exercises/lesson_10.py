"""Exercises of lesson 10, augmentation."""

from __future__ import annotations

import math

import numpy as np

from lessons.checking import Exercise, Wrong


def augment_mixup(x1, x2, t1, t2, share):
    return share * x1 + (1 - share) * x2, share * t1 + (1 - share) * t2


def _hard_label(x1, x2, t1, t2, share):
    return share * x1 + (1 - share) * x2, t1


def _half_label(x1, x2, t1, t2, share):
    return share * x1 + (1 - share) * x2, (t1 + t2) / 2


def _swapped_shares(x1, x2, t1, t2, share):
    return share * x1 + (1 - share) * x2, (1 - share) * t1 + share * t2


def augment_flip_facing(image, label):
    return [row[::-1] for row in image], {"left": "right", "right": "left"}.get(label, label)


def _label_kept(image, label):
    return [row[::-1] for row in image], label


def _upside_down(image, label):
    return image[::-1], {"left": "right", "right": "left"}.get(label, label)


def _both_ways(image, label):
    return [row[::-1] for row in image[::-1]], {"left": "right", "right": "left"}.get(label, label)


def augment_soft_loss(target, probabilities):
    return -sum(t * np.log(p) for t, p in zip(target, probabilities, strict=True) if t > 0)


def _only_largest(target, probabilities):
    return -math.log(probabilities[max(range(len(target)), key=target.__getitem__)])


def _log_of_sum(target, probabilities):
    return -math.log(sum(t * p for t, p in zip(target, probabilities, strict=True)))


def _without_sign(target, probabilities):
    return sum(t * math.log(p) for t, p in zip(target, probabilities, strict=True) if t > 0)


DARK, BRIGHT, CAT, DOG = np.zeros((2, 2)), np.full((2, 2), 100.0), np.array([1.0, 0.0]), np.array([0.0, 1.0])

EXERCISES = (
    Exercise(
        augment_mixup,
        [(DARK, BRIGHT, CAT, DOG, 0.7), (DARK, BRIGHT, CAT, DOG, 0.25), (BRIGHT, DARK, DOG, DOG, 0.9)],
        (
            Wrong(
                _hard_label,
                "The images are mixed, but the label says that only the first is there.",
                "画像は混ざっていますが、ラベルは一つ目だけがあると言っています。",
            ),
            Wrong(
                _half_label,
                "The label is always half and half. How much of each image is to be seen?",
                "ラベルがいつも半々です。それぞれの画像は、どれだけ見えているでしょうか。",
            ),
            Wrong(
                _swapped_shares,
                "Images and labels are mixed, but not by the same shares: compare the two lines.",
                "画像もラベルも混ざっていますが、割合が一致していません。二つの式を見比べてください。",
            ),
        ),
    ),
    Exercise(
        augment_flip_facing,
        [([[1, 2, 3], [4, 5, 6]], "left"), ([[1, 2], [3, 4]], "right"), ([[7, 8, 9]], "front")],
        (
            Wrong(
                _label_kept,
                "The image is mirrored. Which way does an animal look that looked to the left?",
                "画像は反転できています。左を向いていた動物は、どちらを向くでしょうか。",
            ),
            Wrong(
                _upside_down,
                "The image stands on its head: the order of the rows changed, not that within each row.",
                "画像が上下逆さまです。行の順序ではなく、各行の中の順序を変えます。",
            ),
            Wrong(
                _both_ways,
                "That is half a turn: the image is mirrored left and right, and upside down as well.",
                "それでは 180 度の回転です。左右だけでなく上下も反転しています。",
            ),
        ),
    ),
    Exercise(
        augment_soft_loss,
        [([0.7, 0.3], [0.6, 0.4]), ([1.0, 0.0, 0.0], [0.5, 0.25, 0.25]), ([0.2, 0.5, 0.3], [0.1, 0.8, 0.1])],
        (
            Wrong(
                _only_largest,
                "The other classes of the label are left out, though they have a share too.",
                "ラベルのほかのクラスにも割合があるのに、無視されています。",
            ),
            Wrong(
                _log_of_sum,
                "The order is not right: take the logarithm of each probability, then the weighted sum.",
                "順序が違います。各確率の対数を取ってから、重み付きの和を求めます。",
            ),
            Wrong(
                _without_sign,
                "A loss is 0 or larger. Which sign has the logarithm of a number below 1?",
                "損失は 0 以上です。1 より小さい数の対数の符号は何でしょうか。",
            ),
        ),
    ),
)
