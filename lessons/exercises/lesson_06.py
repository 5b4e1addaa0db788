"""Exercises of lesson 06, overfitting and regularisation."""

from __future__ import annotations

import numpy as np

from lessons.checking import Exercise, Wrong


def reg_gradients(w, b, grad_w, grad_b, l1, l2):
    return grad_w + l1 * np.sign(w) + 2 * l2 * w, grad_b


def _bias_too(w, b, grad_w, grad_b, l1, l2):
    return grad_w + l1 * np.sign(w) + 2 * l2 * w, grad_b + l1 * np.sign(b) + 2 * l2 * b


def _without_sign(w, b, grad_w, grad_b, l1, l2):
    return grad_w + l1 * w + 2 * l2 * w, grad_b


def _amount(w, b, grad_w, grad_b, l1, l2):
    return grad_w + l1 * np.abs(w) + 2 * l2 * w, grad_b


def _one_factor(w, b, grad_w, grad_b, l1, l2):
    return grad_w + l1 * np.sign(w) + l2 * w, grad_b


def _loss(w, b, grad_w, grad_b, l1, l2):
    return grad_w + l1 * np.abs(w) + l2 * w**2, grad_b


def reg_dropout(x, kept, rate, training):
    return x * kept / (1 - rate) if training else x


def _unscaled(x, kept, rate, training):
    return x * kept if training else x


def _afterwards(x, kept, rate, training):
    return x * kept if training else x * (1 - rate)


def _both(x, kept, rate, training):
    return x * kept / (1 - rate) if training else x * (1 - rate)


def _always(x, kept, rate, training):
    return x * kept / (1 - rate)


def _by_rate(x, kept, rate, training):
    return x * kept / rate if training else x


def reg_stopping(losses, patience):
    best, kept, waited = float("inf"), 0, 0
    for epoch, loss in enumerate(losses, start=1):
        waited += 1
        if loss < best:
            best, kept, waited = loss, epoch, 0
        if waited == patience:
            return epoch, kept
    return len(losses), kept


def _last_weights(losses, patience):
    end = reg_stopping(losses, patience)[0]
    return end, end


def _one_more(losses, patience):
    return reg_stopping(losses, patience + 1)


def _against_previous(losses, patience):
    previous, kept, waited = float("inf"), 0, 0
    for epoch, loss in enumerate(losses, start=1):
        waited += 1
        if loss < previous:
            kept, waited = epoch, 0
        previous = loss
        if waited == patience:
            return epoch, kept
    return len(losses), kept


def _never_again(losses, patience):
    best, kept, waited = float("inf"), 0, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < best:
            best, kept = loss, epoch
        else:
            waited += 1
        if waited == patience:
            return epoch, kept
    return len(losses), kept


def _from_zero(losses, patience):
    end, kept = reg_stopping(losses, patience)
    return end - 1, kept - 1


W = np.array([2.0, -0.5, 0.0])
X, KEPT = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 0, 1, 1])

EXERCISES = (
    Exercise(
        reg_gradients,
        [
            (W, 1.0, np.array([0.1, 0.2, 0.3]), -0.4, 0.01, 0.0),
            (W, 1.0, np.array([0.1, 0.2, 0.3]), -0.4, 0.0, 0.05),
            (W, -2.0, np.zeros(3), 0.5, 0.02, 0.03),
        ],
        (
            Wrong(
                _bias_too,
                "The weights' gradient is right. Which of the two, w or b, makes a network bend sharply?",
                "重みの勾配は正しいです。ネットワークの曲がり方を急にするのは、w と b のどちらでしょうか。",
            ),
            Wrong(
                _without_sign,
                "The L1 part pulls a large weight more than a small one. What is the slope of |w|?",
                "L1 の部分が、大きな重みほど強く引いています。|w| の傾きはいくつでしょうか。",
            ),
            Wrong(
                _amount,
                "The L1 part pushes a negative weight further away from 0. What is the slope of |w| to the left of 0?",
                "L1 の部分が、負の重みを 0 から遠ざけています。0 の左側での |w| の傾きはいくつでしょうか。",
            ),
            Wrong(
                _one_factor,
                "The penalty here is l2 times w squared, not half of that. What is the derivative of w squared?",
                "ここでの罰則項は l2 × w の二乗で、その半分ではありません。w の二乗を微分すると何になるでしょうか。",
            ),
            Wrong(
                _loss,
                "That adds what the penalty adds to the loss. A gradient needs its derivative.",
                "それは罰則項が損失に加える値です。勾配に加えるのは、その微分です。",
            ),
        ),
    ),
    Exercise(
        reg_dropout,
        [(X, KEPT, 0.25, True), (X, KEPT, 0.25, False), (X, KEPT, 0.8, True), (X, KEPT, 0.8, False)],
        (
            Wrong(
                _unscaled,
                "In training the values are smaller on average than for a prediction. What makes up for that?",
                "訓練時の値の合計が、平均すると予測時より小さくなります。何で埋め合わせればよいでしょうか。",
            ),
            Wrong(
                _afterwards,
                "That is the paper's way. It fits, but predictions then compute more. Where is Keras' factor?",
                "論文の方式で、つじつまは合いますが、予測時の計算が増えます。Keras は係数をどこに置いたでしょうか。",
            ),
            Wrong(
                _both,
                "It is scaled twice. With one of the two the averages already agree.",
                "二重にスケールしています。どちらか一方だけで、平均はすでに一致します。",
            ),
            Wrong(
                _always,
                "It drops values of a prediction too: the same image would get another answer each time.",
                "予測時にも値を落としています。同じ画像でも、毎回違う答えになってしまいます。",
            ),
            Wrong(
                _by_rate,
                "At a rate of 0.25 the values kept become four times as large. Which share of them is kept?",
                "rate が 0.25 のとき、残った値が 4 倍になっています。残る値の割合はいくらでしょうか。",
            ),
        ),
    ),
    Exercise(
        reg_stopping,
        [
            ([1.0, 0.8, 0.7, 0.9, 1.0, 1.1, 1.2], 2),
            ([1.0, 0.8, 0.9, 0.7, 0.95, 0.9, 0.85, 0.6], 3),
            ([1.0, 0.9, 0.95, 0.8, 0.85, 0.7, 0.75, 0.65], 2),
            ([1.0, 0.9, 0.8], 2),
        ],
        (
            Wrong(
                _last_weights,
                "The end is right. The weights of the last epoch are not those that were best on validation.",
                "終わるエポックは正しいです。最後のエポックの重みは、検証で最もよかった重みではありません。",
            ),
            Wrong(
                _one_more,
                "It ends an epoch late: with a patience of 2, two epochs in a row without a better loss are enough.",
                "1 エポック遅く終わっています。patience が 2 なら、改善のないエポックが二つ続いた時点で終わります。",
            ),
            Wrong(
                _against_previous,
                "It compares with the epoch before. A loss may fall again and still be worse than the best.",
                "直前のエポックと比べています。損失がまた下がっても、最良の値にはまだ及ばないかもしれません。",
            ),
            Wrong(
                _never_again,
                "It counts all epochs without a better loss. What should a better one do to the count?",
                "改善のなかったエポックをすべて数えています。改善したとき、数えた値はどうなるべきでしょうか。",
            ),
            Wrong(
                _from_zero,
                "Everything is early by one: the first epoch has the number 1.",
                "すべて一つずつ早くなっています。最初のエポックの番号は 1 です。",
            ),
        ),
    ),
)
