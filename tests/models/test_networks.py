# ruff: noqa: E402 - Keras is started before anything imports it
"""Networks that start from random weights, and the options that they obey."""

from study.runtime import backend

backend.start()

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import call, message, small_options, smallest_size

import models
from models.parts.auxiliary_head import mask_head
from models.parts.head import head, head_on
from models.parts.keras_private import flatten_layers
from models.parts.options import (
    ACTIVATIONS,
    INITIALIZERS,
    NORMS,
    ArchitectureOptions,
    groups_of,
    last_initializer,
    resolve_options,
)
from models.parts.weights import build_backbone
from scratch.initializers import variance
from study.fit.training_copy import training_copy
from study.inference import openvino_ir
from study.inference.frozen import FrozenBackbone
from study.runs import folder as run_folder
from study.runtime import hardware
from study.settings.resolve import defaults_of, options_of, resolve
from study.settings.train import with_flags

CLASSES = 3
LABELS = np.array([0, 1, 2, 0])
ABLE = [name for name in models.available() if models.get(name).SPEC.supports]
NORM_LAYERS = {
    "none": None,
    "batch": keras.layers.BatchNormalization,
    "layer": keras.layers.LayerNormalization,
    "instance": keras.layers.GroupNormalization,
    "group": keras.layers.GroupNormalization,
}


def images(size, count=4):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3)).astype(np.float32)


def build(name, size=32, **options):
    """A classifier in its model's smallest form, made as a training makes it."""
    keras.utils.set_random_seed(0)
    architecture = resolve_options(name, small_options(name, **options))
    backbone = build_backbone(name, smallest_size(name, size), "none", architecture)
    return head_on(backbone, CLASSES, 0.0, last_initializer(architecture))


def run(model, pixels, training=False):
    return np.asarray(model(tf.constant(pixels), training=training))


def step(model, rate=0.1, pixels=None, labels=LABELS):
    """One step of gradient descent, without a graph to build; the loss before it."""
    pixels = images(model.input_shape[1]) if pixels is None else pixels
    with tf.GradientTape() as tape:
        answers = model(pixels, training=True)
        each = np.reshape(labels, (-1, *[1] * (len(answers.shape) - 2))) + np.zeros(answers.shape[:-1])  # or each pixel
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(each, answers))
    variables = model.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, [v.value for v in variables]), strict=True):
        variable.assign_sub(rate * gradient)
    return float(loss)


def layers(model, kind=None):
    every = [layer for layer in flatten_layers(model) if not hasattr(layer, "layers")]
    return [layer for layer in every if kind is None or isinstance(layer, kind)]


def kernels(model):
    return [v for v in model.trainable_variables if v.path.endswith("kernel")]


# ---- every model under every option ----------------------------------------------------------------------------------

# Without `--every-recipe`: the smallest network under so many that each two values of different options meet, the
# others under each value.
COMBINATIONS = [
    *(
        ("lenet", activation, NORMS[(a + i) % len(NORMS)], init)
        for (a, activation), (i, init) in itertools.product(enumerate(ACTIVATIONS), enumerate(INITIALIZERS))
    ),
    *(
        (name, activation, NORMS[(a + n) % len(NORMS)], INITIALIZERS[a % len(INITIALIZERS)])
        for (n, name), (a, activation) in itertools.product(enumerate(ABLE), enumerate(ACTIVATIONS))
        if name != "lenet"
    ),
]


def pytest_generate_tests(metafunc):
    if metafunc.function is test_a_network_is_made_as_asked_and_takes_a_step:
        every = metafunc.config.getoption("--every-recipe")
        recipes = itertools.product(ABLE, ACTIVATIONS, NORMS, INITIALIZERS) if every else COMBINATIONS
        metafunc.parametrize(("name", "activation", "norm", "init"), list(recipes))


