"""Grad-CAM: the map lies where the class is."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()


import keras
import numpy as np
import pytest
from helpers import message
from small import network, pixels

import models
from data.drawn import draw
from data.drawn import folder as drawn_folder
from models.parts.graph import build_layer_graph
from models.parts.head import classifier, head
from models.parts.options import ArchitectureOptions
from models.parts.weights import build_backbone
from study.inference.frozen import FrozenBackbone
from study.inference.gradcam import grad_cam, target, targets

L = keras.layers


ENDS = {
    "softmax": [L.Dense(2, "softmax", name="dense")],
    "activation": [L.Dense(2, name="dense"), L.Activation("softmax")],
    "layer": [L.Dense(2, name="dense"), L.Softmax()],
    "scores": [L.Dense(2, name="dense")],
}


def sees_red(end):
    """Class 0 is where it is red, class 1 where it is green and not red."""
    model = network(L.Conv2D(3, 1, name="colours"), L.ReLU(name="relu"), L.GlobalAveragePooling2D(name="pool"), *end)
    model.get_layer("colours").set_weights([np.eye(3).reshape(1, 1, 3, 3) / 255, np.zeros(3)])
    model.get_layer("dense").set_weights([np.array([[1, -1], [0, 1], [0, 0]]), np.zeros(2)])
    return model


@pytest.mark.parametrize("end", ENDS)
def test_the_map_is_where_the_class_is(end):
    model = sees_red([type(layer).from_config(layer.get_config()) for layer in ENDS[end]])
    x = np.zeros((3, 12, 12, 3), np.float32)
    x[0, 2:5, 3:9, 0] = 200
    x[1, 2:5, 3:9, 0] = 200
    x[2, 6:8, :, 1] = 90
    found = grad_cam(model, x, [0, 1, 1])
    np.testing.assert_allclose(found[0], x[0, ..., 0] / 200)
    assert not found[1].any()  # red speaks against class 1: nothing speaks for it
    np.testing.assert_allclose(found[2], x[2, ..., 1] / 90)


@pytest.mark.parametrize("layer", [None, "first"])
def test_each_of_many_images_has_the_map_that_it_has_alone(layer):
    image = keras.Input((16, 16, 3))
    first = L.Conv2D(4, 3, padding="same", activation="relu", name="first")(image)
    joined = L.Add()([first, L.Conv2D(4, 3, padding="same", name="second")(first)])  # a road past the last convolution
    model = keras.Model(image, L.Dense(3, "softmax")(L.GlobalAveragePooling2D()(joined)))
    x, classes = np.random.default_rng(0).uniform(0, 255, (19, 16, 16, 3)).astype(np.float32), [0, 1, 2] * 6 + [0]
    alone = [grad_cam(model, x[[i]], [asked], layer)[0] for i, asked in enumerate(classes)]
    np.testing.assert_allclose(grad_cam(model, x, classes, layer), alone, atol=1e-5)
    assert np.any(alone)


def test_a_sure_answer_has_a_map_too():
    model = sees_red([L.Dense(2, "softmax", name="dense")])
    model.get_layer("dense").set_weights([np.array([[1e4, 0], [0, 0], [0, 0]]), np.zeros(2)])
    x = np.full((1, 12, 12, 3), 255, np.float32)
    assert np.asarray(model(x))[0, 0] == 1
    assert grad_cam(model, x, [0]).min() == 1


def test_of_backbones_side_by_side_all_are_looked_through():
    image = keras.Input((12, 12, 3))
    seen = []
    for name, colour in (("reds", 0), ("greens", 1)):
        maps = L.Conv2D(1, 1, use_bias=False, name=name)
        seen.append(L.GlobalAveragePooling2D()(maps(image)))
        maps.set_weights([np.eye(3)[colour].reshape(1, 1, 3, 1) / 255])
    model = keras.Model(image, L.Dense(2, use_bias=False, name="dense")(L.Concatenate()(seen)))
    model.get_layer("dense").set_weights([np.array([[1, 0], [1, 0]])])
    x = np.zeros((1, 12, 12, 3), np.float32)
    x[0, 2:5, 3:9, 0] = x[0, 8:10, :, 1] = 200
    assert [step.name for step in targets(build_layer_graph(model))] == ["reds", "greens"]
    np.testing.assert_allclose(grad_cam(model, x, [0])[0], x[0, ..., :2].sum(axis=-1) / 200)
    np.testing.assert_allclose(grad_cam(model, x, [0], "reds")[0], x[0, ..., 0] / 200)


def test_maps_by_openvino_are_those_of_keras():
    backbone = build_backbone("efficientnet_lite", 64, "imagenet", ArchitectureOptions())
    model = classifier(backbone, head(backbone.output_shape[-1], 3, 0.0))
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([np.abs(kernel), bias])  # else nothing may speak for a class
    x = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3)).astype(np.uint8)
    seen = FrozenBackbone(backbone).maps()
    assert seen(x).shape == (5, 2, 2, backbone.output_shape[-1])
    found, expected = grad_cam(model, x, [0, 1, 2, 0, 1], seen=seen), grad_cam(model, x, [0, 1, 2, 0, 1])
    assert expected.any(axis=(1, 2)).all()
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_layers_that_cannot_be_drawn_are_named():
    model = sees_red([L.Dense(2, "softmax", name="dense")])
    graph = build_layer_graph(model)
    assert target(graph, "colours").name == "colours"
    takes = "--layer takes a layer with maps, such as colours, relu. Received: "
    assert message(target, graph, "relus") == f"{takes}relus (no such layer)"
    assert message(target, graph, "pool") == f"{takes}pool (its output is no map of height × width)"
    plain = network(L.Flatten(), L.Dense(2, "softmax"))
    assert message(grad_cam, plain, pixels(), [0] * 4) == (
        "Grad-CAM needs a network with a convolution over more than one place; this one has none."
    )


@pytest.mark.parametrize("name", models.available("classify"))
def test_every_model_has_a_map(name):
    keras.utils.set_random_seed(0)
    backbone = build_backbone(name, 64, "none")
    model = classifier(backbone, head(backbone.output_shape[-1], 3, 0.2))
    last = target(build_layer_graph(model)).output.shape[1:3]
    assert 1 < last[0] <= 32
    found = grad_cam(model, pixels(3, 64), [0, 1, 2])
    assert found.shape == (3, 64, 64)
    assert found.dtype == np.float32
    assert found.min() >= 0
    largest = set(found.max(axis=(1, 2)).tolist())
    assert 1 in largest <= {0, 1}  # where nothing speaks for a class it is empty, but something does for one of them


def scene(seed, size=64):
    """An image as the drawings have it, without an animal."""
    rng = np.random.default_rng(seed)
    return np.asarray(draw.photographed(draw.background(draw.FINE * size, rng).reduce(draw.FINE), rng))


@pytest.mark.slow
def test_the_map_lies_on_the_animal():
    drawings = [draw.draw(label, seed, 64) for seed in range(40) for label in drawn_folder.CLASS_COUNTS]
    masks = np.stack([np.asarray(drawing.mask) > 0 for drawing in drawings])
    x = np.stack([np.asarray(drawing.image) for drawing in drawings] + [scene(seed) for seed in range(90)])
    y = np.array([0] * 120 + [1] * 90)
    layers = [L.Rescaling(1 / 127.5, -1)]
    for filters, strides in ((16, 2), (32, 1), (32, 2)):
        layers.append(L.Conv2D(filters, 3, strides, "same", use_bias=False, kernel_initializer="he_normal"))
        layers += [L.BatchNormalization(momentum=0.8), L.ReLU()]
    model = network(*layers, L.GlobalAveragePooling2D(), L.Dense(2, "softmax"), size=64)
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    learnt = np.r_[:90, 120:210]
    model.fit(x[learnt].astype(np.float32), y[learnt], batch_size=32, epochs=8, verbose=0)
    found, masks = grad_cam(model, x[90:120], [0] * 30), masks[90:120]  # of pictures that it never saw
    on_animal = (found * masks).sum(axis=(1, 2)) / found.sum(axis=(1, 2))
    assert on_animal.mean() > 0.5
    assert on_animal.mean() > 1.7 * masks.mean()
