"""What Keras leaves to its backends, TensorFlow, JAX, PyTorch or OpenVINO, and each has in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from study.runtime import backend, hardware


def on_gpu() -> bool:
    """Say whether what Keras computes runs on a GPU, or another accelerator."""
    match keras.config.backend():
        case "jax":
            import jax

            return jax.default_backend() != "cpu"
        case "torch":
            import torch

            return torch.cuda.is_available() or torch.backends.mps.is_available()
    return hardware.gpu_visible()


def value_gradients(
    value_of: Callable[[Sequence[Any]], keras.KerasTensor], tensors: Sequence[keras.KerasTensor]
) -> list[np.ndarray]:
    """Return the gradient of a number with respect to each of several tensors, of their shapes; 0 where it has no say.

    Args:
        value_of: the tensors -> the number.
        tensors: float32.
    """
    match keras.config.backend():
        case "jax":
            import jax

            gradients = jax.grad(value_of)([jax.numpy.asarray(tensor) for tensor in tensors])
        case "torch":
            import torch

            leaves = [keras.ops.convert_to_tensor(tensor).detach().requires_grad_() for tensor in tensors]
            found = torch.autograd.grad(value_of(leaves), leaves, allow_unused=True)
            gradients = [
                torch.zeros_like(leaf) if gradient is None else gradient
                for leaf, gradient in zip(leaves, found, strict=True)
            ]
        case _:
            import tensorflow as tf

            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(tensors)
                value = value_of(tensors)
            gradients = tape.gradient(value, tensors, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [keras.ops.convert_to_numpy(gradient) for gradient in gradients]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tensors that a backend computes as one program, where it can: JAX can."""
    if keras.config.backend() != "jax":
        return function
    import jax

    return jax.jit(function)


def share_weights(model: keras.Model) -> None:
    """Give the variables of a network that is being trained their values of this moment.

    JAX has no variables: within an epoch Keras hands their values on from one iteration to the next, past the network.
    """
    if keras.config.backend() == "jax":
        model.jax_state_sync()


@contextmanager
def full_precision() -> Iterator[None]:
    """Multiply all digits of float32 within: on NVIDIA's GPUs a backend's default may round to 10 bits, TF32."""
    match keras.config.backend():
        case "jax":
            import jax

            with jax.default_matmul_precision("highest"):
                yield
            return
        case "openvino":  # only a head has been made of it, whose few products are all of float32
            yield
            return
        case "torch":
            import torch

            flags = [(torch.backends.cuda.matmul, "allow_tf32"), (torch.backends.cudnn, "allow_tf32")]
            before = [getattr(*flag) for flag in flags]
            set_to = lambda values: [setattr(*flag, value) for flag, value in zip(flags, values, strict=True)]  # noqa: E731
            off = [False, False]
        case _:
            import tensorflow as tf

            before = tf.config.experimental.tensor_float_32_execution_enabled()
            set_to, off = tf.config.experimental.enable_tensor_float_32_execution, False
    set_to(off)
    try:
        yield
    finally:
        set_to(before)


def shard() -> tuple[int, int]:
    """Return which of the processes that learn together this is, from 0, and how many they are."""
    if keras.config.backend() != "jax":
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


@contextmanager
def learning_together() -> Iterator[None]:
    """Let a network that is made and learns within be the same in all processes, where there are several.

    Each gives its share of a batch: loss, gradients and the statistics of normalisation are those of the whole batch.
    """
    if shard()[1] == 1:
        yield
        return
    with keras.distribution.DataParallel(auto_shard_dataset=False).scope():  # ours are shares already
        yield


def of_first(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return what the first of several processes gives, in all of them; each gives as many, of the same shapes."""
    from jax.experimental import multihost_utils

    with backend.quiet(1):  # the processes find each other, and JAX says so
        return [np.asarray(array) for array in multihost_utils.broadcast_one_to_all(list(arrays))]


def part() -> None:
    """Let each process go its own way, once nothing is computed together any more."""
    if shard()[1] > 1:
        import jax

        jax.distributed.shutdown()