def test_a_network_is_made_as_asked_and_takes_a_step(name, activation, norm, init):
    size = 64 if norm == "instance" else 32
    model = build(name, size, activation=activation, norm=norm, init=init, init_std=0.05, init_value=0.02)
    kinds = (keras.layers.ReLU, keras.layers.Activation)
    names = ["relu" if isinstance(a, keras.layers.ReLU) else a.activation.__name__ for a in layers(model, kinds)]
    assert set(names) == {activation}
    convolutions = layers(model, keras.layers.Conv2D)
    normalising = layers(model, tuple(kind for kind in NORM_LAYERS.values() if kind))
    assert {type(layer) for layer in normalising} == ({NORM_LAYERS[norm]} if NORM_LAYERS[norm] else set())
    narrowing = [layer for layer in convolutions if layer.name.endswith("narrow_conv")]  # of the U-Net's way up
    assert len(normalising) == (len(convolutions) - len(narrowing) if norm != "none" else 0)
    assert {layer.use_bias for layer in convolutions} == {norm == "none"}
    spreads = [(float(np.std(v)), float(np.mean(v))) for v in kernels(model)[:-1]]
    if init in ("zeros", "constant"):
        np.testing.assert_allclose(spreads, [(0, 0.02 * (init == "constant"))] * len(spreads), atol=1e-7)
    else:
        assert min(spread for spread, _ in spreads) > 0.01
    before = model.get_weights()
    assert np.isfinite(step(model))
    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    assert any((one != other).any() for one, other in zip(before, after, strict=True))


# ---- initial weights -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("init", "same"), [("zeros", True), ("constant", True), ("normal", False), ("lecun", False)])
def test_units_that_begin_alike_stay_alike(init, same):
    model = build("lenet", activation="sigmoid", init=init, init_std=0.1)
    first = [np.array(v) for v in kernels(model)]
    for _ in range(5):
        step(model, rate=1.0)
    last = [np.array(v) for v in kernels(model)]
    assert any(np.abs(one - other).max() > 1e-3 for one, other in zip(first, last, strict=True))
    spread = [np.ptp(kernel, axis=-1).max() for kernel in last[:-1]]  # from unit to unit of a layer
    assert (max(spread) < 1e-6) if same else (min(spread) > 0.1)


@pytest.mark.parametrize("std", [0.01, 0.3])
def test_normal_has_the_width_asked_for_in_every_layer_and_no_numbers_twice(std):
    model = build("plain", width=16, init="normal", init_std=std)
    found = [np.array(v) for v in kernels(model)]
    for kernel in found:
        assert kernel.std() == pytest.approx(std, rel=4 / np.sqrt(2 * kernel.size))  # four standard errors
    one, other = found[1:3]
    assert one.shape == other.shape
    assert (one != other).all()


def test_no_two_layers_of_the_mask_decoder_begin_with_the_same_numbers():
    found = [np.array(v).ravel()[:512] for v in kernels(mask_head(64, seed=0))]
    assert len(found) == 4
    assert all(
        abs(np.corrcoef(*two)[0, 1]) < 0.5 for two in itertools.combinations([v for v in found if v.size == 512], 2)
    )


@pytest.mark.parametrize("init", ["glorot", "he", "lecun"])
def test_the_rules_have_the_variance_of_scratch_and_leave_the_last_layer_alone(init):
    model = build("plain", width=16, init=init)
    *inner, last = (np.array(v) for v in kernels(model))
    for kernel in inner:
        expected = variance(init, kernel.shape) ** 0.5
        assert kernel.std() == pytest.approx(expected, rel=4 / np.sqrt(2 * kernel.size))
    keras.utils.set_random_seed(1)
    assert np.abs(last).max() <= np.sqrt(6 / (64 + CLASSES))  # glorot_uniform


# ---- normalisation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("norm", "axes", "grouped"),
    [("batch", (0, 1, 2), False), ("layer", -1, False), ("instance", (1, 2), False), ("group", (1, 2, 4), True)],
)
def test_each_normalisation_goes_over_what_it_says(norm, axes, grouped):
    model = build("lenet", norm=norm, width=16)
    through = keras.Model(model.layers[1].input, model.layers[1].get_layer("block1_norm").output)
    y = run(through, images(32), training=True)
    y = y.reshape(*y.shape[:-1], 8, -1) if grouped else y
    np.testing.assert_allclose(y.mean(axes), 0, atol=1e-4)
    assert 0.9 < y.std(axes).min() <= y.std(axes).max() < 1.01


def test_groups_are_at_most_eight_of_two_channels_at_least():
    found = {channels: groups_of(channels) for channels in (1, 2, 3, 4, 6, 7, 16, 20, 96, 256)}
    assert found == {1: 1, 2: 1, 3: 1, 4: 2, 6: 3, 7: 1, 16: 8, 20: 5, 96: 8, 256: 8}


def test_instance_of_a_single_pixel_is_refused():
    assert message(build_backbone, "original", 32, "none", ArchitectureOptions(norm="instance")) == (
        "`norm` instance needs maps of more than one pixel in every layer: give a larger `image_size`, or another "
        "`norm`."
    )


