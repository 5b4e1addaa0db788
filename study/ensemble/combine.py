"""Heads that hold several members, made of Keras' own layers: features in, probabilities out, as any other head.

Each ends with a layer `probabilities`, softmax of scores, so that a temperature is applied to it as to a single head.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from models.parts.joined import join_backbones, under_name
from study.confidence.calibration import SMALLEST

Layers = Sequence[tuple[np.ndarray, np.ndarray]]  # kernel, (inputs, outputs), and bias of dense layers, in their order


def dense_head(layers: Layers) -> keras.Model:
    """Return dense layers with ReLU between them and softmax at the end: (batch, features) -> (batch, classes)."""
    inputs = x = keras.Input((len(layers[0][0]),), name="features")
    for number, (_, bias) in enumerate(layers, 1):
        last = number == len(layers)
        name, activation = ("probabilities", "softmax") if last else (f"hidden_{number}", "relu")
        x = keras.layers.Dense(len(bias), activation=activation, dtype="float32", name=name)(x)
    head = keras.Model(inputs, x, name="head")
    head.set_weights([np.asarray(value, np.float32) for layer in layers for value in layer])
    return head


def two_columns(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a layer for softmax from one for a sigmoid, which scikit-learn has of two classes; others as they are.

    sigmoid(z) is the second one of softmax(-z / 2, z / 2).
    """
    if kernel.shape[1] > 1:
        return kernel, bias
    return np.hstack([-kernel / 2, kernel / 2]), np.concatenate([-bias / 2, bias / 2])


def mean_head(heads: Sequence[keras.Model], places: Sequence[slice], features: int) -> keras.Model:
    """Return the mean of the members' probabilities.

    The last layer takes their logarithms, whose softmax they are: softmax(log p) = p.

    Args:
        heads: features -> probabilities.
        places: which of all features each of them takes.
        features: how many there are.
    """
    inputs = keras.Input((features,), name="features")
    outputs = outputs_of(heads, places, inputs)
    mean = keras.layers.Average(name="mean")(outputs) if len(outputs) > 1 else outputs[0]
    scores = keras.ops.log(keras.ops.maximum(mean, SMALLEST))
    classes = mean.shape[-1]
    return finish(inputs, scores, np.eye(classes), np.zeros(classes))


def stacked_head(heads: Sequence[keras.Model], kernel: np.ndarray, bias: np.ndarray) -> keras.Model:
    """Return a logistic regression on the members' probabilities, one behind the other.

    Args:
        heads: features -> probabilities, (classes,) each.
        kernel: of the regression, (members * classes, classes).
        bias: of it, (classes,).
    """
    features = heads[0].input_shape[-1]
    inputs = keras.Input((features,), name="features")
    outputs = outputs_of(heads, [slice(0, features)] * len(heads), inputs)
    return finish(inputs, keras.layers.Concatenate(name="all_members")(outputs), kernel, bias)


def voting_head(kernels: np.ndarray, biases: np.ndarray, weights: np.ndarray) -> keras.Model:
    """Return linear classifiers of which each casts one vote, with its weight, for the class of its largest score.

    A vote has no slope. As what can be computed instead, for maps of what speaks for a class, that of the softmax is
    taken (the straight-through estimator, https://arxiv.org/abs/1308.3432); the votes themselves are as they are.

    Args:
        kernels: float (members, features, classes).
        biases: float (members, classes).
        weights: what a vote adds to the score of its class, float (members,).
    """
    members, features, classes = kernels.shape
    inputs = keras.Input((features,), name="features")
    all_members = keras.layers.Dense(members * classes, dtype="float32", name="all_members")
    scores = keras.layers.Reshape((members, classes))(all_members(inputs))
    soft = keras.layers.Softmax(dtype="float32")(scores)
    order = keras.ops.argsort(-scores)  # Keras' argmax is made of operations that OpenVINO does not know
    vote = keras.ops.one_hot(order[..., 0], classes)
    votes = keras.layers.Flatten(name="votes")(soft + keras.ops.stop_gradient(vote - soft))
    kernel = np.concatenate([weight * np.eye(classes) for weight in weights])
    head = finish(inputs, votes, kernel, np.zeros(classes))
    all_members.set_weights([kernels.transpose(1, 0, 2).reshape(features, -1), biases.reshape(-1)])
    return head


def outputs_of(
    heads: Sequence[keras.Model], places: Sequence[slice], inputs: keras.KerasTensor
) -> list[keras.KerasTensor]:
    """Apply every head, under the name `member_1`, …, to its features."""
    outputs = []
    for number, (head, place) in enumerate(zip(heads, places, strict=True), 1):
        member = under_name(head, f"member_{number}")
        whole = place == slice(0, inputs.shape[-1])
        outputs.append(member(inputs if whole else inputs[:, place]))
    return outputs


def finish(inputs: keras.KerasTensor, scores: keras.KerasTensor, kernel: np.ndarray, bias: np.ndarray) -> keras.Model:
    """Return the head that ends with a softmax of what a last dense layer makes of scores."""
    last = keras.layers.Dense(len(bias), activation="softmax", dtype="float32", name="probabilities")
    head = keras.Model(inputs, last(scores), name="head")
    last.set_weights([kernel, bias])
    return head


def joined_backbone(backbones: Sequence[keras.Model]) -> keras.Model:
    """Return one network of several backbones: an image -> the features of all of them, one behind the other."""
    if len(backbones) == 1:
        return backbones[0]
    return join_backbones(backbones, [f"backbone_{number}" for number in range(1, len(backbones) + 1)])
