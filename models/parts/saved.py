"""Load a saved model of which nothing is known: looked through before Keras builds any of it, so that it runs no code.

A `.keras` file is a zip of `config.json`, which names the classes to build, and `model.weights.h5`.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from errors import UserError
from models.parts import keras_private

if TYPE_CHECKING:
    import h5py
    import keras

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
ENDINGS = (".h5", ".keras")  # of files that hold weights
NO_RUN = ("none", "imagenet")  # what `weights` takes beside such files and runs
PARTS = {CONFIG, WEIGHTS, "metadata.json"}  # all that Keras writes for the layers of which a backbone is made
MAX_UNPACKED = 10  # times its size on the disk
LARGEST_CONFIG = 2**25  # bytes; that of EfficientNet-B7 has 2**20
SLACK = 2**20  # bytes by which the variables may be more than the file of their values
MODULES = {
    *("keras", "keras.activations", "keras.constraints", "keras.dtype_policies", "keras.initializers"),
    *("keras.layers", "keras.models", "keras.regularizers", "keras.src.models.functional"),
    "keras.src.models.sequential",
}
OPERATIONS = "keras.src.ops."  # such as an addition of two tensors, as a layer
CODE = {  # classes of Keras that run, or read, what somebody else has written
    *("Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"),
    *("StringLookup", "IntegerLookup", "TextVectorization"),
}
PLAIN = {"__keras_tensor__", "__tuple__", "__ellipsis__", "__slice__", "__tensor__", "__numpy__"}  # values, no classes


class DamagedError(ValueError):
    """Why a file cannot be a model that Keras saved."""


def load(file: Path) -> keras.Model:
    """Load a `.keras` file for inference.

    Raises:
        UserError: it asks for code.
        DamagedError: it cannot be read, or its variables are more than the file has values for.
    """
    import keras

    try:
        config, size = read_config(file)
        if wanted := code_in(config):
            raise UserError(
                f"{file} was not loaded, as it asks for {wanted}, by which it could run code of whoever made it. "
                "Train again, or ask for a model of layers of Keras alone."
            )
        with zipfile.ZipFile(file) as archive, archive.open(WEIGHTS) as weights:
            check_weights(weights, size)
        with keras.StatelessScope():  # in it, variables have shapes and no values yet
            network = keras.saving.deserialize_keras_object({**config, "compile_config": None}, safe_mode=True)
            needed = sum(4 * math.prod(weight.shape) for weight in network.weights)
            if needed > size + SLACK:
                keras_private.forget_new_variables()
                raise DamagedError(f"its variables take {needed:,} bytes and it has {size:,}")
        network.load_weights(file)
        return network
    except UserError:
        raise
    except Exception as error:  # a configuration of a stranger draws nearly every built-in exception out of Keras
        raise DamagedError(str(error)) from error


def read_config(file: Path) -> tuple[dict[str, Any], int]:
    """Return what a `.keras` file says of its layers, and how many bytes its weights have.

    Raises:
        ValueError: it would unpack to far more than Keras writes, has other parts, or numbers that are none.
    """
    with zipfile.ZipFile(file) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED * file.stat().st_size or len(sizes) != len(archive.infolist()):
            raise ValueError(f"it would unpack to {unpacked:,} bytes")
        if not {CONFIG, WEIGHTS} <= sizes.keys() <= PARTS or sizes[CONFIG] > LARGEST_CONFIG:
            raise ValueError(f"it has the parts {', '.join(sorted(sizes))}")
        config = json.loads(archive.read(CONFIG), parse_constant=no_number)
    if not isinstance(config, dict):
        raise TypeError(f"{CONFIG} is no object")
    return config, sizes[WEIGHTS]


def no_number(text: str) -> float:
    """Refuse NaN and infinity, which Keras writes nowhere."""
    raise ValueError(f"{CONFIG} has the number {text}")


def code_in(config: Mapping[str, Any]) -> str:
    """Return the first of what a configuration asks for that is no layer, or other part, of Keras without code."""
    of_layers = {name: value for name, value in config.items() if name != "compile_config"}  # is left out in loading
    return next(filter(None, map(foreign, objects(of_layers))), "")


def objects(config: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - whatever JSON may hold
    """Yield every part of a configuration from which Keras would make an object, however deep it stands."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "class_name" in part or "module" in part or "registered_name" in part:
                yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def foreign(part: Mapping[str, Any]) -> str:
    """Return the name of a part that is not of Keras, or runs code; nothing of any other."""
    name, module, registered = (part.get(key) for key in ("class_name", "module", "registered_name"))
    if name == "function":  # of which the configuration is the name
        shown = f"the function {part.get('config')}"
        return "" if module in (*MODULES, "builtins") and registered in (None, part.get("config")) else shown
    if name in PLAIN:
        return ""
    shown = f"{name} of {module}" if module else str(registered or name)
    own = isinstance(module, str) and (module in MODULES or module.startswith(OPERATIONS))
    if not own or name in CODE or not isinstance(name, str):
        return shown
    return "" if registered in (None, name) else f"{registered} for {name}"


def check_weights(file: Path | BinaryIO, size: int) -> None:
    """Raise ValueError where an HDF5 file leads to other files, or tells of more values than its bytes can hold."""
    import h5py

    with h5py.File(file, "r") as opened:
        told = sum(values.nbytes for values in datasets(opened))
    if told > MAX_UNPACKED * size:
        raise ValueError(f"its weights would take {told:,} bytes and it has {size:,}")


def check_weights_file(file: Path) -> None:
    """Raise ValueError where `check_weights` does, of a file that holds nothing but weights."""
    check_weights(file, os.path.getsize(file))  # noqa: PTH202 - says of a link what it leads to


def datasets(group: h5py.Group) -> Iterator[h5py.Dataset]:
    """Yield every array of an HDF5 file, each once. Raise ValueError for what lies in another file."""
    import h5py

    waiting, seen = [group], set()
    while waiting:
        part = waiting.pop()
        place = h5py.h5o.get_info(part.id).addr
        if place in seen:
            continue
        seen.add(place)
        if isinstance(part, h5py.Dataset):
            if part.external or part.is_virtual:
                raise ValueError(f"{part.name} has its values in another file")
            yield part
        elif isinstance(part, h5py.Group):
            for name in part:
                if not isinstance(part.get(name, getlink=True), h5py.HardLink):
                    raise ValueError(f"{part.name} has a link to another place")
                waiting.append(part[name])
