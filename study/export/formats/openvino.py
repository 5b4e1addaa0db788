"""OpenVINO's IR, two files, for Intel's processors and their graphics (https://docs.openvino.ai)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from study.export.about import DISTANCE, IMAGE, KNOWN, PROBABILITIES, as_texts
from study.export.running import Run
from study.inference import openvino_ir
from study.runtime import backend, signals
from study.runtime.hardware import core, import_openvino

if TYPE_CHECKING:
    import openvino

    from study.export.network import Network

TITLE, FILE = "OpenVINO", openvino_ir.FILES[0]
NEEDS = {"openvino": "openvino"}
NEEDS_FOR_INT8: Mapping[str, str] | None = {"nncf": "nncf"}
BATCH: int | None = None  # any number of images at a time
ABOUT = "model_info"  # of the file's rt_info, where OpenVINO's own tools keep what a model says of itself


def write(network: Network, about: Mapping[str, Any], folder: Path) -> None:
    """Write the network with what it says of itself."""
    save(converted(network), about, folder)


def quantize(network: Network, about: Mapping[str, Any], folder: Path, images: np.ndarray) -> None:
    """Write the network in 8-bit integers, their ranges chosen by what some images give, uint8 (n, size, size, 3)."""
    import nncf

    nncf.set_log_level("ERROR")
    network_in_float = converted(network)
    names = [node.get_friendly_name() for node in network_in_float.get_ops()]
    kept = [name for name in names if is_kept_in_float(name)]
    with contextlib.redirect_stdout(io.StringIO()):  # its progress bars
        rounded = nncf.quantize(
            network_in_float,
            nncf.Dataset([image[None] for image in images]),
            subset_size=len(images),
            ignored_scope=nncf.IgnoredScope(names=kept),
        )
    save(rounded, about, folder)


def load(folder: Path) -> Run:
    """Return what runs an exported file, in float32 also on a processor that would take bfloat16 by itself."""
    compiled = core().compile_model(folder / FILE, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    names = [output.get_any_name() for output in compiled.outputs]

    def run(pixels: np.ndarray) -> dict[str, np.ndarray]:
        found = compiled({IMAGE: pixels})
        return {name: np.array(found[name]) for name in names}

    return run


def converted(network: Network) -> openvino.Model:
    """Return the network as OpenVINO has it."""
    openvino, traced = import_openvino(), network.traced(BATCH)
    with backend.quiet(), signals.deferred(), openvino_ir.telling_tensorflow_version():
        model = openvino.convert_model(traced)
    results = [one for one in model.get_results() if one.get_output_tensor(0).get_names() & {PROBABILITIES, DISTANCE}]
    return openvino.Model(results, model.get_parameters(), "classifier")  # without outputs that OpenVINO adds


def save(model: openvino.Model, about: Mapping[str, Any], folder: Path) -> None:
    """Write both files with what the network says of itself in its `rt_info`."""
    import_openvino()
    for key, text in as_texts(about).items():
        model.set_rt_info(text, [ABOUT, key])
    openvino_ir.save(model, folder)


def is_kept_in_float(name: str) -> bool:
    """Say whether a layer tells the answer from the features: rounded, it would tell another one."""
    return KNOWN in name or f"{PROBABILITIES}_1/" in name or f"/{PROBABILITIES}/" in name
