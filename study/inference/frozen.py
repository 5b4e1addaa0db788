"""A network whose weights stay as they are, ready to run on either engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from data.store.store import Store
from study.inference import int8, keras_openvino, openvino_ir
from study.inference.fingerprint import fingerprint_of
from study.inference.openvino_ir import Runner
from study.runtime import backend, hardware

if TYPE_CHECKING:
    import keras
    import openvino
    import tensorflow as tf


class FrozenBackbone:
    """A network whose weights stay as they are now, to be run by either engine; converted once, when first needed.

    Args:
        network: raw RGB 0..255, (batch, size, size, 3) -> (batch, outputs); None in a class that has it otherwise.
        store: where the converted network is kept, so that it is converted once on a machine; by default nowhere.
        make: makes it for OpenVINO without a conversion. What Keras' own backend for OpenVINO converts takes three
            times as long for an image: each convolution stands between two transpositions.
    """

    def __init__(
        self,
        network: keras.Model | None,
        store: Store | None = None,
        make: Callable[[], openvino.Model] | None = None,
    ) -> None:
        if network is not None:
            self.network = network
        self.store, self.make = store or Store(None), make
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
        if self.make:
            converted = self.make()
        elif another_backend():
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

    def maps(self) -> Runner | None:
        """Return what gives its last maps, as `openvino_ir.runner_of_maps` does; None without OpenVINO."""
        return openvino_ir.runner_of_maps(self.converted) if hardware.openvino_available() else None

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


def another_backend() -> str:
    """Return the backend that Keras runs on where that is not TensorFlow, from whose graph a network is converted."""
    return running if (running := backend.running()) != "tensorflow" else ""


def _keras_runner(network: keras.Model) -> Runner:
    def run(pixels: np.ndarray) -> np.ndarray:
        if not len(pixels):  # Keras refuses no images
            return np.empty((0, network.output_shape[-1]), np.float32)
        return network.predict(pixels, batch_size=64, verbose=0)

    return run
