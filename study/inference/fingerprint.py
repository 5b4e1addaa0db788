"""What the outputs of a network depend on, as a hash: by it its features are kept, and found again."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


def fingerprint_of(network: keras.Model) -> str:
    """Return a hash of what a network's outputs depend on: layers, preprocessing among them, and weights; no names.

    Keras numbers layers, and operations between them, on within a process: a name stands for its place here. Whether a
    layer may learn changes no answer.
    """
    layers = json.dumps(network.get_config(), sort_keys=True, default=str)
    layers = layers.replace('"trainable": true', '"trainable": false')
    named_layers = layers_within(network)
    named_layers += [
        operation for layer in named_layers if hasattr(layer, "operations") for operation in layer.operations
    ]
    for index, layer in enumerate(named_layers):
        layers = layers.replace(f'"{layer.name}"', f'"#{index}"')
    digest = hashlib.sha256(layers.encode())
    for weights in network.get_weights():
        digest.update(np.ascontiguousarray(weights).data)
    return digest.hexdigest()[:16]


def layers_within(network: keras.Model) -> list[keras.Layer]:
    """Return a network and the layers within it, models opened, in the order in which kept fingerprints count them."""
    import keras

    def own(model: keras.Model) -> list[keras.Layer]:
        # `Sequential.layers` leaves its input layer out, whose name is in the configuration as well.
        return super(keras.Sequential, model).layers if isinstance(model, keras.Sequential) else model.layers

    layers, waiting = {}, deque(own(network))
    while waiting:
        layer = waiting.popleft()
        if id(layer) not in layers:
            layers[id(layer)] = layer
            if isinstance(layer, keras.Model):
                waiting.extendleft(own(layer))
    return [network, *layers.values()]
