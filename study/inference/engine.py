"""Run a network that does not learn, on the engine that is fastest here: OpenVINO on a CPU, or what Keras runs on.

OpenVINO (https://docs.openvino.ai) knows that the weights stay as they are: it folds each normalisation into its
convolution, lays the weights out for the processor at hand, and computes in bfloat16 where that has instructions for
it (AMX, AVX-512). `benchmarks/embed.py` measures what that gains.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from errors import UserError
from study.inference.frozen import FrozenBackbone, another_backend
from study.inference.openvino_ir import Runner
from study.runtime import hardware
from study.runtime.hardware import gpu_visible

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
    if own == "openvino":
        return own, "Keras runs on it"
    if on_gpu():
        return own, f"{NAMES[own]} sees a GPU"
    return "openvino", f"openvino is installed and {NAMES[own]} sees no GPU"


def on_gpu() -> bool:
    """Say whether Keras runs on a GPU, or would."""
    if not another_backend():
        return gpu_visible()
    from study.runtime import by_backend

    return by_backend.on_gpu()


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
