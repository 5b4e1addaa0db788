"""Training: the four lines that everything else serves, over batches drawn anew in every epoch.

    y = forward(x)        loss, grad = L(y, t)        backward(grad)        optimizer.step()

A batch gives a gradient that is right on average and cheap; its noise does no harm, rather good.

Source: Bottou, Curtis, Nocedal, Optimization methods for large-scale machine learning,
https://arxiv.org/abs/1606.04838
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from scratch.layer import Layer
from scratch.losses import Loss, cross_entropy
from scratch.optimizers import Optimizer
from scratch.regularization import Penalty
from scratch.schedules import Schedule

NO_PENALTY = Penalty()


class Epoch(NamedTuple):
    """What is known after an epoch; `loss` is the mean over its images, penalty included."""

    number: int
    loss: float
    validation_accuracy: float


def forward(layers: Sequence[Layer], x: np.ndarray, training: bool = False) -> np.ndarray:
    """Through all layers."""
    for layer in layers:
        x = layer.forward(x, training)
    return x


def backward(layers: Sequence[Layer], grad: np.ndarray) -> np.ndarray:
    """Through all layers, in reverse."""
    for layer in reversed(layers):
        grad = layer.backward(grad)
    return grad


def weights_and_gradients(
    layers: Sequence[Layer], penalty: Penalty = NO_PENALTY
) -> tuple[list[np.ndarray], list[np.ndarray], float]:
    """Return all weights, their gradients in the same order, and the penalty on matrices and kernels ("w")."""
    weights, gradients, loss = [], [], 0.0
    for layer in layers:
        for name, w in layer.params.items():
            penalised = name.rpartition(".")[2] == "w" and (penalty.l1 or penalty.l2)  # "0.w" inside a residual block
            weights.append(w)
            gradients.append(layer.grads[name] + penalty.gradient(w) if penalised else layer.grads[name])
            loss += penalty.loss(w) if penalised else 0.0
    return weights, gradients, loss


def batches(count: int, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Row numbers of one epoch, shuffled; the last batch may be smaller."""
    order = rng.permutation(count)
    return (order[start : start + size] for start in range(0, count, size))


def predict(layers: Sequence[Layer], x: np.ndarray, size: int = 256) -> np.ndarray:
    """(N, …) -> (N, K): the network's answers, some images at a time."""
    return np.concatenate([forward(layers, x[start : start + size]) for start in range(0, len(x), size)])


def accuracy(layers: Sequence[Layer], x: np.ndarray, t: np.ndarray) -> float:
    """How many answers are right; t is (N, K)."""
    return float(np.mean(predict(layers, x).argmax(axis=-1) == t.argmax(axis=-1)))


def fit(
    layers: Sequence[Layer],
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    optimizer: Optimizer,
    epochs: int,
    rng: np.random.Generator,
    batch_size: int = 32,
    loss: Callable[[np.ndarray, np.ndarray], Loss] = cross_entropy,
    schedule: Schedule | None = None,
    penalty: Penalty = NO_PENALTY,
    augment: Callable[[np.ndarray], np.ndarray] = lambda x: x,
) -> list[Epoch]:
    """Train the layers in place on (x, t), t of shape (N, K); return what each epoch came to."""
    x, t = train
    history = []
    for number in range(1, epochs + 1):
        losses, sizes = [], []
        for rows in batches(len(x), batch_size, rng):
            answer = forward(layers, augment(x[rows]), training=True)
            value, grad = loss(answer, t[rows])
            backward(layers, grad)
            weights, gradients, extra = weights_and_gradients(layers, penalty)
            if schedule:
                optimizer.learning_rate = schedule(optimizer.steps)
            optimizer.step(weights, gradients)
            losses.append(value + extra)
            sizes.append(len(rows))  # the last batch may be smaller, and counts for less
        history.append(Epoch(number, float(np.average(losses, weights=sizes)), accuracy(layers, *validation)))
    return history


if __name__ == "__main__":
    from scratch.activations import Activation
    from scratch.affine import Affine
    from scratch.optimizers import SGD

    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 2))
    t = np.eye(2)[(np.hypot(*x.T) > 1.2).astype(int)]  # inside a circle, or outside
    layers = [Affine(2, 16, rng), Activation("tanh"), Affine(16, 2, rng)]
    print("800 points in batches of 32:", len(list(batches(800, 32, rng))), "iterations an epoch")
    for epoch in fit(layers, (x[:800], t[:800]), (x[800:], t[800:]), SGD(0.2), 40, rng):
        if epoch.number in (1, 2, 5, 10, 20, 40):
            right = 100 * epoch.validation_accuracy
            print(f"epoch {epoch.number:2}: loss {epoch.loss:.3f}, {right:.1f} % of 200 other points right")
