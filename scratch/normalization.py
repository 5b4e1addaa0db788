"""Normalisation: mean 0 and variance 1 over some axes, then a scale gamma and a shift beta that are learned.

    x_hat = (x - mean) / sqrt(variance + epsilon)        y = gamma x_hat + beta

The four kinds differ only in what mean and variance are taken over (image maps; gamma and beta: one a channel):

    batch      N H W, for each channel                       Ioffe, Szegedy, https://arxiv.org/abs/1502.03167
    layer      C, for each pixel, as in Keras                Ba et al., https://arxiv.org/abs/1607.06450: H W C
    group      H W and the channels of a group, each image   Wu, He, https://arxiv.org/abs/1803.08494
    instance   H W, each image and channel: groups of one    Ulyanov et al., https://arxiv.org/abs/1607.08022

Mean and variance depend on every x they are taken over, so the gradient has three terms, averages over the same axes:

    dL/dx = (g - mean(g) - x_hat mean(g x_hat)) / sqrt(variance + epsilon)        g = dL/dx_hat = gamma dL/dy
"""

import numpy as np

from scratch import initializers
from scratch.layer import Layer


class Normalization(Layer):
    """Scale, shift and their gradients; the kinds below say what `normalize` means. The shape stays."""

    def __init__(self, channels: int, epsilon: float = 1e-3) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.params = {"gamma": initializers.constant((channels,), 1), "beta": initializers.constant((channels,))}

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """(N, …, C) -> the same."""
        self.x_hat = self.normalize(x, training)
        return self.params["gamma"] * self.x_hat + self.params["beta"]

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """(N, …, C) -> the same."""
        others = tuple(range(grad.ndim - 1))
        self.grads = {"gamma": (grad * self.x_hat).sum(others), "beta": grad.sum(others)}  # (…, C) -> (C,)
        return self.normalize_backward(grad * self.params["gamma"])

    def normalize(self, x: np.ndarray, training: bool) -> np.ndarray:
        """x -> x_hat."""
        raise NotImplementedError

    def normalize_backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx_hat -> dL/dx."""
        raise NotImplementedError

    def standardize(self, x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        """Mean 0 and variance 1 over the axes."""
        self.axes, self.mean, self.variance = axes, x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
        self.sigma = np.sqrt(self.variance + self.epsilon)  # mean, variance, sigma: 1 in place of each axis
        self.standard = (x - self.mean) / self.sigma
        return self.standard

    def standardize_backward(self, grad: np.ndarray) -> np.ndarray:
        """The three terms of the module's docstring."""
        mean = grad.mean(self.axes, keepdims=True)
        along = (grad * self.standard).mean(self.axes, keepdims=True)
        return (grad - mean - self.standard * along) / self.sigma


class BatchNorm(Normalization):
    """Over the batch while training; afterwards by moving averages, so that an answer depends on its image alone."""

    def __init__(self, channels: int, momentum: float = 0.99, epsilon: float = 1e-3) -> None:
        super().__init__(channels, epsilon)
        self.momentum = momentum
        self.moving_mean, self.moving_variance = (
            initializers.constant((channels,)),
            initializers.constant((channels,), 1),
        )

    def normalize(self, x: np.ndarray, training: bool) -> np.ndarray:
        """Training moves the averages: moving = momentum moving + (1 - momentum) of this batch."""
        self.training = training
        if not training:
            self.sigma = np.sqrt(self.moving_variance + self.epsilon)  # (C,)
            return (x - self.moving_mean) / self.sigma
        x_hat = self.standardize(x, tuple(range(x.ndim - 1)))
        keep, new = self.momentum, 1 - self.momentum
        self.moving_mean = keep * self.moving_mean + new * self.mean.ravel()  # (1, 1, 1, C) -> (C,)
        self.moving_variance = keep * self.moving_variance + new * self.variance.ravel()
        return x_hat

    def normalize_backward(self, grad: np.ndarray) -> np.ndarray:
        """Moving averages are constants; those of the batch are not."""
        return self.standardize_backward(grad) if self.training else grad / self.sigma


class LayerNorm(Normalization):
    """Over the channels of each pixel, or of each row of (N, C)."""

    def normalize(self, x: np.ndarray, training: bool) -> np.ndarray:
        """The same in training and afterwards."""
        return self.standardize(x, (-1,))

    def normalize_backward(self, grad: np.ndarray) -> np.ndarray:
        """The three terms."""
        return self.standardize_backward(grad)


class GroupNorm(Normalization):
    """Over height, width and the channels of one group; the batch has no say, so a batch of one is as good."""

    def __init__(self, channels: int, groups: int, epsilon: float = 1e-3) -> None:
        super().__init__(channels, epsilon)
        if channels % groups:
            raise ValueError(f"{channels} channels do not divide into {groups} groups")
        self.groups = groups

    def normalize(self, x: np.ndarray, training: bool) -> np.ndarray:
        """The same in training and afterwards."""
        grouped = x.reshape(*x.shape[:-1], self.groups, -1)  # (N, H, W, C) -> (N, H, W, groups, C / groups)
        axes = (*range(1, x.ndim - 1), x.ndim)  # all but N and groups
        return self.standardize(grouped, axes).reshape(x.shape)  # -> (N, H, W, C)

    def normalize_backward(self, grad: np.ndarray) -> np.ndarray:
        """The three terms, in groups."""
        grouped = grad.reshape(self.standard.shape)  # (N, H, W, C) -> (N, H, W, groups, C / groups)
        return self.standardize_backward(grouped).reshape(grad.shape)  # -> (N, H, W, C)


class InstanceNorm(GroupNorm):
    """Over height and width of each image and channel: as many groups as channels."""

    def __init__(self, channels: int, epsilon: float = 1e-3) -> None:
        super().__init__(channels, channels, epsilon)


if __name__ == "__main__":
    values = np.array([[1.0], [3.0], [5.0], [7.0]])
    norm = BatchNorm(1, momentum=0.9)
    print("a batch of four values          ", *values.ravel())
    print("normalised, mean 0 and variance 1", *norm.forward(values, training=True).ravel().round(3))
    print(f"moving mean after this batch: {norm.moving_mean[0]:.2f}, the batch's own is 4")
    for _ in range(50):
        norm.forward(values, training=True)
    print(
        f"after 50 more: {norm.moving_mean[0]:.2f}; a prediction uses it: 1 ->", norm.forward(values[:1]).round(3)[0, 0]
    )
    two = BatchNorm(1).forward(np.array([[0.0], [100.0]]), training=True).ravel()
    print("a batch of two, 0 and 100:       ", *two.round(3), "- of two values well apart only their order is left")
    maps = np.random.default_rng(0).normal(5, 2, (4, 4, 4, 6))
    kinds = {"batch": BatchNorm(6), "layer": LayerNorm(6), "group": GroupNorm(6, 2), "instance": InstanceNorm(6)}
    for name, kind in kinds.items():
        kind.forward(maps, training=True)
        print(f"{name:9} of maps {maps.shape}: {kind.mean.size:3} means, each of {maps.size // kind.mean.size} values")
