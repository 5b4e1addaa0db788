"""Exercises of lesson 01, neurons."""

from __future__ import annotations

import numpy as np

from lessons.checking import Exercise, Wrong


def neuron_layer(x, w, b):
    return 1 / (1 + np.exp(-(x @ w + b)))


def _without_activation(x, w, b):
    return x @ w + b


def _without_bias(x, w, b):
    return 1 / (1 + np.exp(-(x @ w)))


def _bias_outside(x, w, b):
    return 1 / (1 + np.exp(-(x @ w))) + b


def _sign_lost(x, w, b):
    return 1 / (1 + np.exp(x @ w + b))


def neuron_collapse(w1, b1, w2, b2):
    return w1 @ w2, b1 @ w2 + b2


def _biases_added(w1, b1, w2, b2):
    return w1 @ w2, b1 + b2


def _last_bias_only(w1, b1, w2, b2):
    return w1 @ w2, b2


def _wrong_order(w1, b1, w2, b2):
    return w2 @ w1, b1 @ w2 + b2


def _added(w1, b1, w2, b2):
    return w1 + w2, b1 + b2


def neuron_softmax(z):
    e = np.exp(z - np.max(z))
    return e / e.sum()


def _overflowing(z):
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(z) / np.exp(z).sum()


def _not_divided(z):
    with np.errstate(over="ignore"):
        return np.exp(z)


def _shares(z):
    return z / z.sum()


def _by_the_largest(z):
    e = np.exp(z - np.max(z))
    return e / e.max()


W, B = np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([0.5, -1.0])
V, C = np.array([[2.0, 1.0], [-1.0, 0.0]]), np.array([3.0, 1.0])

EXERCISES = (
    Exercise(
        neuron_layer,
        [(np.array([0.0, 0.0]), W, B), (np.array([1.0, -1.0]), W, B), (np.array([2.0]), np.ones((1, 3)), np.zeros(3))],
        (
            Wrong(
                _without_activation,
                "That is the sum that goes into the activation. What comes out of a sigmoid lies between 0 and 1.",
                "それは活性化関数に入る前の値です。シグモイド関数の出力は 0 と 1 の間になります。",
            ),
            Wrong(
                _without_bias,
                "With all inputs 0 every neuron gives 1/2, whatever its bias is.",
                "入力がすべて 0 のとき、バイアスに関係なくどのニューロンも 1/2 になってしまいます。",
            ),
            Wrong(
                _bias_outside,
                "Some outputs leave the range from 0 to 1: what belongs inside the activation?",
                "出力が 0 から 1 の範囲をはみ出します。活性化関数の中に入れるべきものは何でしょうか。",
            ),
            Wrong(
                _sign_lost,
                "It falls where it should rise. Look at the sign in the exponent of the sigmoid.",
                "増えるべきところで減っています。シグモイド関数の指数の符号を見直しましょう。",
            ),
        ),
    ),
    Exercise(
        neuron_collapse,
        [(W, B, V, C), (V, C, W, B), (np.eye(2), B, np.zeros((2, 2)), C)],
        (
            Wrong(
                _biases_added,
                "The weights are right. The first bias goes through the second layer too: what happens to it there?",
                "重みは合っています。一つ目のバイアスも二つ目の層を通ります。そこで何が起きるでしょうか。",
            ),
            Wrong(
                _last_bias_only,
                "The weights are right. With x = 0 the first layer still gives something: what becomes of it?",
                "重みは合っています。x = 0 でも一つ目の層は値を出します。それはどうなるでしょうか。",
            ),
            Wrong(
                _wrong_order,
                "The bias is right. Matrices do not commute: which of them meets x first?",
                "バイアスは合っています。行列の積は順序を入れ替えられません。x に先に掛かるのはどちらでしょうか。",
            ),
            Wrong(
                _added,
                "Adding would be two layers side by side. Put the first formula into the second and multiply out.",
                "足し算では二つの層を並列につないだことになります。一つ目の式を二つ目に代入して展開してみましょう。",
            ),
        ),
    ),
    Exercise(
        neuron_softmax,
        [(np.array([2.0, 1.0, 0.0]),), (np.array([-1.0, 3.0]),), (np.array([1000.0, 999.0]),)],
        (
            Wrong(
                _overflowing,
                "Right for small numbers, but e^1000 is too large for a computer. Which number may you take away from "
                "all of z without changing the shares?",
                "小さな数では正解ですが、e の 1000 乗はコンピュータでは大きすぎます。"
                "割合を変えずに z 全体から引ける数は何でしょうか。",
            ),
            Wrong(
                _not_divided,
                "All are positive, but they do not sum to 1.",
                "すべて正ですが、合計が 1 になっていません。",
            ),
            Wrong(
                _shares,
                "They sum to 1, but some are negative: something has to make every z positive first.",
                "合計は 1 ですが、負の値があります。先にすべての z を正にする必要があります。",
            ),
            Wrong(
                _by_the_largest,
                "The largest share is now always 1. By what must all be divided so that the sum is 1?",
                "最大の値がいつも 1 になります。合計を 1 にするには何で割ればよいでしょうか。",
            ),
        ),
    ),
)
