"""Run a network that does not learn, on the engine that is fastest here: OpenVINO on a CPU, or what Keras runs on.

OpenVINO (https://docs.openvino.ai) knows that the weights stay as they are: it folds each normalisation into its
convolution, lays the weights out for the processor at hand, and computes in bfloat16 where that has instructions for
it (AMX, AVX-512). `benchmarks/embed.py` measures what that gains.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from data.store.store import Store
from errors import UserError
from study.inference import int8, keras_openvino, openvino_ir
from study.inference.fingerprint import fingerprint_of
from study.inference.openvino_ir import Runner
from study.runtime import backend, hardware
from study.runtime.hardware import gpu_visible

if TYPE_CHECKING:
    import keras
    import openvino
    import tensorflow as tf

MIN_COSINE = 0.995  # of the image that bfloat16 changes most, to its features in float32
PROBE_SECONDS = 1.0  # for each of the two precisions
PRECISIONS = ("float32", "bfloat16", "int8")
NAMES = {"openvino": "OpenVINO", "tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


@dataclass(frozen=True)
class EngineChoice:
    """What runs the network, and why: kept in `run.json`; the figures are empty where nothing had to be tried.

    Args:
        engine: "openvino", or Keras' backend.
        precision: one of `PRECISIONS`; "bfloat16 and float32" where backbones side by side take different ones.
        reason: one line with the figures that decided.
        images_per_second: precision -> images/s in the probe.
        cosine: smallest cosine similarity, over the images of the probe, of bfloat16's outputs to float32's.
    """

    engine: str
    precision: str
    reason: str
    images_per_second: dict[str, float]
    cosine: float | None

    @property
    def precision_of_all(self) -> str:
        """Return that in which the network runs as a whole, its parts together."""
        return self.precision if self.precision in PRECISIONS else "float32"

    @property
    def sentence(self) -> str:
        """Say in plain words what was chosen and why."""
        return f"the frozen network runs on {NAMES[self.engine]} in {self.precision_and_why}"

    @property
    def precision_and_why(self) -> str:
        """Say in plain words which precision was chosen and why."""
        if self.cosine is None:
            return f"{self.precision}: {self.reason}"
        ratio = self.images_per_second["bfloat16"] / self.images_per_second["float32"]
        if self.precision == "bfloat16":
            same = f"the features hardly change (cosine similarity {self.cosine:.4f} or more, where 1 is the same)"
            return f"bfloat16, numbers with half the bits of float32: {ratio:.1f} times as fast here, and {same}"
        half = "bfloat16, numbers with half the bits,"
        if self.cosine < MIN_COSINE:
            return f"float32: {half} would change the features too much (cosine similarity {self.cosine:.4f})"
        return f"float32: {half} is no faster here ({ratio:.1f} times)"


class FrozenBackbone:
    """A network whose weights stay as they are now, to be run by either engine; converted once, when first needed.

    Args:
        network: raw RGB 0..255, (batch, size, size, 3) -> (batch, outputs); None in a class that has it otherwise.
        store: where the converted network is kept, so that it is converted once on a machine; by default nowhere.
    """

    def __init__(self, network: keras.Model | None, store: Store | None = None) -> None:
        if network is not None:
            self.network = network
        self.store = store or Store(None)
        self.calibration: Callable[[], np.ndarray] | None = None  # images by which ranges of 8-bit integers are chosen
        self._runners: dict[tuple[str, str], Runner] = {}

    @property
    def outputs(self) -> int:
        """Return how many numbers it gives of an image."""
        return self.network.output_shape[-1]

    @cached_property
    def converted(self) -> openvino.Model:
        """Return the network as OpenVINO has it, which takes 2 s of a warm `train` unless the store has it.

        Raise UserError where it does not take the network of another backend than TensorFlow.
        """
        name = f"{self.fingerprint} {version('openvino')}"
        if (kept := openvino_ir.load_from_store(name, self.store)) is not None:
            return kept
        if another_backend():
            converted = keras_openvino.converted(self.network)
        else:
            converted = openvino_ir.accept_uint8(openvino_ir.convert(self.traced))
        openvino_ir.save_to_store(converted, name, self.store)
        return converted

    @cached_property
    def traced(self) -> tf.types.experimental.ConcreteFunction:
        """Return the network as TensorFlow's graph, from which it is converted."""
        return openvino_ir.trace(self.network)

    @cached_property
    def fingerprint(self) -> str:
        """Return a hash of what the outputs depend on."""
        return fingerprint_of(self.network)

    def lazy_runner(self, engine: str, precision: str) -> Runner:
        """Return a function that prepares the network when it is called first: a conversion takes seconds."""
        return lambda pixels: self.runner(engine, precision)(pixels)

    def runner(self, engine: str, precision: str) -> Runner:
        """Return the function that runs it. Raise UserError where this processor can't compute in the precision."""
        if (engine, precision) not in self._runners:
            self._runners[engine, precision] = self._prepared(engine, precision)
        return self._runners[engine, precision]

    def _prepared(self, engine: str, precision: str) -> Runner:
        if engine != "openvino":
            return _keras_runner(self.network)
        if precision == "int8":
            return openvino_ir.compile(int8.quantized(self.converted, self.calibration()), "float32")
        return openvino_ir.compile(self.converted, precision)

    def release(self) -> None:
        """Let go of what was prepared to run it: 80 MB for EfficientNet-Lite0 in two precisions."""
        self._runners.clear()


