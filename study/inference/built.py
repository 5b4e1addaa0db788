"""An EfficientNet-Lite with its ImageNet weights made for OpenVINO directly: no Keras and no TensorFlow.

The layers are laid by `models.parts.efficientnet_lite`; here is what each is in OpenVINO, by the names of Keras. Keras
itself can run on OpenVINO, but it needs SciPy for that: with both, the small install would be half as large again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.store.store import Store
from models.parts.efficientnet_lite import VARIANTS
from models.parts.lite_weights import PACKAGES, file_name, read_torch_file, weights_path
from study.inference.frozen import BuiltBackbone
from study.inference.openvino_ir import accept_uint8
from study.runtime.hardware import import_openvino

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import openvino

VERSION = 1  # raise it whenever a layer here gives other numbers


@dataclass(frozen=True)
class Maps:
    """What a layer gives, (1, channels, height, width), as OpenVINO has it."""

    output: openvino.Output

    @property
    def shape(self) -> tuple[int, ...]:
        """Return its shape as Keras has it, the channels last."""
        batch, channels, *sides = self.output.shape
        return batch, *sides, channels


class Layers:
    """The layers of `keras.layers` that an EfficientNet-Lite is made of, with the weights of the layers' names."""

    def __init__(self, tensors: Mapping[str, np.ndarray]) -> None:
        import_openvino()
        from openvino import opset13

        self.ops, self.tensors = opset13, tensors

    def Rescaling(self, scale: float, offset: float, name: str) -> Callable[[Maps], Maps]:
        """Multiply all values, then add."""
        factor, summand = np.float32(scale), np.float32(offset)
        return lambda x: Maps(self.ops.add(self.ops.multiply(x.output, factor), summand).output(0))

    def Conv2D(self, filters: int, kernel_size: int, strides: int, name: str, **_: object) -> Callable[[Maps], Maps]:
        """Convolve; the kernel lies in the file as OpenVINO wants it."""
        kernel = self._constant(name, "kernel")
        return lambda x: self._convolved(self.ops.convolution, x, kernel, strides)

    def DepthwiseConv2D(self, kernel_size: int, strides: int, name: str, **_: object) -> Callable[[Maps], Maps]:
        """Convolve each channel with a kernel of its own."""
        kernel = self._constant(name, "kernel")[:, None]  # a group for each channel
        return lambda x: self._convolved(self.ops.group_convolution, x, kernel, strides)

    def BatchNormalization(self, epsilon: float, name: str, **_: object) -> Callable[[Maps], Maps]:
        """Normalise by the means and variances that were learned."""
        values = [self._constant(name, one) for one in ("gamma", "beta", "moving_mean", "moving_variance")]
        return lambda x: Maps(self.ops.batch_norm_inference(x.output, *values, epsilon).output(0))

    def ReLU(self, max_value: float, name: str) -> Callable[[Maps], Maps]:
        """Cut off below zero and above a value."""
        return lambda x: Maps(self.ops.clamp(x.output, 0.0, max_value).output(0))

    def Add(self, name: str) -> Callable[[Sequence[Maps]], Maps]:
        """Add two maps."""
        return lambda both: Maps(self.ops.add(both[0].output, both[1].output).output(0))

    def GlobalAveragePooling2D(self, name: str) -> Callable[[Maps], openvino.Output]:
        """Return the mean of each channel."""
        return lambda x: self.ops.reduce_mean(x.output, np.array([2, 3]), keep_dims=False).output(0)

    def _constant(self, layer: str, variable: str) -> np.ndarray:
        return np.ascontiguousarray(self.tensors[file_name(layer, variable)])

    def _convolved(self, operation: Callable[..., openvino.Node], x: Maps, kernel: np.ndarray, stride: int) -> Maps:
        none = [0, 0]  # "same_upper" counts the padding, and puts the odd pixel at the end as TensorFlow does
        return Maps(operation(x.output, kernel, [stride] * 2, none, none, [1, 1], auto_pad="same_upper").output(0))


def imagenet_backbone(model: str, image_size: int, store: Store) -> BuiltBackbone:
    """Return the network from an image to features; for the arguments and errors see `imagenet_network`.

    `store`: where it keeps what it comes to.
    """
    digest = hashlib.sha256(weights_path(model).read_bytes()).hexdigest()[:16]
    return BuiltBackbone(imagenet_network(model, image_size), f"{digest} built ({VERSION})", store)


def imagenet_network(model: str, image_size: int) -> openvino.Model:
    """Return the network from an image, uint8, to features.

    Args:
        model: of `models.parts.efficientnet_lite.VARIANTS`.
        image_size: side of the image in pixels.

    Raises:
        UserError: the weights are missing or damaged.
    """
    layers = Layers(read_torch_file(weights_path(model), PACKAGES[model]))
    openvino, ops = import_openvino(), layers.ops
    image = ops.parameter([1, image_size, image_size, 3], np.float32, name="image")
    channels_first = Maps(ops.transpose(image, np.array([0, 3, 1, 2])).output(0))
    result = ops.result(VARIANTS[model].features(channels_first, layers))
    return accept_uint8(openvino.Model([result], [image], "backbone"))
