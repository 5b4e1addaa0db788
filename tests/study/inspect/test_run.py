# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import io
import json
import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import TOY_CLASSES, call, message
from PIL import Image

import models
from data.drawn import draw
from data.drawn import folder as drawn_folder
from models.parts.graph import unroll
from models.parts.head import classifier, freeze, head, head_on
from models.parts.recipe import Recipe, last_initializer
from models.parts.weights import build_backbone
from study.inspect import figures as inspect_figures
from study.inspect.collect import Subject, look_at
from study.inspect.gradcam import grad_cam, target
from study.inspect.gradients import trace
from study.inspect.receptive_field import receptive_fields
from study.inspect.report import words
from study.inspect.source import Source, one_of_each
from study.inspect.statistics import activations, first_filters, pictures_within, spread_out, summary, weights
from study.runtime import output
from study.settings.stages import Stage
from study.settings.train import TrainSettings

L = keras.layers
PICTURES = {"activations", "feature_maps", "filters", "grad_cam", "gradients", "weights"}


def network(*layers, size=12, seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((size, size, 3)), *layers])


def pixels(count=4, size=12, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3)).astype(np.float32)


# ---- the steps of a network ------------------------------------------------------------------------------------------


def nested():
    inner = network(L.Conv2D(2, 3, name="one"), L.GlobalAveragePooling2D(name="pool"))
    inputs = keras.Input((12, 12, 3))
    shared = L.Dense(2, name="two")
    return keras.Model(inputs, shared(shared(inner(inputs))))


def test_models_within_models_are_opened():
    model = nested()
    unrolled = unroll(model)
    assert [step.name for step in unrolled.steps] == ["one", "pool", "two", "two-2"]
    assert [step.name for step in unrolled.with_kernels()] == ["one", "two"]
    found = unrolled.probe([unrolled.steps[-1].output])(pixels())
    np.testing.assert_array_equal(keras.tree.flatten(found)[0], model(pixels()))


# ---- receptive fields ------------------------------------------------------------------------------------------------


def branches():
    inputs = keras.Input((48, 60, 3))
    x = L.Conv2D(2, 3, 2, "same")(L.ZeroPadding2D(((1, 0), (2, 1)))(inputs))
    left = L.AveragePooling2D(2, 2, "same")(L.DepthwiseConv2D(5, padding="same")(x))
    right = L.Conv2D(2, (1, 3), 2, "same")(x)
    return keras.Model(inputs, L.Conv2D(2, 3, dilation_rate=2)(L.Add()([left, right])))


def chain(*layers):
    return lambda: keras.Sequential([keras.Input((48, 60, 3)), *layers])


CHAINS = {
    "same": chain(L.Conv2D(2, 5, 2, "same"), L.AveragePooling2D(2), L.Conv2D(2, 3, padding="same")),
    "valid": chain(L.Conv2D(2, (3, 1), 2), L.BatchNormalization(), L.SeparableConv2D(2, 3), L.AveragePooling2D(3, 2)),
    "branches": branches,
}


@pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS)
def test_a_place_depends_on_its_receptive_field_and_on_nothing_else(make):
    keras.utils.set_random_seed(0)
    model = make()
    field = receptive_fields(unroll(model))[unroll(model).steps[-1].name]
    image = tf.constant(np.random.default_rng(0).normal(size=(1, 48, 60, 3)).astype(np.float32))
    place = [side // 2 for side in model.output_shape[1:3]]
    with tf.GradientTape() as tape:
        tape.watch(image)
        value = tf.reduce_sum(model(image)[0, place[0], place[1]])
    support = np.abs(tape.gradient(value, image).numpy()[0]).sum(axis=-1)
    for side, span in enumerate(field):
        seen = np.flatnonzero(support.sum(axis=1 - side))
        limits = np.clip([span.first + place[side] * span.stride, span.last + place[side] * span.stride],
                         0, support.shape[side] - 1)  # fmt: skip
        assert (seen[0], seen[-1]) == tuple(limits)
        assert span.size < support.shape[side]  # else the test would say nothing


def test_global_pooling_sees_everything_and_so_does_all_behind_it():
    fields = receptive_fields(unroll(nested()))
    assert [span.size for span in fields["one"]] == [3, 3]
    assert [span.size for name in ("pool", "two-2") for span in fields[name]] == [math.inf] * 4


def test_coordinates_do_not_change_what_a_place_sees():
    plain, told = (build_backbone("lenet", 32, "none", Recipe(coordinates=on)) for on in (False, True))
    fields = [receptive_fields(unroll(network)) for network in (plain, told)]
    names = [step.name for step in unroll(plain).steps if step.kernels and len(step.output.shape) == 4]
    assert names
    assert [fields[0][name] for name in names] == [fields[1][name] for name in names]


# ---- activations and weights -----------------------------------------------------------------------------------------


def test_numbers_of_activations():
    found = summary(np.array([0, 0, 1, 3], np.float32))
    assert (found.mean, found.zero, found.saturated) == (1, 0.5, None)
    assert found.std == pytest.approx(np.sqrt(1.5))
    assert found.counts.sum() == 2
    sigmoid = summary(np.array([0.001, 0.5, 0.995, 0.98], np.float32), (0, 1))
    assert sigmoid.saturated == 0.5
    assert (sigmoid.edges[0], sigmoid.edges[-1]) == (0, 1)
    relu6 = summary(np.array([0, 3, 6, 6], np.float32), (-math.inf, 6))
    assert (relu6.zero, relu6.saturated) == (0.25, 0.5)  # zeros are told apart
    broken = summary(np.array([np.nan, 1], np.float32))
    assert math.isnan(broken.mean)
    assert broken.counts.sum() == 1


def test_activations_are_those_of_each_layer():
    model = network(L.Rescaling(1 / 255), L.Flatten(), L.Dense(5, "tanh", name="tanh"), L.Dropout(0.5, name="dropped"))
    x = pixels()
    found = activations(unroll(model), x, training=False)
    expected = np.asarray(model(x))
    assert found["tanh"].mean == pytest.approx(expected.mean(), abs=1e-6)
    assert found["tanh"].saturated == pytest.approx((np.abs(expected) > 0.98).mean())
    assert "dropped" not in found


def test_as_in_training_normalisation_goes_by_the_pictures_and_forgets_them():
    model = network(L.BatchNormalization(name="norm"))
    before = [np.array(one) for one in model.get_weights()]
    unrolled = unroll(model)
    assert activations(unrolled, pixels(), training=True)["norm"].std == pytest.approx(1, abs=1e-2)
    assert activations(unrolled, pixels(), training=False)["norm"].std > 50
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_weights_near_zero_are_counted():
    model = network(L.Conv2D(1, 1, name="conv"))
    model.layers[0].set_weights([np.array([0, 5e-4, 1]).reshape(1, 1, 3, 1), np.zeros(1)])
    found = weights(unroll(model).steps[0])
    assert found.zero == pytest.approx(2 / 3)
    assert found.mean == pytest.approx(1.0005 / 3)


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([L.Conv2D(5, 3)], (5, 3, 3, 3)),
        ([L.Flatten(), L.Dense(7)], (7, 12, 12, 3)),
        ([L.GlobalAveragePooling2D(), L.Dense(7)], None),
        ([L.Flatten()], None),
    ],
)
def test_first_filters_are_pictures_where_they_can_be(layers, shape):
    model = network(*layers)
    found = first_filters(unroll(model))
    assert (found and found[1].shape) == shape
    if shape:  # the first filter answers to itself
        kernel = np.moveaxis(found[1], 0, -1).reshape(found[0].kernels[0].shape)
        np.testing.assert_array_equal(kernel, found[0].kernels[0])


def test_large_networks_are_shown_fewer_pictures():
    few = pictures_within(unroll(network(L.Conv2D(512, 3, padding="same"), size=192)))
    assert 2 <= few < pictures_within(unroll(network(L.Conv2D(2, 3))))


