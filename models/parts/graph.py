"""A network as one list of steps: models within models opened, every layer's output at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import keras

from models.parts.keras_private import is_graph, run_graph


@dataclass(frozen=True)
class Step:
    """One layer, or one operation between layers, where it is applied.

    Args:
        name: the layer's; of two with one name, the later has a number behind it.
        layer: it.
        inputs: what it was given.
        output: what it made of that, (None, …).
    """

    name: str
    layer: keras.Operation
    inputs: tuple[keras.KerasTensor, ...]
    output: keras.KerasTensor

    @property
    def kernels(self) -> list[keras.Variable]:
        """Return its kernels: weights of two dimensions or more, biases and normalisation not."""
        weights = self.layer.weights if isinstance(self.layer, keras.Layer) else []
        return [weight for weight in weights if len(weight.shape) > 1 and "kernel" in weight.name]

    @property
    def spatial(self) -> bool:
        """Say whether the output is a map, (None, height, width, channels), of more than one place."""
        shape = self.output.shape
        return len(shape) == 4 and None not in shape[1:3] and shape[1] * shape[2] > 1


@dataclass(frozen=True)
class LayerGraph:
    """The steps of a network in the order of computation, from `image` on; it shares the layers and their weights."""

    image: keras.KerasTensor
    steps: tuple[Step, ...]

    def submodel(self, tensors: Sequence[keras.KerasTensor]) -> keras.Model:
        """Return the network that computes these, as a list."""
        return keras.Model(self.image, list(tensors))

    def model(self) -> keras.Model:
        """Return the network itself, without models in it."""
        return keras.Model(self.image, self.steps[-1].output)

    def steps_with_kernels(self) -> list[Step]:
        """Return the steps that have kernels, each layer once."""
        firsts = {id(step.layer): step for step in reversed(self.steps) if step.kernels}
        return [step for step in self.steps if firsts.get(id(step.layer)) is step]


def build_layer_graph(network: keras.Model) -> LayerGraph:
    """Apply every layer of a functional or sequential network, and of those within it, to a new input once more."""
    image = keras.Input(network.input_shape[1:], name="image")
    steps: list[Step] = []
    names: Counter[str] = Counter()

    def through(model: keras.Model, tensors: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
        if not isinstance(model, keras.Sequential):
            return run_graph(model, tensors, apply)
        (tensor,) = tensors
        for layer in model.layers:
            tensor = apply(layer, tensor)
        return tensor

    def apply(layer: keras.Operation, *arguments: object, **named: object) -> keras.KerasTensor:
        inputs = [value for value in keras.tree.flatten((arguments, named)) if isinstance(value, keras.KerasTensor)]
        if is_graph(layer) or isinstance(layer, keras.Sequential):
            return through(layer, inputs)
        output = layer(*arguments, **named)
        names[layer.name] += 1
        name = layer.name if names[layer.name] == 1 else f"{layer.name}-{names[layer.name]}"
        steps.append(Step(name, layer, tuple(inputs), output))
        return output

    through(network, [image])
    return LayerGraph(image, tuple(steps))