class BuiltBackbone(FrozenBackbone):
    """A network that was made for OpenVINO from the start, without Keras and TensorFlow.

    Args:
        converted: it, for one image, uint8.
        fingerprint: a hash of what its outputs depend on.
        store: as above.
    """

    def __init__(self, converted: openvino.Model, fingerprint: str, store: Store) -> None:
        super().__init__(None, store)
        self.converted, self.fingerprint = converted, fingerprint

    @property
    def outputs(self) -> int:
        """Return how many numbers it gives of an image."""
        return self.converted.output(0).shape[-1]


def choose_engine(
    frozen: FrozenBackbone, sample: np.ndarray, engine: str = "auto", precision: str = "auto"
) -> EngineChoice:
    """Return the engine and the precision that run a network fastest.

    Args:
        frozen: the network.
        sample: images to try it on, uint8 (m, size, size, 3); a few dozen are enough.
        engine: "auto" takes OpenVINO where it is installed and Keras sees no GPU.
        precision: "auto" times both for a second each; bfloat16 is taken where it is faster and every image's
            outputs keep a cosine similarity to float32's of at least `MIN_COSINE`.

    Raises:
        UserError: what is asked for is not possible here.
    """
    engine, reason = engine_for(frozen, engine)
    if engine != "openvino":
        if precision in ("bfloat16", "int8"):
            remedy = "Give --engine openvino, or" if engine == "tensorflow" else "Give"
            raise UserError(
                f"--precision {precision} is OpenVINO's, and {NAMES[engine]} was taken ({reason}). "
                f"{remedy} --precision float32."
            )
        return EngineChoice(engine, "float32", reason, {}, None)
    if precision == "auto":
        return _faster_precision(frozen, sample, reason)
    return EngineChoice(engine, precision, f"{reason}; {precision} was asked for", {}, None)


def another_backend() -> str:
    """Return the backend that Keras runs on where that is not TensorFlow, from whose graph a network is converted."""
    return running if (running := backend.running()) != "tensorflow" else ""


def engine_for(frozen: FrozenBackbone, engine: str = "auto") -> tuple[str, str]:
    """Return the engine for a network and the reason for it: what Keras runs on, where OpenVINO does not take it."""
    found, reason = resolve_engine(engine)
    if found == "openvino" and engine == "auto" and (running := another_backend()):
        try:
            frozen.converted  # noqa: B018 - it is kept
        except UserError as error:
            return running, str(error)
    return found, reason


def resolve_engine(engine: str) -> tuple[str, str]:
    """Return the engine that is meant and the reason for it. Raise UserError where it is not installed."""
    if engine == "openvino":
        hardware.require_openvino()
    if engine != "auto":
        return engine, f"{engine} was asked for"
    own = another_backend() or "tensorflow"
    if not hardware.openvino_available():
        return own, "openvino is not installed"
    if on_gpu():
        return own, f"{NAMES[own]} sees a GPU"
    return "openvino", f"openvino is installed and {NAMES[own]} sees no GPU"


def on_gpu() -> bool:
    """Say whether Keras runs on a GPU, or would."""
    if not another_backend():
        return gpu_visible()
    from study.runtime import by_backend

    return by_backend.on_gpu()


def _keras_runner(network: keras.Model) -> Runner:
    def run(pixels: np.ndarray) -> np.ndarray:
        if not len(pixels):  # Keras refuses no images
            return np.empty((0, network.output_shape[-1]), np.float32)
        return network.predict(pixels, batch_size=64, verbose=0)

    return run


def _faster_precision(frozen: FrozenBackbone, sample: np.ndarray, reason: str) -> EngineChoice:
    """Try both precisions on the sample and return the one to take."""
    if not hardware.has_bfloat16() or not len(sample):
        why = "there is no image to try" if hardware.has_bfloat16() else "this processor does not compute in bfloat16"
        return EngineChoice("openvino", "float32", f"{reason}; float32: {why}", {}, None)
    outputs, rate = _probe(frozen.runner("openvino", "float32"), sample)
    bfloat16_outputs, bfloat16_rate = _probe(frozen.runner("openvino", "bfloat16"), sample)
    cosine = smallest_cosine(outputs, bfloat16_outputs)
    rates = {"float32": round(rate, 1), "bfloat16": round(bfloat16_rate, 1)}
    precision = "bfloat16" if bfloat16_rate > rate and cosine >= MIN_COSINE else "float32"
    figures = "float32 {float32:.0f} images/s, bfloat16 {bfloat16:.0f}".format(**rates)
    tried = min(len(outputs), len(bfloat16_outputs))
    figures += f" with cosine similarity >= {cosine:.5f} to it on the {tried} images tried"
    return EngineChoice("openvino", precision, f"{reason}; {precision} taken: {figures}", rates, round(cosine, 6))


def _probe(runner: Runner, sample: np.ndarray) -> tuple[np.ndarray, float]:
    """Run over the sample, in pieces, until it ends or the time is up; return the outputs so far and images/s."""
    runner(sample[:1])  # the first image allocates memory
    outputs, started = [], time.perf_counter()
    for first in range(0, len(sample), 8):
        outputs.append(runner(sample[first : first + 8]))
        seconds = time.perf_counter() - started
        if seconds > PROBE_SECONDS:
            break
    return (joined := np.concatenate(outputs)), len(joined) / seconds


def smallest_cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Return the smallest cosine similarity of row i of `a` to row i of `b`; the longer one is cut. 0 for nan."""
    n = min(len(a), len(b))
    a, b = a[:n].astype(np.float64), b[:n].astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(np.nan_to_num(np.sum(a * b, axis=1) / np.maximum(lengths, 1e-30)).min())