@pytest.mark.parametrize(("count", "most"), [(3, 5), (5, 5), (54, 16)])
def test_some_of_many_are_the_first_the_last_and_between(count, most):
    found = spread_out(range(count), most)
    assert len(found) == len(set(found)) == min(count, most)
    assert (found[0], found[-1]) == (0, count - 1)


# ---- gradients -------------------------------------------------------------------------------------------------------


def layers(activation, initialiser, depth, width, kind=L.Dense, **more):
    """Some layers; an initialiser that is a number is a normal one of that standard deviation."""
    made = [initialiser] * depth
    if isinstance(initialiser, float):
        made = [keras.initializers.RandomNormal(stddev=initialiser, seed=seed) for seed in range(depth)]
    return [kind(width, **more, activation=activation, kernel_initializer=one) for one in made]


def deep(activation, initialiser, depth=8, width=16):
    *hidden, last = layers(activation, initialiser, depth + 1, width)
    last = L.Dense(3, "softmax", kernel_initializer=last.kernel_initializer)
    return network(L.Rescaling(1 / 64, -2), L.Flatten(), *hidden, last)


def deep_convolutions(activation, initialiser):
    hidden = layers(activation, initialiser, 6, 8, L.Conv2D, kernel_size=3, padding="same")
    return network(L.Rescaling(1 / 64, -2), *hidden, L.GlobalAveragePooling2D(), L.Dense(3, "softmax"))


def first_to_last(model, steps=1, size=12, **compiled):
    model.compile(**{"optimizer": "sgd", "loss": keras.losses.CategoricalCrossentropy()} | compiled)
    groups = [step.kernels for step in unroll(model).with_kernels()]
    return trace(model, groups, [(pixels(32, size), np.eye(3)[np.arange(32) % 3])] * steps)


def test_measured_is_the_gradient_of_the_loss_at_every_step():
    model = deep("relu", "he_normal", depth=2)
    x, y = pixels(32), np.eye(3)[np.arange(32) % 3]
    kernel = model.layers[2].kernel
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.categorical_crossentropy(y, model(x)))
    expected = tf.norm(tape.gradient(loss, kernel.value)).numpy()
    found = first_to_last(model, steps=20, optimizer=keras.optimizers.SGD(0.01))
    assert found.norms.shape == (20, 3)
    assert found.norms[0, 0] == pytest.approx(expected, rel=1e-3)
    assert found.losses[0] == pytest.approx(float(loss), rel=1e-3)
    assert found.losses[-1] < found.losses[0]  # it does learn


def test_penalties_pull_at_weights_but_are_not_measured():
    def run(l2):
        model = deep("relu", "he_normal", depth=2)
        for step in unroll(model).with_kernels():
            step.kernels[0].regularizer = keras.regularizers.L2(l2)
        found = first_to_last(model, steps=5, optimizer=keras.optimizers.SGD(0.01))
        return found.norms[0], np.abs(model.layers[2].kernel).mean()

    (plain, large), (pulled, small) = run(0.0), run(1.0)
    np.testing.assert_allclose(plain, pulled, rtol=1e-5)
    assert small < 0.95 * large


RATIOS = [
    ("dense", "sigmoid", 1.0, 0, 0.05),
    ("dense", "sigmoid", 0.01, 0, 1e-9),
    ("dense", "sigmoid", "glorot_normal", 0, 1e-3),
    ("dense", "relu", "he_normal", 0.1, 10),
    ("conv", "sigmoid", 1.0, 0, 0.05),
    ("conv", "relu", "he_normal", 0.1, 10),
]


@pytest.mark.parametrize(("kind", "activation", "initialiser", "low", "high"), RATIOS)
def test_gradients_vanish_in_deep_sigmoid_networks_and_not_with_he_and_relu(kind, activation, initialiser, low, high):
    model = deep(activation, initialiser) if kind == "dense" else deep_convolutions(activation, initialiser)
    norms = first_to_last(model).norms[0]
    assert low <= norms[0] / norms[-1] < high


