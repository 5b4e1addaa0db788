"""Exercises of lesson 14, ensembles and reading the result."""

from __future__ import annotations

import numpy as np

from lessons.checking import Exercise, Wrong


def reading_f1(tp, fp, fn, tn):
    return 2 * tp / (2 * tp + fp + fn)


def _accuracy(tp, fp, fn, tn):
    return (tp + tn) / (tp + fp + fn + tn)


def _precision(tp, fp, fn, tn):
    return tp / (tp + fp)


def _recall(tp, fp, fn, tn):
    return tp / (tp + fn)


def _plain_mean(tp, fp, fn, tn):
    return (_precision(tp, fp, fn, tn) + _recall(tp, fp, fn, tn)) / 2


def ensemble_soft_vote(probabilities):
    return np.argmax(np.mean(probabilities, axis=0), axis=1)


def _hard_vote(probabilities):
    votes = np.argmax(probabilities, axis=2)
    classes = np.shape(probabilities)[2]
    return np.array([np.bincount(of_image, minlength=classes).argmax() for of_image in votes.T])


def _surest_member(probabilities):
    return np.argmax(np.max(probabilities, axis=0), axis=1)


def _first_member(probabilities):
    return np.argmax(probabilities[0], axis=1)


def _mean_only(probabilities):
    return np.mean(probabilities, axis=0)


def reading_overconfidence(confidence, right):
    return float(np.mean(confidence) - np.mean(right))


def _turned(confidence, right):
    return float(np.mean(right) - np.mean(confidence))


def _image_by_image(confidence, right):
    return float(np.mean(np.abs(np.subtract(confidence, np.asarray(right, float)))))


def _share_right(confidence, right):
    return float(np.mean(right))


PROBABILITIES = [
    [[0.90, 0.05, 0.05], [0.2, 0.5, 0.3], [0.3, 0.4, 0.3], [0.52, 0.43, 0.05]],
    [[0.40, 0.60, 0.00], [0.4, 0.3, 0.3], [0.1, 0.0, 0.9], [0.05, 0.45, 0.50]],
    [[0.45, 0.55, 0.00], [0.1, 0.6, 0.3], [0.6, 0.3, 0.1], [0.40, 0.50, 0.10]],
]

EXERCISES = (
    Exercise(
        reading_f1,
        [(6, 4, 2, 88), (30, 10, 30, 30), (1, 0, 9, 90)],
        (
            Wrong(
                _accuracy,
                "That is the accuracy. F1 takes no notice of the true negatives.",
                "それは正解率です。F1 では真陰性を数えません。",
            ),
            Wrong(
                _precision,
                "That is the precision alone: what of those that were not found?",
                "それは適合率だけです。見つけられなかったものはどうなりますか。",
            ),
            Wrong(
                _recall,
                "That is the recall alone: what of the false alarms?",
                "それは再現率だけです。誤って陽性としたものはどうなりますか。",
            ),
            Wrong(
                _plain_mean,
                "That is the plain mean of precision and recall. F1 is their harmonic mean, nearer to the smaller one.",
                "それは適合率と再現率の算術平均です。F1 は調和平均で、小さいほうに近い値になります。",
            ),
        ),
    ),
    Exercise(
        ensemble_soft_vote,
        [(PROBABILITIES,), (np.array(PROBABILITIES)[:, ::-1],)],
        (
            Wrong(
                _hard_vote,
                "That counts votes: a member that is nearly sure counts no more than one that hesitates.",
                "それは多数決です。ほぼ確信しているメンバーも、迷っているメンバーも同じ 1 票になっています。",
            ),
            Wrong(
                _surest_member,
                "That believes whoever is surest. All members are to have a say in every class.",
                "それではいちばん自信のあるメンバーだけを信じています。どのクラスにも全員の意見を入れてください。",
            ),
            Wrong(
                _first_member,
                "That asks the first member alone.",
                "それでは最初のメンバーにしか尋ねていません。",
            ),
            Wrong(
                _mean_only,
                "These are the mean probabilities. What is the answer for each image?",
                "それは平均の確率です。各画像の答えはどのクラスでしょうか。",
            ),
        ),
    ),
    Exercise(
        reading_overconfidence,
        [([0.9, 0.8, 0.7], [True, False, True]), ([0.5, 0.6], [True, True]), ([0.99, 0.95, 0.9, 0.9], [1, 0, 0, 1])],
        (
            Wrong(
                _turned,
                "The sign is turned: who says more than is true should come out above 0.",
                "符号が逆です。実際より高い確信度を示したときに正の値になるようにしてください。",
            ),
            Wrong(
                _image_by_image,
                "A single image is right or wrong, never 80 % right: compare the means, not image by image.",
                "1 枚の画像は正解か不正解のどちらかです。1 枚ずつではなく、平均どうしを比べてください。",
            ),
            Wrong(
                _share_right,
                "That is how often it was right. How often did it say that it would be?",
                "それは実際の正解率です。モデル自身は、どれくらい正解すると言っていたでしょうか。",
            ),
        ),
    ),
)
