"""Write the network for OpenVINO beside `model.keras`, compared with it first."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from data.batches import Examples
from errors import UserError
from study.inference import keras_openvino, openvino_ir
from study.inference.features import FeatureSpec, embed_traced
from study.inference.frozen import FrozenBackbone
from study.runtime import by_backend, console, hardware

MAX_DIFFERENCE = 0.001  # of a probability; rounding alone comes to about 0.00001
COMPARED = 32  # images on which OpenVINO is compared with Keras: all would take as long as the rest of a warm run


def export(
    classifier: keras.Model,
    frozen: FrozenBackbone | None,
    examples: Examples,
    spec: FeatureSpec,
    folder: Path,
    features: bool,
    val: np.ndarray,
) -> dict[str, float] | None:
    """Write the network for OpenVINO too, which predicts without TensorFlow's start.

    Args:
        classifier: pixels -> probabilities.
        frozen: its backbone, where that is run by itself, or the classifier with a second output.
        examples: the images; it is compared on some of the validation split.
        spec: of the features of the frozen backbone.
        folder: of the run.
        features: whether those of the frozen backbone are to be a second output.
        val: what the validation split was evaluated by, float32 (n, classes).

    Returns:
        The greatest difference of its probabilities to those of Keras, over how many images of the validation split;
        None where OpenVINO is missing, or does not take the network of another backend than TensorFlow.
    """
    if not hardware.openvino_available():
        return None
    indices = examples.indices["val"][:COMPARED]
    pixels = examples.inputs[indices]
    if keras.config.backend() == "openvino":
        head = classifier.layers[-1]
        network = openvino_ir.concatenate(frozen.converted, keras_openvino.converted_here(head), features)
        openvino_ir.save(network, folder)
        return compare(folder, pixels, val[:COMPARED])
    if keras.config.backend() != "tensorflow":
        try:
            if frozen and len(frozen.network.outputs) > 1:
                openvino_ir.save(frozen.converted, folder)
            else:
                keras_openvino.write(folder, features)
        except UserError as error:
            console.print(f"{error}: predict will use Keras")
            return None
        with by_backend.full_precision():
            expected = classifier.predict(pixels.astype(np.float32), verbose=0)
        return compare(folder, pixels, expected)
    if frozen and len(frozen.network.outputs) > 1:
        network = frozen.converted
        expected = openvino_ir.run_traced(openvino_ir.trace(classifier), pixels)
    elif frozen:
        head = openvino_ir.trace(classifier.layers[-1])
        network = openvino_ir.concatenate(frozen.converted, openvino_ir.convert(head), features)
        expected = openvino_ir.run_traced(head, embed_traced(frozen, examples, indices, spec))
    else:
        traced = openvino_ir.trace(classifier)
        network = openvino_ir.accept_uint8(openvino_ir.convert(traced))
        expected = openvino_ir.run_traced(traced, pixels)
    openvino_ir.save(network, folder)
    return compare(folder, pixels, expected)


def compare(folder: Path, pixels: np.ndarray, expected: np.ndarray) -> dict[str, float]:
    """Return how far the network for OpenVINO is from what is expected of some pixels; one that differs is removed."""
    greatest = float(np.abs(openvino_ir.load(folder)(pixels) - expected).max())
    if greatest > MAX_DIFFERENCE:
        console.print(f"OpenVINO's probabilities differ from Keras' by up to {greatest:.2g}: predict will use Keras")
        for name in openvino_ir.FILES:
            (folder / name).unlink()
    return {"greatest": greatest, "images": len(pixels)}