# ---- depth -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [8, 20])
def test_a_stack_has_the_layers_it_says_and_shortcuts_have_no_weights(depth):
    plain, residual = (build(name, depth=depth) for name in ("plain", "residual"))
    assert len(kernels(plain)) == len(kernels(residual)) == depth
    assert len(layers(plain, keras.layers.Add)) == 0
    assert len(layers(residual, keras.layers.Add)) == depth // 2 - 1
    assert plain.count_params() == residual.count_params()


def test_resnet_20_has_the_parameters_of_the_paper():
    backbone = build_backbone("residual", 32, "none")
    statistics = sum(v.shape[0] for v in backbone.non_trainable_variables)
    assert backbone.count_params() - statistics + head(64, 10, 0.0).count_params() == 269_722  # 0.27 M in its table 6


def test_where_layers_have_learned_nothing_shortcuts_still_let_the_picture_through():
    spread = {}
    for name in ("plain", "residual"):
        backbone = build(name).layers[1]
        for variable in backbone.trainable_variables:
            if variable.path.endswith("kernel") and "stem" not in variable.path:
                variable.assign(np.zeros(variable.shape))
        spread[name] = np.ptp(run(backbone, images(32)), axis=0).max()
    assert spread["plain"] == 0
    assert spread["residual"] > 0.01


@pytest.mark.parametrize("depth", [7, 9, 21])
def test_a_depth_that_no_stack_has_is_refused(depth):
    assert message(build_backbone, "plain", 32, "none", ArchitectureOptions(depth=depth)) == (
        f"`depth` takes 6n + 2, such as 8, 14, 20, 32, 44, 56, 110. Received: {depth}"
    )


def test_alexnet_has_the_parameters_of_the_one_on_one_gpu():
    backbone = build_backbone("alexnet", 224, "none", ArchitectureOptions(init="zeros"))  # zeros are quickly drawn
    assert backbone.get_layer("block5_pool").output.shape == (None, 6, 6, 256)
    assert backbone.count_params() + (4096 + 1) * 1000 == 62_378_344


# ---- dropout ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "count", "kind"),
    [
        ("original", {}, 4, keras.layers.SpatialDropout2D),
        ("original", {"width": 4}, 5, keras.layers.SpatialDropout2D),
        ("plain", {}, 3, keras.layers.SpatialDropout2D),
        ("residual", {}, 3, keras.layers.SpatialDropout2D),
        ("lenet", {}, 1, keras.layers.Dropout),
        ("alexnet", {}, 1, keras.layers.Dropout),
    ],
)
def test_dropout_inside_the_network_acts_while_it_learns_and_not_afterwards(name, options, count, kind):
    with_it, without = (build(name, dropout=share, **options).layers[1] for share in (0.5, 0.0))
    found = [layer for layer in layers(with_it) if isinstance(layer, keras.layers.Dropout) or "Dropout" in repr(layer)]
    assert [(type(layer), layer.rate) for layer in found] == [(kind, 0.5)] * count
    assert not [layer for layer in layers(without) if "dropout" in layer.name]
    for variable in without.trainable_variables:
        if variable.path.endswith("gamma"):
            variable.assign(np.ones(variable.shape))  # else residual blocks begin by changing nothing
    with_it.set_weights(without.get_weights())
    pixels = images(without.input_shape[1])
    np.testing.assert_array_equal(run(with_it, pixels), run(without, pixels))
    assert not np.allclose(run(with_it, pixels, training=True), run(with_it, pixels, training=True))


def test_alexnet_drops_by_itself_in_both_places_and_only_where_asked():
    options = resolve_options("alexnet", ArchitectureOptions())
    assert (options.dropout, resolve_options("lenet", ArchitectureOptions()).dropout) == (0.5, 0.0)
    spec = models.get("alexnet").SPEC
    at = {}
    for flags in ({}, {"dropout_at": "head"}, {"dropout_at": "blocks", "dropout": 0.1}):
        settings = resolve(flags, defaults_of(spec, {"model": "alexnet", **flags}))
        at[settings.regularization.dropout_at] = (
            settings.regularization.dropout,
            options_of(settings.network, settings.regularization).dropout,
        )
    assert at == {"both": (0.5, 0.5), "head": (0.5, 0.0), "blocks": (0.1, 0.1)}


