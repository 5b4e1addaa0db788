# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import small_options, smallest_size

import models
from data.batches import Examples
from errors import UserError
from models.parts.head import classifier, freeze, head, unfreeze
from models.parts.keras_private import flatten_layers
from models.parts.weights import build_backbone
from study.fit import loop, objective
from study.fit import training_copy as training_copy_file
from study.fit.fast_layers import SHORT_ROW, FusedBatchNormalization, ShortRowConv2D
from study.fit.training_copy import MIN_GAIN, PROBE_STEPS, PrecisionChoice, choose_precision, training_copy
from study.runtime import hardware
from study.settings.stages import Stage
from study.settings.train import TrainSettings

SIZE = 32


def settings(**changes):
    return TrainSettings.of(**{"augment": {}, "l2": 0.0, "dropout": 0.0, "learning": "scratch"} | changes)


def pictures(n=60, size=SIZE):
    """Noise, brighter on the left for class 0 and on the right for class 1."""
    rng = np.random.default_rng(0)
    labels = (np.arange(n) % 2).astype(np.int32)
    pixels = rng.integers(0, 150, (n, size, size, 3))
    for at, label in enumerate(labels):
        pixels[at, :, slice(0, size // 2) if label == 0 else slice(size // 2, size)] += 90
    rows = {"train": np.arange(n - 20), "val": np.arange(n - 20, n - 4), "test": np.arange(n - 4, n)}
    return Examples(pixels.astype(np.uint8), labels, rows)


def network(name="original", size=SIZE, dropout=0.0, **options):
    """A classifier whose normalisations hold statistics like no other's."""
    keras.utils.set_random_seed(0)
    backbone = build_backbone(name, smallest_size(name, size), "none", small_options(name, **options))
    rng = np.random.default_rng(0)
    for variable in backbone.variables:
        if variable.path.endswith(("moving_mean", "beta")):
            variable.assign(rng.normal(0, 0.1, variable.shape))
        elif variable.path.endswith(("moving_variance", "gamma")):
            variable.assign(rng.uniform(0.8, 1.2, variable.shape))
    return classifier(backbone, head(backbone.output_shape[-1], 2, dropout))


def layers(model):
    return [layer for layer in flatten_layers(model) if not layer.__class__.__name__.startswith("Input")]


def answers(model, examples):
    return np.asarray(model(tf.constant(examples.inputs, tf.float32), training=False))  # no graph to build


# ---- the layer -------------------------------------------------------------------------------------------------------


def step(kind, inputs, **changes):
    """One step of a layer: outputs, gradients of inputs, gamma and beta, and the statistics afterwards."""
    layer = kind(**changes)
    layer.build(inputs.shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    x, pull = tf.constant(inputs), tf.constant(rng.normal(size=inputs.shape).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x, training=True)
        loss = tf.reduce_sum(tf.cast(outputs, tf.float32) * pull)
    sources = [x, *(variable.value for variable in layer.trainable_variables)]
    return [outputs, *tape.gradient(loss, sources), *layer.get_weights()]


def compare(shape, **changes):
    inputs = np.random.default_rng(0).normal(2, 3, shape).astype(np.float32)
    plain = step(keras.layers.BatchNormalization, inputs, **changes)
    for ours, theirs in zip(step(FusedBatchNormalization, inputs, **changes), plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "shape", [(4, 8, 8, 16), (3, 5, 7, 3), (1, 4, 4, 2), (2, 1, 1, 5), (1, 1, 3, 1), (9, 3, 2, 33)]
)
def test_outputs_gradients_and_statistics_are_those_of_keras(shape):
    compare(shape)


@pytest.mark.parametrize("momentum", [0.0, 0.9, 0.99, 1.0])
def test_every_momentum_is_that_of_keras(momentum):
    compare((3, 5, 5, 4), momentum=momentum, epsilon=1e-2)


def test_a_single_value_a_channel_has_no_variance():
    layer = FusedBatchNormalization(momentum=0.5)
    outputs = layer(tf.constant(np.full((1, 1, 1, 3), 7, np.float32)), training=True)
    np.testing.assert_allclose(outputs, 0, atol=1e-6)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 3.5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.5)


@pytest.mark.parametrize(
    ("shape", "changes"),
    [
        ((6, 4), {}),
        ((2, 3, 4), {}),
        ((2, 3, 4, 5), {"axis": 1}),
        ((2, 3, 4, 5), {"scale": False}),
        ((2, 3, 4, 5), {"center": False}),
        ((2, 3, 4, 5, 2), {}),
    ],
)
def test_what_the_operation_cannot_do_runs_as_in_keras(shape, changes):
    compare(shape, **changes)


def test_a_layer_that_does_not_learn_uses_and_keeps_its_statistics():
    inputs = np.random.default_rng(0).normal(2, 3, (3, 4, 4, 2)).astype(np.float32)
    compare((3, 4, 4, 2), trainable=False)
    assert not np.allclose(step(FusedBatchNormalization, inputs, trainable=False)[0], 0, atol=0.1)


def convolve(kind, shape, dtype="bfloat16", **changes):
    """Outputs of a convolution, the gradients of its inputs, kernel and bias, and the operations of the graph."""
    layer = kind(
        **{"filters": 6, "kernel_size": 3, "padding": "same"} | changes,
        dtype=f"mixed_{dtype}" if dtype == "bfloat16" else dtype,
    )
    layer.build(shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(0, 0.1, weight.shape) for weight in layer.get_weights()])

    @tf.function
    def gradients(x, pull):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x, training=True)
            loss = tf.reduce_sum(tf.cast(outputs, tf.float32) * pull)
        return [outputs, *tape.gradient(loss, [x, *(variable.value for variable in layer.trainable_variables)])]

    x = tf.constant(rng.normal(size=shape), tf.float32)
    pull = tf.constant(rng.normal(size=layer.compute_output_shape(shape)), tf.float32)
    graph = gradients.get_concrete_function(x, pull).graph
    return [np.asarray(tf.cast(each, tf.float32)) for each in gradients(x, pull)], {
        each.type for each in graph.get_operations()
    }


