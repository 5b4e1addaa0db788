"""A network for OpenVINO by Keras' own backend of that name, where Keras does not run on TensorFlow.

From TensorFlow's graph a network is converted in the same process (`openvino_ir`). Keras runs on one backend in a
process: from JAX or PyTorch this is done in another one, whose start takes two seconds, the rest of it below one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from errors import UserError
from study.inference import openvino_ir
from study.runtime import module
from study.runtime.hardware import core, import_openvino

if TYPE_CHECKING:
    import keras
    import openvino

FILE = "model.keras"


def converted(network: keras.Model) -> openvino.Model:
    """Return a network as OpenVINO has it, for one image: uint8. Raise UserError where it does not take it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        network.save(folder / FILE)
        write(folder)
        layers, weights = ((folder / name).read_bytes() for name in openvino_ir.FILES)
    return core().read_model(layers, weights)


def write(folder: Path, features: bool = False) -> None:
    """Write a network for OpenVINO beside `model.keras`. Raise UserError, which says why, where that is not possible.

    Args:
        folder: of the run.
        features: whether those of a classifier's backbone are to be a second output.
    """
    command = module.command(__name__, str(folder.absolute()), *["features"][: int(features)])
    ended = subprocess.run(command, env=module.environment(), capture_output=True, check=False)
    if ended.returncode:
        lines = [
            f"its process ended with {ended.returncode}",
            *ended.stderr.decode(errors="replace").strip().splitlines(),
        ]
        raise UserError(f"OpenVINO does not take the network: {lines[-1].removeprefix('errors.UserError: ')}")


def convert(folder: Path, features: bool) -> None:
    """Do what `write` says, in this process."""
    import_openvino()  # without its telemetry, before Keras imports it
    os.environ["KERAS_BACKEND"] = "openvino"
    import keras

    from models.parts import saved

    network = saved.load(folder / FILE)
    if features:
        _, backbone, head = network.layers
        found = backbone(network.inputs[0])
        network = keras.Model(network.inputs, [head(found), found])
    openvino_ir.save(openvino_ir.accept_uint8(converted_here(network)), folder)


def converted_here(network: keras.Model) -> openvino.Model:
    """Return a network as OpenVINO has it, for one input: float32. Keras runs on OpenVINO in this process."""
    import keras

    one = keras.InputSpec(shape=(1, *network.input_shape[1:]), dtype="float32")
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / openvino_ir.FILES[0]
        network.export(str(file), format="openvino", verbose=False, input_signature=[one])
        layers, weights = ((Path(temporary) / name).read_bytes() for name in openvino_ir.FILES)
    return core().read_model(layers, weights)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), "features" in sys.argv[2:])