# ---- coordinates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ABLE)
def test_coordinates_are_two_more_channels_behind_the_scaled_colours(name):
    backbone = build(name, coordinates=True).layers[1]
    size = backbone.input_shape[1]
    pixels = images(size)
    told = run(keras.Model(backbone.input, backbone.get_layer("coordinates").output), pixels)
    assert told.shape == (4, size, size, 5)
    np.testing.assert_allclose(told[..., :3], pixels / 127.5 - 1, atol=1e-6)
    centres = (np.arange(size) + 0.5) / size * 2 - 1
    np.testing.assert_allclose(told[..., 3], np.broadcast_to(centres, (4, size, size)), atol=1e-6)
    np.testing.assert_allclose(told[..., 4], np.broadcast_to(centres[:, None], (4, size, size)), atol=1e-6)


def spots(size, column):
    """Bright squares on grey, in different rows of one column."""
    pixels = np.full((3, size, size, 3), 100, np.float32)
    for number, row in enumerate((36, 44, 56)):
        pixels[number, row : row + 4, column : column + 4] = 250
    return pixels


@pytest.mark.parametrize("told", [False, True])
def test_only_with_coordinates_can_a_network_of_convolutions_tell_left_from_right(told):
    # Both columns are so far from the border that no unit sees it and the spot: shifted by whole strides of the
    # network, everything that global pooling adds up is the same.
    backbone = build("plain", 96, norm="none", coordinates=told).layers[1]
    left, right = (run(backbone, spots(96, column)) for column in (36, 56))
    if not told:
        np.testing.assert_allclose(left, right, atol=1e-5)
        return
    features = np.concatenate([left, right])
    design = np.column_stack([features - features.mean(0), np.ones(6)])
    answers = design @ np.linalg.lstsq(design, np.repeat([-1.0, 1.0], 3), rcond=None)[0]
    assert (np.sign(answers) == np.repeat([-1, 1], 3)).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["original", "residual"])
def test_coordinates_and_shortcuts_survive_saving_openvino_bfloat16_and_other_sizes(name, tmp_path):
    model = build(name, 64, coordinates=True, norm="group", activation="gelu")
    pixels = images(64)
    expected = run(model, pixels)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(run(loaded, pixels), expected, atol=1e-6)
    assert all(type(layer).__module__.startswith("keras.") for layer in layers(loaded))
    assert FrozenBackbone(loaded).fingerprint == FrozenBackbone(build(name, 64, **TOLD)).fingerprint
    np.testing.assert_allclose(run(training_copy(model, "bfloat16"), pixels), expected, atol=0.05)
    wider = training_copy(model, any_size=True)
    np.testing.assert_allclose(run(wider, pixels), expected, atol=1e-6)
    assert run(wider, images(48)).shape == (4, CLASSES)
    if hardware.openvino_available():
        openvino_ir.save(openvino_ir.accept_uint8(openvino_ir.convert(openvino_ir.trace(model))), tmp_path)
        np.testing.assert_allclose(openvino_ir.load(tmp_path)(pixels.astype(np.uint8)), expected, atol=1e-5)


TOLD = {"coordinates": True, "norm": "group", "activation": "gelu"}


