"""The network of a saved run, on what answers fastest here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from errors import UserError
from study.inference import channel_statistics, openvino_ir
from study.runs.folder import Run, check_files, check_shapes, load_classifier
from study.runtime import backend, hardware

if TYPE_CHECKING:
    import keras


def load_runner(run: Run, features: bool = False) -> openvino_ir.RunnerOfAll:
    """Return what answers fastest: the network for OpenVINO, else `model.keras` through Keras.

    Both take pixels, uint8 (n, size, size, 3), and return probabilities, float32 (n, classes); with `features`, what
    distances go by as well, float32 (n, features).

    Raises:
        UserError: `run.json` names a layer that the network has not.
    """
    if hardware.openvino_available() and (run.folder / "model.xml").is_file():
        check_files(run, openvino_ir.FILES)
        return openvino_ir.load_all(run.folder, partial(check_shapes, run, openvino_ir.FILES[0]))
    lacking = f"{run.folder} has no model.xml" if hardware.openvino_available() else "OpenVINO is not installed"
    if not hardware.installed_backends():
        hardware.require_tensorflow(f"{lacking}, and model.keras of {run.folder}")
    backend.start_if_needed()
    classifier = load_classifier(run)
    if not features:
        return lambda pixels: [_predict(classifier, pixels)]
    layers = run.info["verdicts"]["unlike"].get("layers", [])
    try:
        both = channel_statistics.with_statistics(classifier, layers)
    except (ValueError, TypeError) as error:
        raise UserError(f"{run.folder}: run.json names layers that model.keras has not. Train again.") from error
    return lambda pixels: _predict(both, pixels)


def _predict(network: keras.Model, pixels: np.ndarray) -> Any:  # noqa: ANN401 - as many outputs as the network has
    """Let Keras answer in all digits of float32, as when the run was evaluated: on a GPU it might leave some out."""
    from study.runtime import by_backend

    with by_backend.full_precision():
        return network.predict(pixels.astype(np.float32), verbose=0)
