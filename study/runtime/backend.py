"""Start Keras quietly and with one seed. Everything that needs Keras comes after this call."""

from __future__ import annotations

import gc
import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from errors import UserError
from study.runtime import hardware, temporary
from study.runtime.processes import ALONE, Place

_STARTING = threading.RLock()


def start(seed: int = 0, deterministic: bool = False, backend: str = "tensorflow", place: Place = ALONE) -> None:
    """Import Keras with its backend and seed Python, NumPy and the backend.

    `deterministic`: only operations that give equal bits again, until this process ends. `place`: of this process among
    others, for which it waits.

    Raises:
        UserError: Keras runs on another backend in this process already.

    TensorFlow writes notes on its own build to the screen, past Python and in spite of its own variables (GitHub issue
    tensorflow/tensorflow#100442); they are held back, and shown only if the import fails.
    """
    if backend == "tensorflow":
        hardware.require_tensorflow("A network that learns")
    with _STARTING:
        _start(seed, deterministic, backend, place)


def start_if_needed() -> None:
    """Start Keras where nobody has, in any thread: another start would seed anew beneath a training that has begun.

    It runs on TensorFlow, or where that is not installed on a backend that is.
    """
    with _STARTING:
        if "keras" not in sys.modules:
            start(backend=next(iter(hardware.installed_backends()), "tensorflow"))


def running() -> str:
    """Return the backend that Keras runs on here; "" where it was not imported."""
    return sys.modules["keras"].config.backend() if "keras" in sys.modules else ""


def _start(seed: int, deterministic: bool, backend: str, place: Place) -> None:
    if (now := running()) not in ("", backend):
        raise UserError(f"Keras runs on {now} in this process already. --backend {backend} needs another one.")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = backend
    if backend == "openvino":  # which nothing is differentiated by: for a head, which learns in NumPy
        hardware.import_openvino()
        hardware.do_without("tensorflow")  # to save a network, Keras would import it
        warnings.filterwarnings("ignore", "`custom_gradient` for the openvino backend")  # of a quantiser, unused
    temporary.use_own_folder()
    with quiet(), without_garbage_collection(), without_what_nobody_asked_for(backend):
        import keras

        # It comes second: before PyTorch, it has ended the process by a crash.
        if backend != "tensorflow" and hardware.tensorflow_available():
            import tensorflow as tf

            tf.config.set_visible_devices([], "GPU")  # it would take all memory there, and only makes batches
    if deterministic:
        _want_equal_bits(backend)
    if place.count > 1:
        _join(place)
    with quiet():
        keras.ops.zeros(1)  # the first operation looks for devices, and talks about them
    keras.config.set_image_data_format("channels_last")  # whatever the user's keras.json says
    keras.config.set_floatx("float32")
    keras.utils.set_random_seed(seed)


def _want_equal_bits(backend: str) -> None:
    """Let only operations run that give equal bits again; TensorFlow's in any case, which makes the batches.

    On a GPU, PyTorch refuses what it has no such operation for.
    """
    if hardware.tensorflow_available():
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    if backend == "jax":  # https://openxla.org/xla/flags_guidance, read when it looks for devices
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true".strip()
    if backend == "torch":  # https://docs.pytorch.org/docs/stable/notes/randomness.html
        import torch

        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)


def _join(place: Place) -> None:
    """Make JAX know the other processes, which has to come before anything is computed; each has one GPU, if any.

    Where one of them is gone, JAX by itself would wait for it at the end, and then end this one by a crash.
    """
    import jax

    jax.config.update("jax_enable_recoverability", True)
    own = {}
    if place.local:  # else the first process would listen to the whole network
        own = {"coordinator_bind_address": place.address, "local_device_ids": [place.number]}
    if place.address:
        own |= {"coordinator_address": place.address, "num_processes": place.count, "process_id": place.number}
    with place.meeting() as seconds:
        jax.distributed.initialize(**own, initialization_timeout=2 * seconds)


@contextmanager
def without_what_nobody_asked_for(backend: str) -> Iterator[None]:
    """Keep from Keras what it would import without need; whoever needs it later imports it as ever.

    That is scikit-learn, and SciPy's statistics with it, for wrappers: a tenth of `import keras`, or more; and pandas
    where it is installed, for tables as input. On OpenVINO, signal processing for short-time Fourier transforms: a
    third of it. And a folder called jax beside this program, such as of --runs jax: Keras would take it for JAX, and
    not start.
    """
    unwanted = ["sklearn", "pandas", *([] if hardware.is_installed("jax") else ["jax"])]
    unused = ["scipy.signal"] if backend == "openvino" else []  # it imports this without asking whether it is there
    hidden = [name for name in (*unwanted, *unused) if name not in sys.modules]
    # An import of None fails, as where nothing is installed.
    sys.modules.update({name: ModuleType(name) if name in unused else None for name in hidden})
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Spare Python's garbage collector what the block makes: it stays until the end.

    Looking through TensorFlow's million objects took a fifth of its import, 0.8 of 4.5 s, and 0.8 s when Python ends.
    """
    first = "keras" not in sys.modules  # garbage of a process that has long begun is not to be kept
    gc.disable()
    try:
        yield
    finally:
        if first:
            gc.freeze()
        gc.enable()


@contextmanager
def quiet(stream: int = 2) -> Iterator[None]:
    """Hold back what native code writes to standard error, or to output, 1; pass it on only where the block raises."""
    (sys.stdout if stream == 1 else sys.stderr).flush()
    screen = os.dup(stream)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), stream)
        try:
            yield
        except Exception:
            os.dup2(screen, stream)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(screen, stream)
            os.close(screen)


@contextmanager
def user_errors() -> Iterator[None]:
    """Raise a UserError from within a batch pipeline as such: it comes as TensorFlow's, with a traceback as text."""
    if not hardware.tensorflow_available():
        yield
        return
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        if match := re.search(r"\bUserError: (.+)", str(error)):
            raise UserError(match[1].strip()) from error
        raise
