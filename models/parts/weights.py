"""Build a backbone with the weights that were asked for: a name, a file, an earlier run, or none."""

from __future__ import annotations

import http.client
import os
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import models
from errors import UserError
from models.parts.options import ArchitectureOptions, resolve_options
from models.parts.saved import ENDINGS, check_weights_file, load

if TYPE_CHECKING:
    import keras

OTHER_WEIGHTS = (
    "give `weights` FILE (a .weights.h5 or .keras file or a run folder), or `weights` none to train from random "
    "weights (`model` efficientnet_lite needs no network)"
)


def build_backbone(
    name: str,
    image_size: int | None,
    weights: str,
    options: ArchitectureOptions | None = None,
    otherwise: str = OTHER_WEIGHTS,
) -> keras.Model:
    """Return the backbone of model `name`: raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, features).

    Args:
        name: a model of `models.available()`, or several, joined by +.
        image_size: side of the input in pixels; None: the model's own, and of models that are joined each its own.
        weights: a name of the model's `SPEC.weights`, "none", a `.weights.h5` or `.keras` file, or a run folder.
        options: options of the network; what it leaves open is the model's own.
        otherwise: what helps, beside a connection, where weights cannot be downloaded.

    Raises:
        UserError: the weights cannot be downloaded or read, or belong to another network or size; the model does
            not support an option.
    """
    module = models.get(name)
    if image_size is None and not module.SPEC.parts:
        image_size = module.SPEC.image_size
    if image_size is not None and image_size < module.SPEC.smallest_image_size:
        least = module.SPEC.smallest_image_size
        raise UserError(f"`image_size` for {name} is at least {least} pixels. Received: {image_size}")
    options = resolve_options(name, options or ArchitectureOptions())
    if weights == "none":
        return module.backbone(image_size, "none", options)
    if weights in module.SPEC.weights:
        return _pretrained(name, image_size, weights, options, otherwise)
    return _from_file(module.backbone(image_size, "none", options), name, _weights_file(name, weights))


def _pretrained(
    name: str, image_size: int | None, weights: str, options: ArchitectureOptions, otherwise: str
) -> keras.Model:
    try:
        return models.get(name).backbone(image_size, weights, options)
    except UserError:
        raise
    except Exception as error:
        # Keras raises a bare Exception where a download fails, ValueError where it brings something else than the file.
        is_download_error = any(text in str(error) for text in ("URL fetch failure", "Incomplete or corrupted file"))
        if not is_download_error and not isinstance(error, (ConnectionError, TimeoutError, http.client.HTTPException)):
            raise
        home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))  # as Keras looks for it
        raise UserError(
            f"The {weights} weights of {name} are neither in {home / 'models'} nor can they "
            f"be downloaded. Connect to the network once, or {otherwise}."
        ) from error


def _weights_file(name: str, weights: str) -> Path:
    path = Path(weights)
    file = path / "model.keras" if path.is_dir() else path
    if not file.is_file() or file.suffix not in ENDINGS:
        spec = models.get(name).SPEC
        pretrained = spec.weights
        choices = ", ".join(pretrained if spec.parts else (*pretrained, "none"))
        lacking = f" ({name} has no pretrained weights)" if not pretrained else ""
        missing = "" if path.exists() else ", no such file or folder"
        raise UserError(
            f"`weights` takes {choices}, a .weights.h5 or .keras file, or a run folder{lacking}. "
            f"Received: {weights}{missing}"
        )
    return file


def _from_file(backbone: keras.Model, name: str, file: Path) -> keras.Model:
    """Fill the backbone from a weights file, or from the backbone inside a saved classifier."""
    import keras

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras lists every layer that does not fit; one line says it below
            if file.suffix == ".keras":
                saved = load(file)
                inner = [layer for layer in saved.layers if isinstance(layer, keras.Model)]
                backbone.set_weights((inner[0] if inner else saved).get_weights())
            else:
                check_weights_file(file)
                backbone.load_weights(file)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise UserError(
            f"The weights in {file} do not fit {name}: the file is damaged, or of another network than `model`."
        ) from error
    for weight in backbone.weights:
        if not np.isfinite(np.asarray(weight)).all():
            raise UserError(f"The weights in {file} are no numbers (nan or infinity) in {weight.path}.")
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # it computes with copies of its weights, which set_weights does not reach
    return backbone
