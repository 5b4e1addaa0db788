"""Look into a network: all that the page of `inspect` shows, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from models.parts.graph import LayerGraph, build_layer_graph
from study.fit.objective import compile_model
from study.fit.training_copy import keras_class_name, training_copy
from study.inference.gradcam import grad_cam, grid_of, targets
from study.inspect.gradients import Trace, trace
from study.inspect.receptive_field import Field, receptive_fields
from study.inspect.source import NamedImage, Source, batches
from study.inspect.statistics import (
    TensorStats,
    activation_name,
    activations,
    first_filters,
    map_steps,
    max_images_in_memory,
    weights,
)
from study.settings.stages import Stage
from study.settings.train import TrainSettings


@dataclass(frozen=True)
class Subject:
    """The network to look at.

    Args:
        model: the model's name.
        what: which network it is, in words.
        classifier: raw RGB 0..255, (batch, size, size, 3) -> (batch, classes).
        settings: how it is made and trained.
        stage: of the iterations along which gradients are measured.
        untrained: its weights are random; its normalisation then goes by the batch, as in training.
        temperature: that the weights of its last layer were divided by after training.
    """

    model: str
    what: str
    classifier: keras.Model
    settings: TrainSettings
    stage: Stage
    untrained: bool
    temperature: float = 1.0


@dataclass(frozen=True)
class Layer:
    """One step of the network; weights and gradients are those of its kernels, None where it has none.

    Args:
        name: as Keras has it.
        kind: the class of the layer.
        shape: of its output for one image.
        field: what a place of it sees.
        activation: name of the activation function at its end; "" for none.
        outputs: for some images of the training split; None for dropout.
        weights: before the iterations.
        weights_after: after them.
        gradients: length of the gradient before each iteration, (steps,).
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    field: Field
    activation: str
    outputs: TensorStats | None
    weights: TensorStats | None = None
    weights_after: TensorStats | None = None
    gradients: np.ndarray | None = None


@dataclass(frozen=True)
class HeatMap:
    """Where an image speaks for the class that the network names: (size, size), 0..1."""

    image: NamedImage
    label: str
    probability: float
    map: np.ndarray


@dataclass(frozen=True)
class Inspection:
    """What was seen. `feature_maps`: layer -> maps of the first image, (height, width, channels).

    `cam_layers`: whose maps Grad-CAM weighs, several of backbones side by side; `cam_grid`: the finest of them.
    """

    subject: Subject
    layers: tuple[Layer, ...]
    losses: np.ndarray
    heat_maps: tuple[HeatMap, ...]
    cam_layers: tuple[str, ...]
    cam_grid: tuple[int, int]
    feature_maps: dict[str, np.ndarray]
    filters: tuple[str, np.ndarray] | None
    images: int

    @property
    def learning(self) -> list[Layer]:
        """Return the layers with kernels."""
        return [layer for layer in self.layers if layer.gradients is not None]

    @property
    def active(self) -> list[Layer]:
        """Return the layers that end with an activation function; all with outputs where none does."""
        seen = [layer for layer in self.layers if layer.outputs is not None]
        return [layer for layer in seen if layer.activation] or seen


def inspect_network(
    subject: Subject,
    source: Source,
    images: Sequence[NamedImage],
    steps: int,
    layer: str | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Inspection:
    """Gather everything about a network, which stays as it is: a copy of it learns.

    Args:
        subject: the network.
        source: its data.
        images: to draw maps of.
        steps: iterations of training.
        layer: of Grad-CAM.
        advance: is called after every iteration.

    Raises:
        UserError: there is no such layer, or no layer for Grad-CAM; an image is gone.
    """
    graph = build_layer_graph(training_copy(subject.classifier))
    network = graph.model()
    _make_trainable(graph, subject.stage)
    seen = targets(graph, layer)
    seed = subject.settings.data.seed
    sample, _ = next(batches(source, min(max_images_in_memory(graph), len(source.indices["train"])), 1, seed))
    outputs = activations(graph, sample, training=subject.untrained)
    heat_maps = _heat_maps(network, source.class_names, images, layer)
    filters = first_filters(graph)
    if filters:
        filters = (filters[0].name, filters[1].copy())
    maps = _feature_maps(graph, images[0])
    _undo_temperature(graph, subject.temperature)
    before = {step.name: weights(step) for step in graph.steps_with_kernels()}
    measured = _train(network, graph, subject, source, steps, advance)
    fields = receptive_fields(graph)
    after = {step.name: weights(step) for step in graph.steps_with_kernels()}
    norms = dict(zip(before, measured.norms.T, strict=True))
    layers = tuple(
        Layer(
            step.name,
            keras_class_name(step.layer),
            tuple(step.output.shape[1:]),
            fields[step.name],
            activation_name(step),
            outputs.get(step.name),
            before.get(step.name),
            after.get(step.name),
            norms.get(step.name),
        )
        for step in graph.steps
    )
    names, grid = tuple(step.name for step in seen), grid_of([step.output for step in seen])
    return Inspection(subject, layers, measured.losses, heat_maps, names, grid, maps, filters, len(sample))


def _make_trainable(graph: LayerGraph, stage: Stage) -> None:
    """Let all layers learn, those that a run had frozen too; in fine-tuning normalisation keeps its statistics.

    Layer by layer: a loaded model does not hand `trainable` on to the layers of the models within it.
    """
    for step in graph.steps:
        frozen = stage.name == "finetune" and isinstance(step.layer, keras.layers.BatchNormalization)
        if isinstance(step.layer, keras.Layer):
            step.layer.trainable = not frozen


def _undo_temperature(graph: LayerGraph, temperature: float) -> None:
    """Give the last layer the weights that it learned: calibration divided them, and with them every gradient below."""
    if temperature == 1:
        return
    (layer,) = (step.layer for step in graph.steps if step.name == "probabilities")  # as `apply_temperature` knows it
    for weight in layer.weights:
        weight.assign(weight * temperature)


def _train(
    network: keras.Model,
    graph: LayerGraph,
    subject: Subject,
    source: Source,
    steps: int,
    advance: Callable[[], None],
) -> Trace:
    """Train the copy for some iterations, at one learning rate, and measure."""
    settings = subject.settings.with_values(schedule="constant", warmup=0.0, ema=0.0)
    compile_model(network, subject.stage, settings, steps)
    groups = [step.kernels for step in graph.steps_with_kernels()]
    return trace(network, groups, batches(source, subject.stage.batch_size, steps, settings.data.seed), advance)


def _heat_maps(
    network: keras.Model, class_names: Sequence[str], images: Sequence[NamedImage], layer: str | None
) -> tuple[HeatMap, ...]:
    """Return Grad-CAM of each image for the class that the network names."""
    pixels = np.stack([image.pixels for image in images]).astype(np.float32)
    probabilities = keras.ops.convert_to_numpy(network(pixels, training=False))
    predicted = probabilities.argmax(axis=1)
    heat_maps = grad_cam(network, pixels, predicted, layer)
    return tuple(
        HeatMap(image, class_names[label], float(probability[label]), heat)
        for image, label, probability, heat in zip(images, predicted, probabilities, heat_maps, strict=True)
    )


def _feature_maps(graph: LayerGraph, image: NamedImage) -> dict[str, np.ndarray]:
    """Return the maps of some layers for an image, by the layer's name."""
    steps = map_steps(graph)
    outputs = graph.submodel([step.output for step in steps])(image.pixels[None].astype(np.float32), training=False)
    arrays = [keras.ops.convert_to_numpy(array)[0] for array in keras.tree.flatten(outputs)]
    return {step.name: array for step, array in zip(steps, arrays, strict=True)}