@pytest.mark.parametrize(
    ("recipe", "low", "high"),
    [
        (Recipe("sigmoid", "normal", 1.0, norm="none", depth=20, width=4), 0, 0.05),
        (Recipe("relu", "he", norm="none", depth=20, width=4), 0.1, 20),
    ],
)
def test_so_they_do_in_a_plain_stack_of_such_a_recipe(recipe, low, high):
    keras.utils.set_random_seed(0)
    model = head_on(build_backbone("plain", 32, "none", recipe), 3, 0.0, last_initializer(recipe))
    norms = first_to_last(model, size=32).norms[0]
    assert low <= norms[0] / norms[-1] < high


def test_wide_normal_weights_saturate_a_sigmoid():
    def saturated(std):
        model = network(L.Rescaling(1 / 64, -2), L.Flatten(), *layers("sigmoid", std, 4, 100))
        found = [one.saturated for one in activations(unroll(model), pixels(32), False).values()]
        return found[2:]  # rescaled, flat, then the layers

    assert min(saturated(1.0)) > 0.4
    assert max(saturated(0.1)) < 0.1


# ---- Grad-CAM --------------------------------------------------------------------------------------------------------

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


def test_a_sure_answer_has_a_map_too():
    model = sees_red([L.Dense(2, "softmax", name="dense")])
    model.get_layer("dense").set_weights([np.array([[1e4, 0], [0, 0], [0, 0]]), np.zeros(2)])
    x = np.full((1, 12, 12, 3), 255, np.float32)
    assert np.asarray(model(x))[0, 0] == 1
    assert grad_cam(model, x, [0]).min() == 1


def test_layers_that_cannot_be_drawn_are_named():
    model = sees_red([L.Dense(2, "softmax", name="dense")])
    unrolled = unroll(model)
    assert target(unrolled, "colours").name == "colours"
    takes = "--layer takes a layer with maps, such as colours, relu. Received: "
    assert message(target, unrolled, "relus") == f"{takes}relus (no such layer)"
    assert message(target, unrolled, "pool") == f"{takes}pool (its output is no map of height × width)"
    plain = network(L.Flatten(), L.Dense(2, "softmax"))
    assert message(grad_cam, plain, pixels(), [0] * 4) == (
        "Grad-CAM needs a network with a convolution over more than one place; this one has none."
    )


@pytest.mark.parametrize("name", models.available("classify"))
def test_every_model_has_a_map(name):
    keras.utils.set_random_seed(0)
    backbone = build_backbone(name, 64, "none")
    model = classifier(backbone, head(backbone.output_shape[-1], 3, 0.2))
    last = target(unroll(model)).output.shape[1:3]
    assert 1 < last[0] <= 32
    found = grad_cam(model, pixels(3, 64), [0, 1, 2])
    assert found.shape == (3, 64, 64)
    assert found.dtype == np.float32
    assert found.min() >= 0
    largest = set(found.max(axis=(1, 2)).tolist())
    assert 1 in largest <= {0, 1}  # where nothing speaks for a class it is empty, but something does for one of them


def scene(seed, size=64):
    """A image as the drawings have it, without an animal."""
    rng = np.random.default_rng(seed)
    return np.asarray(draw.photographed(draw.background(draw.FINE * size, rng).reduce(draw.FINE), rng))


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


# ---- a look at a frozen network --------------------------------------------------------------------------------------


