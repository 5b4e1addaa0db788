"""Run a network that does not learn, on the engine that is fastest here: OpenVINO on a CPU, or TensorFlow.

OpenVINO (https://docs.openvino.ai) knows that the weights stay as they are: it folds each normalisation into its
convolution, lays the weights out for the processor at hand, and computes in bfloat16 where that has instructions for
it (AMX, AVX-512). `benchmarks/embed.py` measures what that gains.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from errors import UserError
from study import backend

if TYPE_CHECKING:
    import keras
    import openvino
    import tensorflow as tf

LEAST_COSINE = 0.995  # of the picture that bfloat16 changes most, to its features in float32
PROBE_SECONDS = 1.0  # for each of the two precisions
TYPES = {"float32": "f32", "bfloat16": "bf16"}  # OpenVINO's names

Runner = Callable[[np.ndarray], np.ndarray]  # pixels, uint8 (n, size, size, 3) -> float32 (n, outputs); n may be 0


@dataclass(frozen=True)
class Choice:
    """What runs the network, and why: kept in `run.json`; the figures are empty where nothing had to be tried.

    Args:
        engine: "openvino" or "tensorflow".
        precision: "float32" or "bfloat16".
        reason: one line with the figures that decided.
        images_per_second: precision -> images/s in the probe.
        cosine: smallest cosine similarity, over the pictures of the probe, of bfloat16's outputs to float32's.
    """

    engine: str
    precision: str
    reason: str
    images_per_second: dict[str, float]
    cosine: float | None


class Frozen:
    """A network whose weights stay as they are now, to be run by either engine; converted once, when first needed.

    Args:
        network: raw RGB 0..255, (batch, size, size, 3) -> (batch, outputs).
    """

    def __init__(self, network: keras.Model) -> None:
        self.network = network
        self._runners: dict[tuple[str, str], Runner] = {}

    @cached_property
    def converted(self) -> openvino.Model:
        """Return the network as OpenVINO has it."""
        return convert(trace(self.network))

    @cached_property
    def fingerprint(self) -> str:
        """Return a hash of what the outputs depend on: layers, preprocessing among them, and weights; no names.

        Keras numbers layers, and operations between them, on within a process: a name stands for its place here.
        """
        layers = json.dumps(self.network.get_config(), sort_keys=True, default=str)
        parts = list(self.network._flatten_layers())
        parts += [operation for part in parts if hasattr(part, "operations") for operation in part.operations]
        for place, part in enumerate(parts):
            layers = layers.replace(f'"{part.name}"', f'"#{place}"')
        digest = hashlib.sha256(layers.encode())
        for weights in self.network.get_weights():
            digest.update(np.ascontiguousarray(weights).data)
        return digest.hexdigest()[:16]

    def lazy_runner(self, engine: str, precision: str) -> Runner:
        """Return a function that prepares the network when it is called first: a conversion takes seconds."""
        return lambda pixels: self.runner(engine, precision)(pixels)

    def runner(self, engine: str, precision: str) -> Runner:
        """Return the function that runs it. Raise UserError where this processor can't compute in the precision."""
        if (engine, precision) not in self._runners:
            tensorflow = engine == "tensorflow"
            runner = _tensorflow_runner(self.network) if tensorflow else _compile(self.converted, precision)
            self._runners[engine, precision] = runner
        return self._runners[engine, precision]