# ---- what cannot be obeyed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "flags", "error"),
    [
        ("resnet", {"norm": "layer"}, "--norm is for alexnet, lenet, original, plain, residual, unet: resnet "
                                      "does not support it. Leave it out. Received: layer"),
        ("original", {"depth": 20}, "--depth is for plain, residual: original does not support it. Leave it out. "
                                    "Received: 20"),
        ("resnet", {"init_std": 0.1}, "--init-std is for alexnet, lenet, original, plain, residual, unet: "
                                    "resnet does not support it."),
        ("efficientnet", {"coordinates": True}, "efficientnet does not support it. Leave it out. Received: on"),
        ("efficientnet", {"dropout_at": "both"}, "efficientnet does not support it. Leave it out. Received: both"),
        ("lenet", {"width": 0}, "--width of lenet is at least 1. Received: 0"),
        ("lenet", {"init_std": 0.1}, "--init-std goes with --init normal. Received: --init lecun"),
        ("lenet", {"init": "normal", "init_value": 0.1}, "--init-value goes with --init constant. "
                                                         "Received: --init normal"),
        ("lenet", {"init": "he", "weights": "run"}, "--init is for random weights. Received: --weights run; leave one "
                                                    "of the two out."),
        ("lenet", {"activation": "swish"}, "--activation takes relu, sigmoid, tanh, leaky_relu, elu, gelu, silu. "
                                           "Received: swish"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_obeyed_is_an_error(model, flags, error):
    flags = {"model": model, **flags}
    told = message(lambda: resolve(flags, defaults_of(models.get(model).SPEC, flags)))
    assert error in with_flags(told)


@pytest.mark.parametrize("name", models.available())
def test_every_model_takes_the_recipe_of_its_own_settings(name):
    flags = {"model": name, "dropout": 0.1, "dropout_at": "head"}
    settings = resolve(flags, defaults_of(models.get(name).SPEC, flags))
    options = resolve_options(name, options_of(settings.network, settings.regularization))
    assert options == resolve_options(name, ArchitectureOptions(dropout=0.0))
    assert all(settings.as_dict()[option] is not None for option in models.get(name).SPEC.supports)


def test_a_learning_rate_of_a_models_own_goes_with_its_optimizer_and_random_weights():
    spec = models.get("alexnet").SPEC
    rates = [
        resolve(flags, defaults_of(spec, {"model": "alexnet", **flags})).optimization.learning_rate
        for flags in ({}, {"optimizer": "adam"}, {"optimizer": "momentum"}, {"weights": "a.keras"})
    ]
    assert rates == [spec.defaults["learning_rate"], spec.defaults["learning_rate"], None, None]


def test_an_earlier_run_brings_the_shape_of_its_network(tmp_path):
    made = '{"activation": "gelu", "norm": "none", "depth": 14, "width": 5, "coordinates": true, "init": "zeros"}'
    (tmp_path / "run.json").write_text(f'{{"model": "plain", "settings": {made}}}')
    for weights in (tmp_path, tmp_path / "model.keras"):
        flags = {"model": "plain", "weights": str(weights), "norm": "batch"}
        settings = resolve(flags, defaults_of(models.get("plain").SPEC, flags))
        options = options_of(settings.network, settings.regularization)
        expected = ArchitectureOptions("gelu", "he", norm="batch", depth=14, width=5, dropout=0.0, coordinates=True)
        assert options == expected


# ---- the whole road --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_training_obeys_them_all_and_writes_them_down(toy, tmp_path):
    ran = call(
        *("train", "-m", "lenet", "--data", toy, "--width", 4, "--activation", "silu", "--norm"),
        *("layer", "--init", "normal", "--init-std", 0.1, "--coordinates", "--dropout", 0.1, "--dropout-at", "both"),
        *("--epochs", 1, "--precision", "bfloat16", "--runs", tmp_path),
    )
    assert (ran.code, ran.err) == (0, "")
    assert "activation silu, initial weights normal 0.1, normalisation layer, with coordinates" in ran.out
    assert "dropout 0.1 inside the network and before the last layer" in ran.out
    (made,) = tmp_path.iterdir()
    written = run_folder.read_run(made).info["settings"]
    options = ("width", "activation", "norm", "init", "init_std", "coordinates", "dropout_at")
    assert [written[name] for name in options] == [4, "silu", "layer", "normal", 0.1, True, "both"]
    model = keras.saving.load_model(made / "model.keras", safe_mode=True)
    assert "coordinates" in [layer.name for layer in layers(model)]
    assert {layer.rate for layer in layers(model) if "dropout" in layer.name} == {0.1}

    both = ("--dropout", 0.1, "--dropout-at", "both")
    refused = call("train", "-m", "lenet", "--data", toy, "--weights", made, *both, "--runs", made)
    assert refused.code == 2
    assert "--dropout-at needs --learning scratch or finetune" in refused.err


def test_summary_says_what_a_model_supports_and_describes_the_network_asked_for():
    text = call("summary", "-m", "plain", "--depth", 8, "--width", 4).out
    line = next(line for line in text.splitlines() if line.startswith("supports"))
    assert line.endswith(
        "--activation relu, --init he, --norm batch, --depth 20, --width 16, --dropout-at head, --coordinates off"
    )
    assert sum("Conv2D" in line for line in text.splitlines()) == 7
    assert message_of("summary", "-m", "resnet", "--depth", 8).startswith("error: --depth is for plain, residual: ")
    assert message_of("summary", "--depth", 8) == "error: --depth is for one model: name it by -m.\n"
    assert "no option of the network" in call("summary", "-m", "efficientnet_lite", "--image-size", 32).out


def message_of(*words):
    ran = call(*words)
    assert ran.code == 2
    return ran.err