def test_a_network_that_was_frozen_has_gradients_too_and_stays_as_it_is(tmp_path):
    backbone = build_backbone("original", 32, "none")
    freeze(backbone)
    classifier(backbone, head(backbone.output_shape[-1], 2, 0.2)).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    before = model.get_weights()
    x, labels = pixels(8, 32).astype(np.uint8), np.arange(8) % 2
    rows = {"train": np.arange(6), "val": np.array([6, 7])}
    source = Source(("a", "b"), tuple("12345678"), labels, rows, lambda indices: x[indices])
    settings = TrainSettings.of(image_size=32)
    subject = Subject("original", "frozen", model, settings, Stage("finetune", 1, 4, 0.1), untrained=False)
    look = look_at(subject, source, one_of_each(source), steps=2)
    assert [heat.picture.name for heat in look.heats] == ["7", "8"]
    assert len(look.learning) == 5
    assert all((layer.gradients > 0).all() for layer in look.learning)
    assert all(layer.weights.std != layer.weights_after.std for layer in look.learning)
    assert not model.layers[1].trainable
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.filterwarnings("ignore:invalid value")  # of weights that are no numbers
@pytest.mark.parametrize(
    ("init", "rate", "told"),
    [
        ("zeros", 0.1, "In the first batch all gradients are 0: nothing learns."),
        ("he", 1e15, "Along the iterations gradients became no numbers: the steps are too long."),
    ],
)
def test_gradients_that_are_zero_or_no_numbers_are_told(init, rate, told):
    model = classifier(build_backbone("lenet", 32, "none", Recipe(activation="relu", init=init)), head(84, 2, 0.0))
    if init == "zeros":
        model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    x, rows = pixels(8, 32).astype(np.uint8), {"train": np.arange(6), "val": np.array([6, 7])}
    source = Source(("a", "b"), tuple("12345678"), np.arange(8) % 2, rows, lambda indices: x[indices])
    settings = TrainSettings.of(model="lenet", image_size=32, optimizer="sgd")
    subject = Subject("lenet", "new", model, settings, Stage("scratch", 1, 4, rate), untrained=True)
    look = look_at(subject, source, one_of_each(source), steps=4)
    assert told in words(look)
    with Image.open(io.BytesIO(inspect_figures.gradients(look.learning))) as draw:
        assert draw.format == "PNG"


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def inspected(run, toy, tmp_path_factory):
    """What `inspect --run` left and printed."""
    inspects = tmp_path_factory.mktemp("inspects")
    picture = toy / "circle" / "3.png"
    ran = call("inspect", picture, toy / "square" / "1.png", "--run", run, "--steps", "3", "--inspects", inspects)
    assert (ran.code, ran.err) == (0, "")
    (folder,) = inspects.iterdir()
    return folder, ran


def test_a_run_is_looked_into(inspected, run):
    folder, ran = inspected
    assert re.fullmatch(r"\d{8}-\d{6}-original", folder.name)
    assert {path.name for path in folder.iterdir()} == {
        "inspect.html",
        "inspect.json",
        *(f"{name}.png" for name in PICTURES),
    }
    assert f"look at {folder / 'inspect.html'}" in ran.out
    assert "block1_conv" in ran.out
    told = json.loads((folder / "inspect.json").read_text(encoding="utf-8"))
    layers = {layer["name"]: layer for layer in told["layers"]}
    assert told["network"] == f"the trained network of {run}"
    assert layers["block1_conv"]["receptive_field"] == [5, 5]
    assert layers["block2_conv"]["receptive_field"] == [15, 15]
    assert layers["pool"]["receptive_field"] == [None, None]  # everything
    assert len(layers["block1_conv"]["gradient_norms"]) == len(told["losses"]) == 3
    assert 0.2 < layers["block1_relu"]["activation"]["zero"] < 0.9
    saved = keras.saving.load_model(run / "model.keras", compile=False)
    kernel = np.asarray(saved.layers[1].get_layer("block1_conv").kernel)
    assert layers["block1_conv"]["weights"]["std"] == pytest.approx(kernel.std(), rel=1e-4)
    assert layers["block1_conv"]["weights_after"]["std"] != layers["block1_conv"]["weights"]["std"]


def test_the_maps_are_those_of_the_pictures_given(inspected):
    told = json.loads((inspected[0] / "inspect.json").read_text(encoding="utf-8"))["grad_cam"]
    assert [picture["path"][-12:] for picture in told["pictures"]] == ["circle/3.png", "square/1.png"]
    assert {picture["predicted"] for picture in told["pictures"]} <= set(TOY_CLASSES)