def choose(frozen: Frozen, sample: np.ndarray, engine: str = "auto", precision: str = "auto") -> Choice:
    """Return the engine and the precision that run a network fastest.

    Args:
        frozen: the network.
        sample: pictures to try it on, uint8 (m, size, size, 3); a few dozen are enough.
        engine: "auto" takes OpenVINO where it is installed and TensorFlow sees no GPU.
        precision: "auto" times both for a second each; bfloat16 is taken where it is faster and every picture's
            outputs keep a cosine similarity to float32's of at least `LEAST_COSINE`.

    Raises:
        UserError: what is asked for is not possible here.
    """
    engine, reason = settle(engine)
    if engine == "tensorflow":
        if precision == "bfloat16":
            raise UserError(
                f"--precision bfloat16 is OpenVINO's, and TensorFlow was taken ({reason}). "
                "Give --engine openvino, or --precision float32."
            )
        return Choice(engine, "float32", reason, {}, None)
    if precision == "auto":
        return _faster(frozen, sample, reason)
    return Choice(engine, precision, f"{reason}; {precision} was asked for", {}, None)


def available() -> bool:
    """Say whether OpenVINO is installed, without importing it."""
    return importlib.util.find_spec("openvino") is not None


def settle(asked: str) -> tuple[str, str]:
    """Return the engine that is meant and the reason for it. Raise UserError where it is not installed."""
    if asked == "openvino" and not available():
        raise UserError("OpenVINO is not installed. Run: pip install openvino, or give --engine tensorflow.")
    if asked != "auto":
        return asked, f"{asked} was asked for"
    if not available():
        return "tensorflow", "openvino is not installed"
    if _gpu_visible():
        return "tensorflow", "TensorFlow sees a GPU"
    return "openvino", "openvino is installed and TensorFlow sees no GPU"


def _gpu_visible() -> bool:
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def _tensorflow_runner(network: keras.Model) -> Runner:
    def run(pixels: np.ndarray) -> np.ndarray:
        if not len(pixels):  # Keras refuses no pictures
            return np.empty((0, network.output_shape[-1]), np.float32)
        return network.predict(pixels, batch_size=64, verbose=0)

    return run


def _faster(frozen: Frozen, sample: np.ndarray, reason: str) -> Choice:
    """Try both precisions on the sample and return the one to take."""
    if not _has_bfloat16() or not len(sample):
        why = "there is no picture to try" if _has_bfloat16() else "this processor does not compute in bfloat16"
        return Choice("openvino", "float32", f"{reason}; float32: {why}", {}, None)
    outputs, rate = _probe(frozen.runner("openvino", "float32"), sample)
    rough, rough_rate = _probe(frozen.runner("openvino", "bfloat16"), sample)
    cosine = smallest_cosine(outputs, rough)
    rates = {"float32": round(rate, 1), "bfloat16": round(rough_rate, 1)}
    precision = "bfloat16" if rough_rate > rate and cosine >= LEAST_COSINE else "float32"
    figures = f"float32 {rate:.0f} images/s, bfloat16 {rough_rate:.0f} with cosine similarity >= {cosine:.5f} to it"
    return Choice("openvino", precision, f"{reason}; {precision} taken: {figures}", rates, round(cosine, 6))


def _probe(runner: Runner, sample: np.ndarray) -> tuple[np.ndarray, float]:
    """Run over the sample, in pieces, until it ends or the time is up; return the outputs so far and images/s."""
    runner(sample[:1])  # the first picture allocates memory
    outputs, started = [], time.perf_counter()
    for first in range(0, len(sample), 8):
        outputs.append(runner(sample[first : first + 8]))
        seconds = time.perf_counter() - started
        if seconds > PROBE_SECONDS:
            break
    return (found := np.concatenate(outputs)), len(found) / seconds