@pytest.mark.parametrize("shape", [(4, 4, 4, 5), (2, 8, 8, 3), (3, 7, 5, 2), (1, 1, 1, 4), (2, 30, 2, 3)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_a_convolution_of_short_rows_has_the_outputs_and_gradients_of_keras(shape, use_bias):
    ours, operations = convolve(ShortRowConv2D, shape, use_bias=use_bias)
    plain, native = convolve(keras.layers.Conv2D, shape, use_bias=use_bias)
    assert "Conv2DBackpropFilter" in native - operations
    assert "MatMul" in operations - native
    for one, other in zip(ours, plain, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=0.02, atol=0.02 * np.abs(other).max())
    exact, _ = convolve(keras.layers.Conv2D, shape, "float32", use_bias=use_bias)
    for one, other in zip(ours, exact, strict=True):
        np.testing.assert_allclose(one, other, rtol=0.05, atol=0.05 * np.abs(other).max())


@pytest.mark.parametrize(
    ("side", "changes"),
    [
        (SHORT_ROW + 1, {}),
        (8, {"dtype": "float32"}),
        (8, {"kernel_size": 5}),
        (8, {"strides": 2}),
        (8, {"padding": "valid"}),
        (8, {"dilation_rate": 2}),
        (8, {"groups": 2}),
    ],
)
def test_any_other_convolution_is_left_to_keras(side, changes):
    ours, operations = convolve(ShortRowConv2D, (2, side, side, 4), **changes)
    assert "MatMul" not in operations
    for one, other in zip(ours, convolve(keras.layers.Conv2D, (2, side, side, 4), **changes)[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_a_convolution_of_no_known_size_is_left_to_keras():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, ShortRowConv2D(4, 3, padding="same", dtype="mixed_bfloat16")(inputs))
    assert model(np.ones((2, 5, 5, 3), np.float32)).shape == (2, 5, 5, 4)


# ---- the copy --------------------------------------------------------------------------------------------------------


# The large ones in one precision: building their graphs takes long.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("precision", "name"),
    [
        *(("bfloat16", name) for name in models.available("classify")),
        *(("float32", name) for name in models.available("classify") if name not in ("efficientnet", "resnet")),
    ],
)
def test_every_model_takes_a_step_in_its_copy(precision, name):
    model, examples = network(name), pictures(size=smallest_size(name, SIZE))
    before = model.get_weights()
    copy = training_copy(model, precision)
    tolerance = 1e-5 if precision == "float32" else 0.1
    np.testing.assert_allclose(answers(copy, examples)[:4], answers(model, examples)[:4], atol=tolerance)
    stage = Stage("scratch", 1, 8, 1e-3)
    objective.compile_model(copy, stage, settings(l2=1e-4), 10)
    copy.run_eagerly = True  # building the graphs of all models takes a minute
    loss = copy.train_on_batch(examples.inputs[:8].astype(np.float32), np.eye(2)[examples.labels[:8]])[0]
    assert np.isfinite(loss)
    changed = [(one != other).any() for one, other in zip(before, copy.get_weights(), strict=True)]
    names = [weight.path for weight in copy.weights]
    assert all(new for new, path in zip(changed, names, strict=True) if path.endswith(("kernel", "moving_variance")))
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)  # the model itself waits


@pytest.mark.slow
@pytest.mark.parametrize("name", models.available("classify"))
def test_every_model_that_pools_its_last_map_has_a_copy_that_takes_any_size(name):
    model = network(name)
    if name in ("alexnet", "lenet"):
        with pytest.raises(UserError, match="--progressive needs a network of convolutions and global pooling"):
            training_copy(model, any_size=True)
        return
    copy = training_copy(model, any_size=True)
    assert copy.input_shape == (None, None, None, 3)
    examples = pictures()
    np.testing.assert_allclose(answers(copy, examples)[:4], answers(model, examples)[:4], atol=1e-5)
    larger = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 3)).astype(np.float32)
    assert np.asarray(copy(tf.constant(larger), training=True)).shape == (2, 2)
    for one, other in zip(model.get_weights(), network(name).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_scaling_and_the_answer_stay_float32_and_so_do_all_weights():
    copy = training_copy(network(), "bfloat16")
    computed = {layer.name: layer.compute_dtype for layer in layers(copy)}
    assert computed["probabilities"] == "float32"
    assert next(value for name, value in computed.items() if "rescaling" in name) == "float32"
    assert computed["block1_conv"] == computed["block1_norm"] == "bfloat16"
    assert {weight.dtype for weight in copy.weights} == {"float32"}


def test_what_was_frozen_is_frozen_in_the_copy():
    model, examples = network(), pictures()
    freeze(model.layers[1])
    assert len(training_copy(model).trainable_variables) == 2  # kernel and bias of the head
    unfreeze(model.layers[1])
    copy = training_copy(model, "bfloat16")
    kinds = [(variable.path.split("/")[-1], variable.numpy()) for variable in copy.weights]
    objective.compile_model(copy, Stage("finetune", 1, 8, 1e-2), settings(), 10)
    copy.train_on_batch(examples.inputs[:8].astype(np.float32), np.eye(2)[examples.labels[:8]])
    for (name, before), after in zip(kinds, copy.get_weights(), strict=True):
        assert (before == after).all() == (name in ("gamma", "beta", "moving_mean", "moving_variance")), name


def test_the_penalty_reaches_the_copy_and_not_the_model():
    model, examples = network(), pictures()
    kernels = [variable for variable in model.trainable_variables if variable.path.endswith("kernel")]
    before = sum(float(np.square(variable.numpy()).sum()) for variable in kernels)
    loop.run_stage(model, Stage("scratch", 4, 8, 1e-3), examples, settings(l2=0.5, precision="bfloat16"))
    assert sum(float(np.square(variable.numpy()).sum()) for variable in kernels) < 0.95 * before
    assert model.losses == []


# ---- a stage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_is_saved_has_keras_own_layers_and_the_answers_of_the_copy(precision, tmp_path):
    model, examples = network(dropout=0.2), pictures()
    outcome = loop.run_stage(model, Stage("scratch", 6, 8, 3e-3), examples, settings(precision=precision, patience=0))
    assert outcome.history[-1]["loss"] < outcome.history[0]["loss"]
    assert outcome.precision.precision == precision
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    for layer in layers(loaded):
        assert layer.__class__.__module__.startswith("keras."), layer
        assert layer.dtype_policy.name == "float32"
    np.testing.assert_allclose(answers(loaded, examples), answers(training_copy(model), examples), atol=1e-5)
    shares = answers(loaded, examples)[examples.indices["train"]]
    assert (shares.argmax(axis=1) == examples.labels[examples.indices["train"]]).mean() > 0.9


def test_the_weights_that_come_back_are_those_of_the_best_epoch():
    model, examples = network(), pictures()
    outcome = loop.run_stage(model, Stage("scratch", 4, 8, 1e-3), examples, settings(precision="float32", patience=0))
    rows = examples.indices["val"]
    shares = answers(model, examples)[rows]
    loss = -np.log(shares[np.arange(len(rows)), examples.labels[rows]]).mean()
    assert loss == pytest.approx(min(row["val_loss"] for row in outcome.history), rel=1e-3)


# ---- the choice ------------------------------------------------------------------------------------------------------


def choose(precision, steps):
    model, examples = network(), pictures()
    before = model.get_weights()
    stage = Stage("scratch", 1, 8, 1e-3)
    choice = choose_precision(
        model,
        lambda copy: objective.compile_model(copy, stage, settings(), steps),
        examples.inputs[:8].astype(np.float32),
        np.eye(2)[examples.labels[:8]],
        precision,
        steps,
    )
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    return choice


@pytest.mark.slow
def test_auto_takes_the_faster_precision_and_tells_both_figures(monkeypatch):
    monkeypatch.setattr(training_copy_file, "PROBE_SECONDS", 0.2)
    monkeypatch.setattr(
        "study.runtime.hardware.openvino_available", lambda: False
    )  # nobody says what the processor can
    choice = choose("auto", PROBE_STEPS)
    rates = choice.images_per_second
    assert set(rates) == {"float32", "bfloat16"}
    assert (choice.precision == "bfloat16") == (rates["bfloat16"] > MIN_GAIN * rates["float32"])
    assert choice.reason.startswith(f"{choice.precision} taken: float32 ")
    assert all(f"{rate:.0f} images/s" in choice.reason for rate in rates.values())


@pytest.mark.skipif(not hardware.openvino_available(), reason="OpenVINO tells what the processor computes in")
def test_bfloat16_is_not_tried_where_the_processor_has_none(monkeypatch):
    monkeypatch.setattr("study.runtime.hardware.has_bfloat16", lambda: False)
    monkeypatch.setattr(training_copy_file, "_step_seconds", lambda *_: pytest.fail("it was tried"))
    told = PrecisionChoice("float32", "this processor does not compute in bfloat16", {})
    assert choose("auto", PROBE_STEPS) == told


def test_a_short_training_is_not_probed():
    assert choose("auto", 12) == PrecisionChoice("float32", "12 iterations are too few to try bfloat16", {})


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_was_asked_for_is_taken(precision):
    assert choose(precision, 10_000) == PrecisionChoice(precision, f"{precision} was asked for", {})
