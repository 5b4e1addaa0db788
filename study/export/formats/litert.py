"""LiteRT, formerly TensorFlow Lite: one file for phones, small boards and browsers (https://ai.google.dev/edge/litert)."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from study.export.about import ABOUT, IMAGE, LABELS, as_json, labels
from study.export.formats import saved_model
from study.export.running import Run
from study.runtime import backend

if TYPE_CHECKING:
    from study.export.network import Network

TITLE, FILE = "LiteRT", "model.tflite"
NEEDS = {"tensorflow": "tensorflow", "ai_edge_litert": "ai-edge-litert"}
NEEDS_FOR_INT8: Mapping[str, str] | None = {}
BATCH: int | None = 1  # one image at a time: what accelerators of phones take
SIGMOID = "LOGISTIC"  # which gives the probabilities of several labels, and is a part of some networks
IN_FLOAT = (  # by LiteRT's names; a probability in 8 bits has steps of 0.004: too coarse for a threshold of 0.99
    *("SOFTMAX", "TOPK_V2"),
    *("ABS", "REDUCE_MAX", "SQUARE", "SUM", "SQRT", "MAXIMUM", "DIV"),  # a short length would be rounded to 0
)


def write(network: Network, about: Mapping[str, Any], folder: Path) -> None:
    """Write the network with what it says of itself."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as own, backend.quiet():
        saved_model.write(network, about, Path(own), BATCH)
        content = tf.lite.TFLiteConverter.from_saved_model(f"{own}/{saved_model.FILE}").convert()
    save(content, about, folder)


def quantize(network: Network, about: Mapping[str, Any], folder: Path, images: np.ndarray) -> None:
    """Write the network in 8-bit integers, their ranges chosen by what some images give, uint8 (n, size, size, 3)."""
    import tensorflow as tf

    def calibration() -> Iterator[dict[str, np.ndarray]]:
        yield from ({IMAGE: image[None]} for image in images)

    with tempfile.TemporaryDirectory() as own, backend.quiet():
        saved_model.write(network, about, Path(own), BATCH)
        converter = tf.lite.TFLiteConverter.from_saved_model(f"{own}/{saved_model.FILE}")
        converter.optimizations, converter.representative_dataset = [tf.lite.Optimize.DEFAULT], calibration
        # TensorFlow's name for leaving some operations in float; nothing is debugged.
        kept = [*IN_FLOAT, *([SIGMOID] if about["thresholds"] else [])]
        options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=kept)
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=calibration, debug_options=options
        )
        content = debugger.get_nondebug_quantized_model()
    save(content, about, folder)


def load(folder: Path) -> Run:
    """Return what runs an exported file."""
    from ai_edge_litert.interpreter import Interpreter

    answer = Interpreter(str(folder / FILE)).get_signature_runner()

    def run(pixels: np.ndarray) -> dict[str, np.ndarray]:
        found = [answer(**{IMAGE: image[None]}) for image in pixels]
        return {name: np.concatenate([one[name] for one in found]) for name in found[0]}

    return run


def save(content: bytes, about: Mapping[str, Any], folder: Path) -> None:
    """Write the file, and behind it as a zip archive, which LiteRT passes over, what it says of itself.

    So TensorFlow Lite's own tools add files to a model: https://ai.google.dev/edge/litert/conversion/tensorflow/metadata
    """
    (folder / FILE).write_bytes(content)
    with zipfile.ZipFile(folder / FILE, "a") as archive:
        for name, text in ((ABOUT, as_json(about)), (LABELS, labels(about))):
            archive.writestr(
                zipfile.ZipInfo(name), text
            )  # of a name alone it would take the time, if the clock is right
