"""Exercises of lesson 03, vanishing gradients and initial values."""

from __future__ import annotations

import math

import numpy as np

from lessons.checking import Exercise, Wrong


def initial_spread(name, inputs, outputs):
    variance = {"lecun": 1 / inputs, "glorot": 2 / (inputs + outputs), "he": 2 / inputs}[name]
    return variance**0.5


def _variance(name, inputs, outputs):
    return {"lecun": 1 / inputs, "glorot": 2 / (inputs + outputs), "he": 2 / inputs}[name]


def _glorot_by_inputs(name, inputs, outputs):
    return math.sqrt({"lecun": 1 / inputs, "glorot": 1 / inputs, "he": 2 / inputs}[name])


def _by_outputs(name, inputs, outputs):
    return math.sqrt({"lecun": 1 / outputs, "glorot": 2 / (inputs + outputs), "he": 2 / outputs}[name])


def _he_without_two(name, inputs, outputs):
    return math.sqrt({"lecun": 1 / inputs, "glorot": 2 / (inputs + outputs), "he": 1 / inputs}[name])


def signal_after(layers, n, spread):
    return (spread * n**0.5) ** layers


def _variance_after(layers, n, spread):
    return (spread**2 * n) ** layers


def _without_n(layers, n, spread):
    return spread**layers


def _without_root(layers, n, spread):
    return (spread * n) ** layers


def _multiplied(layers, n, spread):
    return layers * spread * math.sqrt(n)


def different_neurons(w):
    return np.unique(w, axis=1).shape[1]


def _all_columns(w):
    return w.shape[1]


def _rows(w):
    return np.unique(w, axis=0).shape[0]


def _numbers(w):
    return np.unique(w).size


EXERCISES = (
    Exercise(
        initial_spread,
        [("lecun", 100, 400), ("glorot", 100, 400), ("he", 100, 400), ("glorot", 50, 50), ("he", 8, 2)],
        (
            Wrong(
                _variance,
                "These are the variances. In which unit is a standard deviation?",
                "それは分散です。標準偏差との関係を思い出しましょう。",
            ),
            Wrong(
                _glorot_by_inputs,
                "Glorot's counts both sides: the way forward and the way back.",
                "Glorot の式は、順伝播と逆伝播の両方を考えています。",
            ),
            Wrong(
                _by_outputs,
                "A sum has as many terms as there are inputs. Which of the two numbers counts them?",
                "和の項の数は入力の数です。二つの数のどちらでしょうか。",
            ),
            Wrong(
                _he_without_two,
                "Two of three are right. What does ReLU do to about half of the values, and what makes up for it?",
                "三つのうち二つは合っています。ReLU は値の約半分をどうしますか。それを何で補いますか。",
            ),
        ),
    ),
    Exercise(
        signal_after,
        [(1, 100, 0.1), (10, 100, 0.05), (3, 64, 0.25), (2, 9, 1.0)],
        (
            Wrong(
                _variance_after,
                "That is the variance of the values. Asked for is their standard deviation.",
                "それは値の分散です。求めるのは標準偏差です。",
            ),
            Wrong(
                _without_n,
                "That would be right for one input. What does summing n of them do?",
                "入力が一つなら正解です。n 個の和をとると何が変わりますか。",
            ),
            Wrong(
                _without_root,
                "Variances of independent terms add up, standard deviations do not.",
                "独立な項の和で足し合わされるのは分散で、標準偏差ではありません。",
            ),
            Wrong(
                _multiplied,
                "Right for one layer. Does a second layer add to the factor, or multiply by it?",
                "1 層なら正解です。2 層目では、倍率は足されますか、掛けられますか。",
            ),
        ),
    ),
    Exercise(
        different_neurons,
        [
            (np.zeros((4, 3)),),
            (np.array([[1.0, 2.0, 1.0], [3.0, 4.0, 3.0]]),),
            (np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]),),
            (np.arange(8.0).reshape(2, 4),),
        ],
        (
            Wrong(
                _all_columns,
                "That counts all neurons. Two with the same weights compute the same.",
                "それは全ニューロンの数です。重みが同じニューロンは同じ計算をします。",
            ),
            Wrong(
                _rows,
                "A row belongs to an input. Where in the matrix are the weights of one neuron?",
                "行は入力に対応します。一つのニューロンの重みは行列のどこにあるでしょうか。",
            ),
            Wrong(
                _numbers,
                "That counts different numbers. A neuron is all of its weights together.",
                "それは異なる数の個数です。ニューロンは重みの組全体で決まります。",
            ),
        ),
    ),
)
