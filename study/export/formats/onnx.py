"""ONNX, for onnxruntime and all that reads it: browsers, phones, C#, Java, C++ (https://onnx.ai)."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from study.export.about import IMAGE, KNOWN, PROBABILITIES, as_texts
from study.export.running import Run
from study.runtime import backend
from study.runtime.hardware import import_onnxruntime

if TYPE_CHECKING:
    import onnx

    from study.export.network import Network

TITLE, FILE = "ONNX", "model.onnx"
NEEDS = {"onnx": "onnx", "tf2onnx": "tf2onnx", "onnxruntime": "onnxruntime"}
NEEDS_FOR_INT8: Mapping[str, str] | None = {}
BATCH: int | None = None  # any number of images at a time
OPSET = 18  # of December 2022, which all that is in use reads
LARGE = 2**16  # values of a constant, from which on half as many bytes are worth a conversion
QUANTIZED = ("Conv", "MatMul", "Gemm", "Add", "MaxPool", "AveragePool", "Relu", "Clip")
IN_FLOAT = (KNOWN, PROBABILITIES)  # what tells the answer from the features: rounded, it would tell another one


def write(network: Network, about: Mapping[str, Any], folder: Path) -> None:
    """Write the network with what it says of itself."""
    (folder / FILE).write_bytes(told(converted(network), about).SerializeToString())


def quantize(network: Network, about: Mapping[str, Any], folder: Path, images: np.ndarray) -> None:
    """Write the network in 8-bit integers, their ranges chosen by what some images give, uint8 (n, size, size, 3)."""
    import_onnxruntime()  # without its telemetry
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):
        """Hands on the images one by one."""

        def __init__(self) -> None:
            self.images: Iterator[np.ndarray] = iter(images)

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self.images, None)
            return None if image is None else {IMAGE: image[None]}

    with tempfile.TemporaryDirectory() as own, backend.quiet():
        before, after = Path(own) / "float.onnx", Path(own) / "int8.onnx"
        quant_pre_process(converted(network), before, skip_optimization=True, skip_symbolic_shape=True)
        nodes = [node.name for node in onnx.load(before).graph.node]
        quantization.quantize_static(
            before,
            after,
            Reader(),
            op_types_to_quantize=list(QUANTIZED),
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            nodes_to_exclude=[name for name in nodes if any(word in name for word in IN_FLOAT)],
        )
        model = onnx.load(after)
    in_bytes(model)
    (folder / FILE).write_bytes(told(model, about).SerializeToString())


def load(folder: Path) -> Run:
    """Return what runs an exported file."""
    session = import_onnxruntime().InferenceSession(folder / FILE, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda pixels: dict(zip(names, session.run(names, {IMAGE: pixels}), strict=True))


def converted(network: Network) -> onnx.ModelProto:
    """Return the network as ONNX has it."""
    import tf2onnx

    from study.export.network import frozen

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    with backend.quiet():
        graph, outputs = frozen(network.traced(BATCH))
        model, _ = tf2onnx.convert.from_graph_def(
            graph,
            name="classifier",
            input_names=[f"{IMAGE}:0"],
            output_names=list(outputs.values()),
            opset=OPSET,
            tensors_to_rename={f"{IMAGE}:0": IMAGE, **{tensor: name for name, tensor in outputs.items()}},
        )
    halve(model)
    return model


def halve(model: onnx.ModelProto) -> None:
    """Keep large constants in float16 where that changes none of their values, as those of the known images."""
    import onnx

    for constant in list(model.graph.initializer):
        if constant.data_type != onnx.TensorProto.FLOAT or np.prod(constant.dims) < LARGE:
            continue
        values = onnx.numpy_helper.to_array(constant)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if (half == values).all():
            name = constant.name
            constant.CopyFrom(onnx.numpy_helper.from_array(half, f"{name}_float16"))
            cast = onnx.helper.make_node("Cast", [constant.name], [name], f"{name}_cast", to=onnx.TensorProto.FLOAT)
            model.graph.node.insert(0, cast)


def in_bytes(model: onnx.ModelProto) -> None:
    """Keep the known images, which stayed in float, in 8-bit integers too, with a scale for each: half of the file."""
    import onnx

    constants = {constant.name: constant for constant in model.graph.initializer}
    for node in list(model.graph.node):
        half = constants.get(node.input[0]) if node.op_type == "Cast" else None
        if half is None or half.data_type != onnx.TensorProto.FLOAT16:
            continue
        values = onnx.numpy_helper.to_array(half).astype(np.float32)  # (features, images)
        largest = np.abs(values).max(axis=0)
        scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        integers = np.rint(values / scales).astype(np.int8)
        names = [f"{node.output[0]}_int8", f"{node.output[0]}_scales"]
        model.graph.initializer.extend(map(onnx.numpy_helper.from_array, (integers, scales), names))
        model.graph.node.insert(0, onnx.helper.make_node("DequantizeLinear", names, [node.output[0]], axis=1))
        model.graph.node.remove(node)
        model.graph.initializer.remove(half)


def told(model: onnx.ModelProto, about: Mapping[str, Any]) -> onnx.ModelProto:
    """Return the model with what it says of itself in its `metadata_props`."""
    import onnx

    onnx.helper.set_model_props(model, as_texts(about))
    onnx.checker.check_model(model)
    return model
