"""Look into a network: all that the page of `inspect` shows, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from models.parts.graph import Unrolled, unroll
from study.fit.objective import compile_model
from study.fit.training_copy import kind_of, training_copy
from study.inspect.gradcam import grad_cam, target
from study.inspect.gradients import Trace, trace
from study.inspect.receptive_field import Field, receptive_fields
from study.inspect.source import Picture, Source, batches
from study.inspect.statistics import (
    Values,
    activation_name,
    activations,
    first_filters,
    map_steps,
    pictures_within,
    spread_out,
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
    """

    model: str
    what: str
    classifier: keras.Model
    settings: TrainSettings
    stage: Stage
    untrained: bool


@dataclass(frozen=True)
class Layer:
    """One step of the network; weights and gradients are those of its kernels, None where it has none.

    Args:
        name: as Keras has it.
        kind: the class of the layer.
        shape: of its output for one picture.
        field: what a place of it sees.
        activation: name of the activation function at its end; "" for none.
        outputs: for some pictures of the training part; None for dropout.
        weights: before the iterations.
        weights_after: after them.
        gradients: length of the gradient before each iteration, (steps,).
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    field: Field
    activation: str
    outputs: Values | None
    weights: Values | None = None
    weights_after: Values | None = None
    gradients: np.ndarray | None = None


@dataclass(frozen=True)
class Heat:
    """Where an image speaks for the class that the network names: (size, size), 0..1."""

    picture: Picture
    label: str
    probability: float
    map: np.ndarray


@dataclass(frozen=True)
class Look:
    """What was seen. `maps`: layer -> maps of the first image, (height, width, channels)."""

    subject: Subject
    layers: tuple[Layer, ...]
    losses: np.ndarray
    heats: tuple[Heat, ...]
    cam_layer: str
    cam_shape: tuple[int, ...]
    maps: dict[str, np.ndarray]
    filters: tuple[str, np.ndarray] | None
    pictures: int

    @property
    def learning(self) -> list[Layer]:
        """Return the layers with kernels."""
        return [layer for layer in self.layers if layer.gradients is not None]

    @property
    def active(self) -> list[Layer]:
        """Return the layers that end with an activation function; all with outputs where none does."""
        seen = [layer for layer in self.layers if layer.outputs is not None]
        return [layer for layer in seen if layer.activation] or seen


def look_at(
    subject: Subject,
    source: Source,
    pictures: Sequence[Picture],
    steps: int,
    layer: str | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Look:
    """Gather everything about a network, which stays as it is: a copy of it learns.

    Args:
        subject: the network.
        source: its data.
        pictures: to draw maps of.
        steps: iterations of training.
        layer: of Grad-CAM.
        advance: is called after every iteration.

    Raises:
        UserError: there is no such layer, or no layer for Grad-CAM; a picture is gone.
    """
    unrolled = unroll(training_copy(subject.classifier))
    network = unrolled.whole()
    _let_learn(unrolled, subject.stage)
    step = target(unrolled, layer)
    seed = subject.settings.data.seed
    sample, _ = next(batches(source, min(pictures_within(unrolled), len(source.rows["train"])), 1, seed))
    outputs = activations(unrolled, sample, training=subject.untrained)
    heats = _heats(network, source.class_names, pictures, step.name)
    filters = first_filters(unrolled)
    if filters:
        filters = (filters[0].name, filters[1].copy())
    maps = _maps(unrolled, pictures[0])
    before = {one.name: weights(one) for one in unrolled.with_kernels()}
    measured = _train(network, unrolled, subject, source, steps, advance)
    fields = receptive_fields(unrolled)
    after = {one.name: weights(one) for one in unrolled.with_kernels()}
    norms = dict(zip(before, measured.norms.T, strict=True))
    layers = tuple(
        Layer(
            one.name,
            kind_of(one.layer),
            tuple(one.output.shape[1:]),
            fields[one.name],
            activation_name(one),
            outputs.get(one.name),
            before.get(one.name),
            after.get(one.name),
            norms.get(one.name),
        )
        for one in unrolled.steps
    )
    shape = tuple(step.output.shape[1:])
    return Look(subject, layers, measured.losses, heats, step.name, shape, maps, filters, len(sample))


def _let_learn(unrolled: Unrolled, stage: Stage) -> None:
    """Let all layers learn, those that a run had frozen too; in fine-tuning normalisation keeps its statistics.

    Layer by layer: a loaded model does not hand `trainable` on to the layers of the models within it.
    """
    for step in unrolled.steps:
        frozen = stage.name == "finetune" and isinstance(step.layer, keras.layers.BatchNormalization)
        if isinstance(step.layer, keras.Layer):
            step.layer.trainable = not frozen


def _train(
    network: keras.Model,
    unrolled: Unrolled,
    subject: Subject,
    source: Source,
    steps: int,
    advance: Callable[[], None],
) -> Trace:
    """Train the copy for some iterations, at one learning rate, and measure."""
    settings = subject.settings.but(schedule="constant", warmup=0.0, ema=0.0)
    compile_model(network, subject.stage, settings, steps)
    groups = [one.kernels for one in unrolled.with_kernels()]
    return trace(network, groups, batches(source, subject.stage.batch_size, steps, settings.data.seed), advance)


def _heats(
    network: keras.Model, class_names: Sequence[str], pictures: Sequence[Picture], layer: str
) -> tuple[Heat, ...]:
    """Return Grad-CAM of each image for the class that the network names."""
    pixels = np.stack([picture.pixels for picture in pictures]).astype(np.float32)
    shares = keras.ops.convert_to_numpy(network(pixels, training=False))
    best = shares.argmax(axis=1)
    found = grad_cam(network, pixels, best, layer)
    return tuple(
        Heat(picture, class_names[label], float(share[label]), heat)
        for picture, label, share, heat in zip(pictures, best, shares, found, strict=True)
    )


def _maps(unrolled: Unrolled, picture: Picture) -> dict[str, np.ndarray]:
    """Return the maps of some layers for an image, by the layer's name."""
    steps = spread_out(map_steps(unrolled), 5)
    found = unrolled.probe([step.output for step in steps])(picture.pixels[None].astype(np.float32), training=False)
    arrays = [keras.ops.convert_to_numpy(array)[0] for array in keras.tree.flatten(found)]
    return {step.name: array for step, array in zip(steps, arrays, strict=True)}
