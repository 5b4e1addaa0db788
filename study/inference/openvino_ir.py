"""A network in OpenVINO's form: converted from TensorFlow's graph, joined, kept in files and in the store, compiled.

IR, intermediate representation, is OpenVINO's name for it (https://docs.openvino.ai): `model.xml` holds the layers,
`model.bin` the weights.
"""

from __future__ import annotations

import errno
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.store.store import Store
from errors import UserError
from study.runtime import backend, hardware, signals
from study.runtime.hardware import core, import_openvino, require_openvino

if TYPE_CHECKING:
    import keras
    import openvino
    import tensorflow as tf

Runner = Callable[[np.ndarray], np.ndarray]  # pixels, uint8 (n, size, size, 3) -> float32 (n, outputs); n may be 0
RunnerOfAll = Callable[[np.ndarray], list[np.ndarray]]  # the same of several outputs
FILES = ("model.xml", "model.bin")
NETWORKS = "converted networks (2)"  # rows of such names, padded to a size in them, go by the store's limit
PROBE = 2**20  # bytes that a full disk does not hold
LENGTH = 8  # bytes before a kept network that say how long its layers are; the weights follow them
TYPES = {"float32": "f32", "bfloat16": "bf16"}  # OpenVINO's names


def trace(network: keras.Model) -> tf.types.experimental.ConcreteFunction:
    """Return a network as a graph for one input: float32 (1, …) -> (1, outputs)."""
    import tensorflow as tf

    spec = tf.TensorSpec((1, *network.input_shape[1:]), tf.float32, name="image")
    # autograph would rewrite Python code, of which there is none, through a file in /tmp
    function = tf.function(lambda inputs: network(inputs, training=False), autograph=False)
    with backend.quiet():
        return function.get_concrete_function(spec)


def run_traced(traced: tf.types.experimental.ConcreteFunction, inputs: np.ndarray) -> np.ndarray:
    """Run a graph of one input over several: float32 (n, outputs). Called layer by layer, Keras took 2 to 3 s."""
    return np.concatenate([traced(sample[None].astype(np.float32)) for sample in inputs])


def convert(traced: tf.types.experimental.ConcreteFunction) -> openvino.Model:
    """Return a network as OpenVINO has it, for one input at a time: float32 (1, …) -> (1, outputs), or several such.

    It converts in memory; Keras' own `export` writes the weights to the disk first.
    """
    openvino = import_openvino()
    with backend.quiet(), signals.deferred(), telling_tensorflow_version():
        converted = openvino.convert_model(traced)
    # What nothing reads, such as a constant of `--coordinates`, or is read twice, becomes an output of its own as well.
    results = [
        next(result for result in converted.get_results() if output.name in result.get_output_tensor(0).get_names())
        for output in traced.outputs
    ]
    return openvino.Model(results, converted.get_parameters(), converted.get_friendly_name())


@contextmanager
def telling_tensorflow_version() -> Iterator[None]:
    """Tell OpenVINO which TensorFlow is there: on Python 3.13 and later its own way to find out raises NameError.

    It imports TensorFlow and deletes the name again, each by an `exec` in a function; since Python 3.13 the second
    knows nothing of the first (https://peps.python.org/pep-0667/). So it is up to OpenVINO 2026.4.1.
    """
    if sys.version_info < (3, 13):
        yield
        return
    import tensorflow as tf
    from openvino.frontend.tensorflow import utils

    own, utils.get_environment_setup = utils.get_environment_setup, lambda framework: {"tensorflow": tf.__version__}
    try:
        yield
    finally:
        utils.get_environment_setup = own


def accept_uint8(model: openvino.Model) -> openvino.Model:
    """Let a network take uint8: no float32 copy of the pixels, four times as large, in NumPy."""
    openvino = import_openvino()
    from openvino.preprocess import PrePostProcessor

    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.u8)
    return steps.build()


def concatenate(backbone: openvino.Model, head: openvino.Model, features: bool = False) -> openvino.Model:
    """Return both as one network. The head's own graph is changed by that: it has no further use.

    With `features`, those of the backbone are a second output.
    """
    (result,) = backbone.get_results()
    for reader in head.input(0).get_target_inputs():
        reader.replace_source_output(result.input_value(0))
    results = [*head.get_results(), *([result] if features else [])]
    return import_openvino().Model(results, backbone.get_parameters(), "classifier")


def runner_of_maps(model: openvino.Model) -> Runner | None:
    """Return what gives the maps of which a network's features are the means over all places; None of another network.

    Pixels, uint8 (n, side, side, 3) -> float32 (n, height, width, features).
    """
    mean = model.get_results()[0].input_value(0).get_node()
    if mean.get_type_name() != "ReduceMean":
        return None
    axes = sorted(mean.input_value(1).get_node().get_data().tolist())
    if axes not in ([1, 2], [2, 3]):
        return None
    maps = import_openvino().Model([mean.input_value(0)], model.get_parameters(), "maps")
    run = compile(maps, "float32")
    return run if axes == [1, 2] else lambda pixels: np.moveaxis(run(pixels), 1, -1)


