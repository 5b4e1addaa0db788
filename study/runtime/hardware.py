"""What this machine has: OpenVINO, TensorFlow, bfloat16, a GPU, cores."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from errors import UserError

if TYPE_CHECKING:
    import openvino

BACKENDS = ("tensorflow", "jax", "torch")  # of Keras
HEADS = "openvino"  # one that nothing can be differentiated by: for heads, which learn in NumPy


class Missing:
    """Finds no package of a name, wherever it is: it stands before the finders of `sys.meta_path`."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Raise ImportError for the package; leave others to the next finder."""
        if name == self.package:
            raise ModuleNotFoundError(f"This process does without {name}.", name=name)


def do_without(package: str) -> None:
    """Let this process import a package as little as where it is not installed."""
    sys.meta_path.insert(0, Missing(package))


def is_installed(package: str) -> bool:
    """Say whether a package is installed, without importing it.

    A folder of its name beside this program, such as of `--tensorboard tensorboard`, would count as one to Python
    (https://peps.python.org/pep-0420/), but has no code of its own.
    """
    if any(isinstance(finder, Missing) and finder.package == package for finder in sys.meta_path):
        return False
    spec = importlib.util.find_spec(package)
    return spec is not None and spec.origin is not None


def openvino_available() -> bool:
    """Say whether OpenVINO is installed, without importing it."""
    return is_installed("openvino")


def has_bfloat16() -> bool:
    """Say whether the processor computes in bfloat16."""
    return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def require_openvino() -> None:
    """Raise UserError where OpenVINO is not installed."""
    if not openvino_available():
        raise UserError("OpenVINO is not installed. Run: pip install openvino, or give --engine tensorflow.")


def tensorflow_available() -> bool:
    """Say whether TensorFlow is installed, without importing it."""
    return is_installed("tensorflow")


def require_tensorflow(what: str, or_another: bool = False) -> None:
    """Raise UserError where TensorFlow is not installed, as in the small install for `predict` and `check`.

    `or_another`: backend of Keras would do as well.
    """
    if not tensorflow_available():
        others = installed_backends() if or_another else []
        raise UserError(
            f"{what} needs TensorFlow, which is not installed. Run: python -m pip install -r requirements.txt"
            + (f", or give --backend {others[0]}, which is installed" if others else "")
        )


def installed_backends() -> list[str]:
    """Return the backends of Keras that are installed, without importing them."""
    return [name for name in BACKENDS if is_installed(name)]


def require_backend(name: str) -> None:
    """Raise UserError where a backend of Keras is not installed."""
    if not is_installed(name):
        raise UserError(
            f"--backend {name}, or KERAS_BACKEND: {name} is not installed. Run: python -m pip install {name}"
        )


def import_openvino() -> ModuleType:
    """Import OpenVINO without its telemetry.

    `import openvino` alone would tell Google Analytics so and leave a client's number in ~/intel, unless the user has
    said no before; without the package of that name it uses its own stub.
    """
    sys.modules.setdefault("openvino_telemetry", None)
    import openvino

    return openvino


def import_onnxruntime() -> ModuleType:
    """Import onnxruntime without its telemetry, unless the user has said what he wants of it.

    Its packages of 2026 would tell Microsoft of each network that they run, and leave a number of this computer in
    ~/.cache/Microsoft and another one in the folder of temporary files.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


@cache
def core() -> openvino.Core:
    """Return OpenVINO's own door to this machine, one until the process ends.

    Each gives the thread another stack for signals, and the one before back when it goes: of several that went in
    another order, one that was freed. The next Ctrl-C then ended the process by a crash.
    """
    return import_openvino().Core()


def gpu_files() -> list[Path]:
    """Return the files by which Linux reaches a GPU: of NVIDIA, of AMD, of Windows beneath."""
    return [*Path("/dev").glob("nvidia[0-9]*"), Path("/dev/kfd"), Path("/dev/dxg")]


def gpu_visible() -> bool:
    """Say whether TensorFlow sees a GPU; it is not imported, which takes seconds, where the system has none."""
    if not tensorflow_available() or (sys.platform == "linux" and not any(map(Path.exists, gpu_files()))):
        return False
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def machine() -> str:
    """Return what tells machines apart, for figures that hold on one: its name, processor and number of cores."""
    return f"{platform.node()} {platform.machine()} {os.cpu_count()}"
