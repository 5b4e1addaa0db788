"""A copy of a network to train with: the same layers and weights, computed the fastest way this machine has.

The copy normalises and convolves in faster ways (`study/fit/fast_layers.py`), and it may compute in bfloat16, with
weights, statistics and the answer in float32 (mixed precision, https://arxiv.org/abs/1710.03740), for which recent
processors have instructions (AMX, AVX-512). Which precision is faster here is timed. `benchmarks/scratch.py` measures
what all that gains. Only the weights go back: what is saved has Keras' own layers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from errors import UserError
from models.parts.auxiliary_head import join_heads as join_two
from models.parts.head import classifier as join
from models.parts.keras_private import flatten_layers
from study.fit.fast_layers import FusedBatchNormalization, ShortRowConv2D
from study.runtime import by_backend, console, hardware

PROBE_SECONDS = 1.0  # for each of the two precisions; building each graph takes about as long
PROBE_STEPS = 300  # a shorter training is over before what the probe may gain has paid for it
MIN_GAIN = 1.05  # bfloat16 loses digits, so it has to be clearly faster
# Preprocessing stays in float32: bfloat16 has 8 bits, not enough for what scaling makes of 0..255. So do depthwise
# convolutions, which TensorFlow does not compute well in bfloat16 (EfficientNet-Lite0, 128 pixels, fine-tuning:
# 21 images/s with them, 42 without).
FLOAT32_LAYERS = (keras.layers.Rescaling, keras.layers.Normalization, keras.layers.DepthwiseConv2D)
FAST_LAYERS = {keras.layers.BatchNormalization: FusedBatchNormalization, keras.layers.Conv2D: ShortRowConv2D}


@dataclass(frozen=True)
class PrecisionChoice:
    """In which precision a stage trained, and why: kept in `run.json`.

    Args:
        precision: "float32" or "bfloat16" (with weights in float32).
        reason: one line with the figures that decided.
        images_per_second: precision -> images/s in the probe; empty where nothing had to be tried.
    """

    precision: str
    reason: str
    images_per_second: dict[str, float]

    @property
    def sentence(self) -> str:
        """Say in plain words what was chosen and why."""
        trains = f"training computes in {self.precision}"
        if not self.images_per_second:
            return f"{trains}: {self.reason}"
        ratio = self.images_per_second["bfloat16"] / max(self.images_per_second["float32"], 0.1)
        if self.precision == "bfloat16":
            return f"{trains}, numbers with half the bits of float32: {ratio:.1f} times as fast here"
        return f"{trains}: bfloat16, numbers with half the bits, is hardly faster here ({ratio:.1f} times)"


def training_copy(model: keras.Model, precision: str = "float32", any_size: bool = False) -> keras.Model:
    """Return a network with the same layers, weights and frozen parts, to be trained in `precision`.

    With `any_size` it takes images of every side, which a classifier of convolutions and global pooling can.

    Its answers are float32 and, in that precision, those of `model` to the fifth digit. Weights are copied, not shared:
    give them back with `model.set_weights(copy.get_weights())`.

    Raises:
        UserError: `any_size`, of a network that is made for one size.
    """
    faster = FAST_LAYERS if keras.config.backend() == "tensorflow" else {}

    def clone(layer: keras.Operation) -> keras.Operation:
        if not isinstance(layer, keras.Layer):
            return layer  # arithmetic between layers, without weights or precision
        layer_class = faster.get(type(layer), type(layer))
        config = layer.get_config()
        if precision == "bfloat16" and not _keeps_float32(layer):
            config["dtype"] = "mixed_bfloat16"
        return layer_class.from_config(config)

    if any_size:
        copy = _of_any_size(model, clone)
    else:
        copy = keras.models.clone_model(model, clone_function=clone, recursive=True)
        copy.set_weights(model.get_weights())
    for layer in flatten_layers(copy):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # it computes with copies of its weights, which set_weights does not reach
    return copy


def keras_class_name(layer: keras.Operation) -> str:
    """Return the name of Keras' class that a layer, of a training copy or of its model, is one of."""
    of_keras = {faster: plain for plain, faster in FAST_LAYERS.items()}
    return of_keras.get(type(layer), type(layer)).__name__