def save(model: openvino.Model, folder: Path) -> None:
    """Write `model.xml` and `model.bin` into `folder`.

    Raises:
        OSError: there is no room for them, or the folder cannot be written to.
    """
    try:
        # True, the default, would round the weights.
        import_openvino().save_model(model, folder / FILES[0], compress_to_fp16=False)
    except RuntimeError as error:  # "iostream error", whatever it was
        for file in FILES:  # writing on tells the reason
            with (folder / file).open("ab") as grown:
                grown.write(bytes(PROBE))
        raise OSError(errno.EIO, f"OpenVINO could not write it ({error})", str(folder / FILES[0])) from error


def load(folder: Path) -> Runner:
    """Return what `load_all` does, for the first output alone."""
    return first_of(load_all(folder))


def load_all(folder: Path, check_shapes: Callable[..., None] = lambda inputs, outputs: None) -> RunnerOfAll:
    """Load what `save` wrote, to compute in float32. Needs neither Keras nor TensorFlow.

    Args:
        folder: with both files.
        check_shapes: is called with the shapes of input and first output, and may raise.

    Raises:
        UserError: OpenVINO is not installed, or the files are damaged.
    """
    require_openvino()
    path = folder / FILES[0]
    try:
        model = core().read_model(path)
        check_shapes(tuple(model.input(0).shape), tuple(model.output(0).shape))
        return compile_all(model, "float32")
    except RuntimeError as error:
        raise UserError(f"{path} or its model.bin is missing or damaged. Train again.") from error


def save_to_store(model: openvino.Model, name: str, store: Store) -> None:
    """Keep a network in the store under a name, if there is a store for it; what hinders that is told."""
    if store.root is None:
        return
    try:
        with tempfile.TemporaryDirectory() as folder:
            save(model, Path(folder))
            layers, weights = ((Path(folder) / file).read_bytes() for file in FILES)
    except OSError as error:  # such as no room in the temporary folder
        store.note(f"the converted network is not kept, and will be converted again: {error.strerror or error}")
        return
    store.keep_blob(NETWORKS, name, b"".join((len(layers).to_bytes(LENGTH), layers, weights)))


def load_from_store(name: str, store: Store) -> openvino.Model | None:
    """Return the network that `save_to_store` put into the store; None where there is none."""
    if (content := store.blob(NETWORKS, name)) is None:
        return None
    weights = LENGTH + int.from_bytes(content[:LENGTH])
    try:
        return core().read_model(content[LENGTH:weights], content[weights:])
    except RuntimeError:  # of a form that this OpenVINO does not read
        return None


def first_of(run: RunnerOfAll) -> Runner:
    """Return a runner's first output alone."""
    return lambda pixels: run(pixels)[0]


def compile(model: openvino.Model, precision: str) -> Runner:
    """Return what `compile_all` does, for the first output alone."""
    return first_of(compile_all(model, precision))


def compile_all(model: openvino.Model, precision: str) -> RunnerOfAll:
    """Return the function that runs a model of one image: several at once, one on each core.

    That keeps an image's arrays in its core's cache. EfficientNet-Lite0, 224 pixels, 2 busy cores, images/s in float32
    and bfloat16: 153 and 308 so; 104 and 270 with batches of 8 over both cores, 103 and 147 with a batch of 32 on each.
    """
    if precision == "bfloat16" and not hardware.has_bfloat16():
        raise UserError("--precision bfloat16: this processor does not compute in it. Give --precision float32.")
    settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": TYPES[precision]}
    with backend.quiet():
        compiled = core().compile_model(model, "CPU", settings)
    requests = [
        compiled.create_infer_request() for _ in range(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
    ]

    nothing = np.zeros((1, *compiled.input(0).shape[1:]), np.uint8)
    for request in requests:  # one after the other: begun by two threads at once, OpenVINO's binding has locked up
        request.infer(nothing, share_inputs=True, share_outputs=True)

    def run(pixels: np.ndarray) -> list[np.ndarray]:
        pixels = np.ascontiguousarray(pixels, np.uint8)  # of anything else, sharing would read freed memory
        outputs = [np.empty((len(pixels), *output.shape[1:]), np.float32) for output in compiled.outputs]
        rows = iter(range(len(pixels)))

        def work(request: openvino.InferRequest) -> None:
            for i in rows:  # whoever is free takes the next one
                result = request.infer(pixels[i : i + 1], share_inputs=True, share_outputs=True)
                for index, output in enumerate(outputs):
                    output[i] = result[index][0]

        # Threads of our own: OpenVINO's AsyncInferQueue did 186 images/s to their 218 (EfficientNet-Lite0, float32),
        # and hung once, with a callback set anew for every call.
        with ThreadPoolExecutor(len(requests)) as pool:
            list(pool.map(work, requests))
        return outputs

    return run
