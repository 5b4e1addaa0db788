"""What tells new images from known ones to a network from random weights: how strong each channel is in an image.

Of the last maps, and of the last ones that are larger, mean and standard deviation of each channel over the image, of
either with length one. The features which the head takes are those means alone, of the last maps: from random weights
they say too little of what no class needed (`benchmarks/unknown.py --drawings original`); of ImageNet's, enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from study.inference import openvino_ir
from study.inference.engine import engine_for
from study.inference.frozen import FrozenBackbone
from study.inference.openvino_ir import Runner

if TYPE_CHECKING:
    import keras


def layers_of(backbone: keras.Model) -> list[str]:
    """Return the layers whose maps are looked at, the last first; none of a backbone that does not end by a mean."""
    import keras

    if not isinstance(backbone.layers[-1], keras.layers.GlobalAveragePooling2D):
        return []
    last_of = {
        layer.output.shape[1]: layer.name
        for layer in backbone.layers
        if not isinstance(layer, keras.layers.InputLayer) and len(layer.output.shape) == 4
    }
    return [last_of[side] for side in sorted(last_of)[:2]]


def with_statistics(classifier: keras.Model, layers: Sequence[str]) -> keras.Model:
    """Return a classifier whose second output is what distances go by, float32 (batch, features).

    Without layers that are the features which the head takes.
    """
    import keras

    _, backbone, head = classifier.layers
    parts = [statistics(backbone.get_layer(name).output) for name in layers] or [backbone.output]
    second = keras.ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
    return keras.Model(backbone.inputs, [head(backbone.output), second], name="classifier")


def statistics(maps: keras.KerasTensor) -> keras.KerasTensor:
    """Return mean and standard deviation of each channel, (batch, 2 * channels), with length one."""
    import keras

    ops = keras.ops
    both = ops.concatenate([ops.mean(maps, axis=(1, 2)), ops.std(maps, axis=(1, 2))], axis=-1)
    return ops.normalize(both, axis=-1)


def runner(frozen: FrozenBackbone) -> Runner:
    """Return what runs the second output of such a network, on the engine that is fastest here."""
    if engine_for(frozen)[0] == "openvino":
        run = openvino_ir.compile_all(frozen.converted, "float32")
        return lambda pixels: run(pixels)[1]
    return lambda pixels: np.asarray(frozen.network.predict(pixels, batch_size=64, verbose=0)[1])