def _of_any_size(model: keras.Model, clone: Callable[[keras.Operation], keras.Operation]) -> keras.Model:
    """Clone a backbone onto an input without sides, put a clone of the head on it, and give both their weights."""
    _, backbone, head, *auxiliary_heads = model.layers
    image = keras.Input((None, None, 3), name="image")
    try:
        inputs = keras.tree.map_structure(lambda _: image, backbone.input)  # one, bare or in a list
        wider = keras.models.clone_model(backbone, inputs, clone_function=clone)
        if None in wider.outputs[0].shape[1:]:
            raise ValueError("its features grow with the image")
        heads = [keras.models.clone_model(part, clone_function=clone) for part in (head, *auxiliary_heads)]
        copy = join_two(wider, *heads) if auxiliary_heads else join(wider, *heads)
        copy.set_weights(model.get_weights())
    except (ValueError, TypeError) as error:
        raise UserError(
            "--progressive needs a network of convolutions and global pooling, which takes any size; this one is made "
            f"for {model.input_shape[1]} pixels. Leave it out, or give --progressive none."
        ) from error
    return copy


def _keeps_float32(layer: keras.Layer) -> bool:
    softmax = getattr(layer, "activation", None) is keras.activations.softmax
    return softmax or isinstance(layer, FLOAT32_LAYERS) or layer.dtype_policy.name != "float32"


def choose_precision(
    model: keras.Model,
    compiled: Callable[[keras.Model], None],
    pixels: np.ndarray,
    labels: Any,  # noqa: ANN401
    precision: str,
    steps: int,
) -> PrecisionChoice:
    """Return the precision to train `model` in; neither its weights nor anything else of it changes.

    Args:
        model: pixels -> probabilities.
        compiled: compiles a copy as it will be trained.
        pixels: a batch of the size that will be trained with, (batch, size, size, 3).
        labels: as `compiled` expects them, (batch, …), of several heads one for each.
        precision: "auto" times both, where there are enough steps for it to pay.
        steps: iterations that the training may take.
    """
    if precision != "auto":
        return PrecisionChoice(precision, f"{precision} was asked for", {})
    if by_backend.shard()[1] > 1:  # which might each find another one faster
        return PrecisionChoice("float32", "several processes learn together", {})
    if steps < PROBE_STEPS:
        return PrecisionChoice("float32", f"{steps} iterations are too few to try bfloat16", {})
    if not by_backend.on_gpu():
        if keras.config.backend() != "tensorflow":
            return PrecisionChoice("float32", "on a processor bfloat16 is tried with TensorFlow alone", {})
        if hardware.openvino_available() and not hardware.has_bfloat16():  # one iteration may take minutes
            return PrecisionChoice("float32", "this processor does not compute in bfloat16", {})
    seconds = {}
    with console.bar("compiling, to time float32 and bfloat16", len(TYPES)) as advance:
        for name in TYPES:
            seconds[name] = _step_seconds(training_copy(model, name), compiled, pixels, labels)
            advance()
    rates = {
        name: round(len(pixels) / duration, 1) if duration < math.inf else 0.0 for name, duration in seconds.items()
    }
    chosen = "bfloat16" if rates["bfloat16"] > MIN_GAIN * rates["float32"] else "float32"
    figures = ", ".join(f"{name} {rate:.0f} images/s" for name, rate in rates.items())
    return PrecisionChoice(chosen, f"{chosen} taken: {figures}", rates)


TYPES = ("float32", "bfloat16")


def _step_seconds(
    copy: keras.Model,
    compiled: Callable[[keras.Model], None],
    pixels: np.ndarray,
    labels: Any,  # noqa: ANN401
) -> float:
    """Return the seconds of the fastest of some iterations: a busy machine slows all but that; inf where it breaks."""
    compiled(copy)
    loss = copy.train_on_batch(pixels, labels)  # builds the graph
    times, ends = [], time.perf_counter() + PROBE_SECONDS
    while len(times) < 3 or time.perf_counter() < ends:
        started = time.perf_counter()
        loss = copy.train_on_batch(pixels, labels)
        times.append(time.perf_counter() - started)
    return min(times) if np.all(np.isfinite(loss)) else math.inf