def smallest_cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Return the smallest cosine similarity of row i of `a` to row i of `b`; the longer one is cut. 0 for nan."""
    n = min(len(a), len(b))
    a, b = a[:n].astype(np.float64), b[:n].astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(np.nan_to_num(np.sum(a * b, axis=1) / np.maximum(lengths, 1e-30)).min())


def export_ir(network: keras.Model, folder: Path) -> tf.types.experimental.ConcreteFunction:
    """Write `model.xml` and `model.bin` (float32 weights, uint8 input) into `folder`; return what was converted."""
    traced = trace(network)
    # True, the default, would round the weights.
    _import().save_model(convert(traced), folder / "model.xml", compress_to_fp16=False)
    return traced


def load_ir(folder: Path) -> Runner:
    """Load what `export_ir` wrote, to compute in float32. Needs neither Keras nor TensorFlow.

    Raises:
        UserError: OpenVINO is not installed, or the files are damaged.
    """
    settle("openvino")
    path = folder / "model.xml"
    try:
        return _compile(_core().read_model(path), "float32")
    except RuntimeError as error:
        raise UserError(f"{path} or its model.bin is missing or damaged. Train again.") from error


def _import() -> ModuleType:
    """Import OpenVINO without its telemetry.

    `import openvino` alone would tell Google Analytics so and leave a client's number in ~/intel, unless the user has
    said no before; without the package of that name it uses its own stub.
    """
    sys.modules.setdefault("openvino_telemetry", None)
    import openvino

    return openvino


def _core() -> openvino.Core:
    return _import().Core()


def _has_bfloat16() -> bool:
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def trace(network: keras.Model) -> tf.types.experimental.ConcreteFunction:
    """Return a network as a graph for one picture: float32 (1, size, size, 3) -> (1, outputs)."""
    import tensorflow as tf

    image = tf.TensorSpec((1, *network.input_shape[1:]), tf.float32, name="image")
    # autograph would rewrite Python code, of which there is none, through a file in /tmp
    function = tf.function(lambda pixels: network(pixels, training=False), autograph=False)
    with backend.quiet_stderr():
        return function.get_concrete_function(image)


def convert(traced: tf.types.experimental.ConcreteFunction) -> openvino.Model:
    """Return a network as OpenVINO has it, for one picture at a time, uint8 (1, size, size, 3) -> (1, outputs).

    It converts in memory; Keras' own `export` writes the weights to the disk first.
    """
    openvino = _import()
    from openvino.preprocess import PrePostProcessor

    with backend.quiet_stderr():
        model = openvino.convert_model(traced)
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.u8)  # no float32 copy, four times as large, in NumPy
    return steps.build()


def _compile(model: openvino.Model, precision: str) -> Runner:
    """Return the function that runs a model of one picture: several at once, one on each core.

    That keeps a picture's arrays in its core's cache. EfficientNet-Lite0, 224 pixels, 2 busy cores, images/s in float32
    and bfloat16: 153 and 308 so; 104 and 270 with batches of 8 over both cores, 103 and 147 with a batch of 32 on each.
    """
    if precision == "bfloat16" and not _has_bfloat16():
        raise UserError("--precision bfloat16: this processor does not compute in it. Give --precision float32.")
    settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": TYPES[precision]}
    with backend.quiet_stderr():
        compiled = _core().compile_model(model, "CPU", settings)
    requests = [
        compiled.create_infer_request() for _ in range(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
    ]

    nothing = np.zeros((1, *compiled.input(0).shape[1:]), np.uint8)
    for request in requests:  # one after the other: begun by two threads at once, OpenVINO's binding has locked up
        request.infer(nothing, share_inputs=True, share_outputs=True)

    def run(pixels: np.ndarray) -> np.ndarray:
        pixels = np.ascontiguousarray(pixels, np.uint8)  # of anything else, sharing would read freed memory
        outputs = np.empty((len(pixels), *compiled.output(0).shape[1:]), np.float32)
        rows = iter(range(len(pixels)))

        def work(request: openvino.InferRequest) -> None:
            for row in rows:  # whoever is free takes the next one
                answer = request.infer(pixels[row : row + 1], share_inputs=True, share_outputs=True)
                outputs[row] = answer[0][0]

        # Threads of our own: OpenVINO's AsyncInferQueue did 186 images/s to their 218 (EfficientNet-Lite0, float32),
        # and hung once, with a callback set anew for every call.
        with ThreadPoolExecutor(len(requests)) as pool:
            list(pool.map(work, requests))
        return outputs

    return run