def test_the_page_needs_no_network(inspected):
    page = (inspected[0] / "inspect.html").read_text(encoding="utf-8")
    assert page.count("<img") == len(PICTURES)
    assert len(re.findall('<img [^>]*src="data:image/png;base64,', page)) == len(PICTURES)
    assert not re.search(r"<(link|iframe)|<script [^>]*src|src=.http|url\(", page)


def test_a_new_network_obeys_the_flags_of_train(toy, tmp_path):
    shape = ("--image-size", "32", "--width", "0", "--data", toy, "--store", "off", "--seed", "5")
    more = (
        "--steps",
        "2",
        "--batch-size",
        "8",
        "--optimizer",
        "sgd",
        "--learning-rate",
        "0.5",
        "--layer",
        "block2_relu",
    )
    ran = call("inspect", "-m", "original", *shape, *more, "--inspects", tmp_path)
    assert ran.code == 0, ran.err
    (folder,) = tmp_path.iterdir()
    told = json.loads((folder / "inspect.json").read_text(encoding="utf-8"))
    assert told["network"] == "a new network, random weights"
    assert (told["batch_size"], told["learning_rate"], told["settings"]["optimizer"]) == (8, 0.5, "sgd")
    assert told["grad_cam"]["layer"] == "block2_relu"
    assert [picture["path"].split("/")[0] for picture in told["grad_cam"]["pictures"]] == list(TOY_CLASSES)
    keras.utils.set_random_seed(5)
    kernel = np.asarray(build_backbone("original", 32, "none").get_layer("block2_conv").kernel)
    first, second = (layer for layer in told["layers"] if layer["name"] in ("block1_conv", "block2_conv"))
    assert second["weights"]["std"] == pytest.approx(kernel.std(), rel=1e-4)
    norm = next(layer for layer in told["layers"] if layer["name"] == "block1_norm")
    assert norm["activation"]["std"] == pytest.approx(1, abs=0.02)  # by these pictures, as in training
    assert (first["kind"], norm["kind"]) == ("Conv2D", "BatchNormalization")  # not their faster likes, which learn


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--run", "RUN", "--layer", "conv9"], "--layer takes a layer with maps, such as "),
        (
            ["--run", "RUN", "--l2", "1", "--seed", "3"],
            "--run brings its own network and images: leave --l2, --seed out",
        ),
        (["--run", "RUN", "-m", "resnet"], "is a run of original. Received: -m resnet"),
        (["--run", "nowhere"], "--run takes a run folder. Received: nowhere (no such folder)"),
        (["--run", "RUN", "BROKEN"], "broken.png: "),
        (["--run", "RUN", "nowhere.png"], "nowhere.png: no such file or folder."),
        (["-m", "originall"], "Unknown model 'originall'. Did you mean 'original'?"),
        (["--steps", "0"], "--steps takes 1 to 10,000. Received: 0"),
        (["--epochs", "3"], "unrecognized arguments: --epochs"),
    ],
)
def test_what_cannot_be_looked_into_is_told_in_one_line_and_leaves_nothing(words, error, run, tmp_path):
    broken, inspects = tmp_path / "broken.png", tmp_path / "inspects"
    broken.write_bytes(b"\x89PNG\r\n")
    ran = call("inspect", *({"RUN": run, "BROKEN": broken}.get(word, word) for word in words), "--inspects", inspects)
    assert ran.code == 2
    assert error.lower() in ran.err.lower()
    assert ran.err.count("\n") == 1
    assert not inspects.exists() or not list(inspects.iterdir())


def test_a_folder_that_cannot_be_written_is_told_under_its_own_flag(tmp_path):
    (tmp_path / "file").write_text("")
    ran = call("inspect", "--inspects", tmp_path / "file")
    assert ran.code == 2
    assert ran.err.startswith(f"error: Cannot write to --inspects {tmp_path / 'file'}: ")

    def stopped(folder):
        (folder / "inspect.html").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        output.save_run(tmp_path / "inspects", "original", stopped, "inspection", "--inspects")
    assert list((tmp_path / "inspects").iterdir()) == []
