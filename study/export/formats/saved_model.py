"""TensorFlow's SavedModel, a folder, for TensorFlow Serving and all that is built on TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from study.export.about import ABOUT, IMAGE, LABELS, as_json, labels
from study.export.running import Run
from study.runtime import backend

if TYPE_CHECKING:
    from study.export.network import Network

TITLE, FILE = "SavedModel", "saved_model"
NEEDS = {"tensorflow": "tensorflow"}
NEEDS_FOR_INT8: Mapping[str, str] | None = None
WHY_NO_INT8 = "TensorFlow computes a SavedModel in float alone."
BATCH: int | None = None  # any number of images at a time
EXTRA = "assets.extra"  # of a SavedModel: what TensorFlow leaves as it is


def write(network: Network, about: Mapping[str, Any], folder: Path, batch: int | None = BATCH) -> None:
    """Write the network with what it says of itself, for so many images at a time."""
    import tensorflow as tf

    with backend.quiet():
        tf.saved_model.save(network, folder / FILE, signatures=network.traced(batch))
    extra = folder / FILE / EXTRA
    extra.mkdir()
    (extra / ABOUT).write_text(as_json(about), encoding="utf-8")
    (extra / LABELS).write_text(labels(about), encoding="utf-8")


def load(folder: Path) -> Run:
    """Return what runs an exported folder."""
    import tensorflow as tf

    loaded = tf.saved_model.load(folder / FILE)
    answer = loaded.signatures["serving_default"]

    def run(pixels: np.ndarray) -> dict[str, np.ndarray]:
        return {name: values.numpy() for name, values in answer(**{IMAGE: tf.constant(pixels)}).items()}

    run.keeps = loaded  # which would be let go of otherwise, with the variables that `answer` reads
    return run
