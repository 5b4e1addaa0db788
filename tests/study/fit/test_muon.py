"""Muon moves the kernels inside a network, and nothing else."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import keras
import numpy as np
import pytest
from small import noisy_images, settings, tiny

from errors import UserError
from models.parts.auxiliary_head import join_heads, label_head
from models.parts.head import classifier, head, head_on
from models.parts.weights import build_backbone
from study.fit import loop, objective
from study.fit.muon import last_kernels
from study.settings.conflicts import check_transfer
from study.settings.resolve import resolve
from study.settings.stages import Stage

L = keras.layers


def mixed():
    """A network of every kind of kernel: convolution, depthwise and grouped convolution, hidden and last dense."""
    inputs = keras.Input((8, 8, 3))
    x = L.Conv2D(6, 3, name="conv")(inputs)
    x = L.BatchNormalization(name="norm")(L.DepthwiseConv2D(3, name="depthwise")(x))
    x = L.Conv2D(4, 1, groups=2, name="grouped")(x)
    x = L.Dense(5, name="hidden")(L.Flatten()(x))
    return classifier(keras.Model(inputs, x, name="backbone"), head(5, 2, 0.0))


def compiled(model, **changes):
    chosen = settings(optimizer="muon", schedule="constant", **changes)
    objective.compile_model(model, Stage("scratch", 1, 8, 0.01), chosen, 10)
    model.optimizer.build(model.trainable_variables)
    return model.optimizer


def moved_by_muon(model):
    """Paths of the weights that have no second moment, which only AdamW keeps."""
    optimizer = model.optimizer
    pairs = zip(model.trainable_variables, optimizer.adam_velocities, strict=True)
    return [variable.path for variable, velocity in pairs if velocity is None]


def test_it_takes_hidden_kernels_and_leaves_the_last_layer_and_the_rest_to_adamw():
    model = mixed()
    compiled(model)
    assert moved_by_muon(model) == ["conv/kernel", "grouped/kernel", "hidden/kernel"]


def test_of_two_heads_neither_last_layer_is_its():
    inputs = keras.Input((8, 8, 3))
    backbone = keras.Model(inputs, L.Flatten()(L.Conv2D(6, 3, name="conv")(inputs)), name="backbone")
    model = join_heads(backbone, head(216, 2, 0.0), label_head(216, 3, 0))
    assert [path.split("/")[-2] for path in last_kernels(model)] == ["probabilities", "labels"]


@pytest.mark.parametrize("name", ["original", "residual", "lenet", "unet"])
def test_in_every_network_most_weights_are_its(name):
    model = head_on(build_backbone(name, 32, "none"), 3, 0.0)
    compiled(model)
    taken = set(moved_by_muon(model))
    weights = {variable.path: int(np.prod(variable.shape)) for variable in model.trainable_variables}
    assert sum(weights[path] for path in taken) > 0.9 * sum(weights.values())
    assert "probabilities/kernel" not in taken


def test_a_convolutions_step_has_the_same_length_in_all_directions():
    model = mixed()
    optimizer, rng = compiled(model), np.random.default_rng(0)
    kernel = next(variable for variable in model.trainable_variables if variable.path == "conv/kernel")
    before = kernel.numpy()
    gradients = [rng.normal(size=v.shape).astype(np.float32) for v in model.trainable_variables]
    gradients[0] *= np.logspace(-1, 1, 6)  # unlike from filter to filter
    optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in gradients])
    step = (kernel.numpy() - before).reshape(27, 6) / (0.01 * 0.2 * np.sqrt(27))
    lengths = np.linalg.svd(step, compute_uv=False)
    assert ((lengths > 0.5) & (lengths < 1.5)).all()
    turned = np.linalg.svd(gradients[0].reshape(27, 6), full_matrices=False)
    assert np.sum(-step * (turned[0] @ turned[2])) > 4  # against the gradient; at most the number of filters, 6


def test_a_network_learns_by_it():
    model, examples = tiny(), noisy_images(n=92)
    outcome = loop.run_stage(model, Stage("scratch", 12, 8, 0.01), examples, settings(optimizer="muon", patience=0))
    assert outcome.history[-1]["loss"] < 0.5 * outcome.history[0]["loss"]


def test_it_is_refused_where_only_the_last_layer_learns():
    with pytest.raises(UserError) as caught:
        check_transfer(resolve({"optimizer": "muon", "learning": "transfer"}, {}))
    assert str(caught.value) == (
        "--optimizer muon needs --learning scratch or finetune: it moves the kernels inside a network, and under "
        "transfer only the last layer learns. Give another optimizer, such as adamw, or another learning type."
    )
    for learning in ("scratch", "finetune"):
        check_transfer(resolve({"optimizer": "muon", "learning": learning}, {}))
