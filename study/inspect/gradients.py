"""Gradients by a network's weights while it learns: the raw TensorFlow of `inspect` stands here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import keras
import numpy as np

Measure = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Trace:
    """What some iterations of training saw.

    Args:
        losses: of each batch, before its step and without penalties, (steps,).
        norms: length (L2 norm) of each group's gradient of that loss, (steps, groups).
    """

    losses: np.ndarray
    norms: np.ndarray


def trace(
    network: keras.Model,
    groups: Sequence[Sequence[keras.Variable]],
    batches: Iterable[tuple[np.ndarray, np.ndarray]],
    advance: Callable[[], None] = lambda: None,
) -> Trace:
    """Train for an iteration a batch and measure each group's gradient before every step.

    Args:
        network: compiled; its weights change.
        groups: variables of it that learn, such as the kernels of each layer.
        batches: (float32 inputs, labels as the loss expects them).
        advance: is called after every step.
    """
    step = _step(network, groups)
    losses, norms = [], []
    for inputs, labels in batches:
        loss, lengths = step(inputs, labels)
        losses.append(loss)
        norms.append(lengths)
        advance()
    return Trace(np.array(losses), np.array(norms))


def _step(network: keras.Model, groups: Sequence[Sequence[keras.Variable]]) -> Measure:
    """Return what makes one step.

    The gradient that is measured is that of the loss alone: penalties on large weights would hide that it vanishes. The
    step takes both. It runs as a graph, as in Keras' `fit`: there the loss is computed from what comes before softmax,
    and a sure mistake has a gradient.
    """
    import tensorflow as tf

    variables = network.trainable_variables
    values = [variable.value for variable in variables]
    index_of = {id(variable): i for i, variable in enumerate(variables)}
    network.optimizer.build(variables)
    zero = tf.UnconnectedGradients.ZERO

    @tf.function
    def step(inputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            loss = network.loss(labels, network(inputs, training=True))
            penalty = sum(network.losses, tf.zeros(()))
        gradients = tape.gradient(loss, values, unconnected_gradients=zero)
        pulls = tape.gradient(penalty, values, unconnected_gradients=zero)
        norms = [tf.linalg.global_norm([gradients[index_of[id(variable)]] for variable in group]) for group in groups]
        both = [gradient + pull for gradient, pull in zip(gradients, pulls, strict=True)]
        network.optimizer.apply_gradients(zip(both, variables, strict=True))
        return loss, tf.stack(norms)

    def run(inputs: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
        loss, norms = step(tf.convert_to_tensor(inputs, tf.float32), tf.convert_to_tensor(labels, tf.float32))
        return float(loss), norms.numpy()

    return run
