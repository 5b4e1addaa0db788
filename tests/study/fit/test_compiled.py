"""What a network is compiled with: penalty, optimizer, weight decay, class weights, label smoothing, schedule."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()


import keras
import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight
from small import CLASSES, noisy_images, settings, tiny

from data import batches as batches_module
from errors import UserError
from models.parts.head import freeze
from study.fit import objective, schedules
from study.fit.muon import KernelMuon
from study.settings.optimization import OPTIMIZERS
from study.settings.stages import Stage


def test_the_penalty_is_l2_times_the_squares_of_the_kernels_alone():
    model = tiny()
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(1, 0.5, weight.shape) for weight in model.get_weights()])  # biases and beta not 0
    kernels = [v for v in model.trainable_variables if v.path.endswith("kernel")]
    assert len(kernels) == 2
    assert len(model.trainable_variables) == 6  # bias of each, gamma and beta of the normalisation
    squares = sum(float(np.square(v.numpy()).sum()) for v in kernels)
    images, labels = noisy_images().inputs[:8].astype(np.float32), noisy_images().labels[:8]

    def loss(l2):
        objective.add_weight_penalty(model, l2)
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model.evaluate(images, labels, verbose=0)

    plain = loss(0.0)
    assert loss(0.01) - plain == pytest.approx(0.01 * squares, rel=1e-4)
    assert loss(0.5) - plain == pytest.approx(0.5 * squares, rel=1e-4)
    assert loss(0.0) == pytest.approx(plain, rel=1e-6)  # and it can be taken off again


def test_a_frozen_backbone_is_not_penalised():
    model = tiny()
    freeze(model.layers[1])
    objective.add_weight_penalty(model, 0.01)
    squares = float(np.square(model.layers[2].get_layer("probabilities").kernel.numpy()).sum())
    assert float(sum(model.losses)) == pytest.approx(0.01 * squares, rel=1e-5)


def test_the_penalty_is_no_part_of_the_saved_model(tmp_path):
    model = tiny()
    objective.add_weight_penalty(model, 0.01)
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").losses == []


@pytest.mark.parametrize(
    ("name", "kind", "momentum"),
    [
        ("sgd", keras.optimizers.SGD, 0.0),
        ("momentum", keras.optimizers.SGD, 0.9),
        ("nesterov", keras.optimizers.SGD, 0.9),
        ("adam", keras.optimizers.Adam, None),
        ("adamw", keras.optimizers.AdamW, None),
        ("rmsprop", keras.optimizers.RMSprop, 0.0),
        ("adagrad", keras.optimizers.Adagrad, None),
        ("muon", KernelMuon, 0.95),
    ],
)
def test_each_optimiser_is_keras_own(name, kind, momentum):
    optimizer = objective.make_optimizer(name, 0.125)
    assert type(optimizer) is kind
    assert float(optimizer.learning_rate) == 0.125
    assert momentum is None or optimizer.momentum == momentum
    assert getattr(optimizer, "nesterov", False) == (name in ("nesterov", "muon"))


SLOTS = {"sgd": 0, "momentum": 1, "nesterov": 1, "adagrad": 1, "rmsprop": 1, "adam": 2, "adamw": 2}


@pytest.mark.parametrize(("name", "slots"), SLOTS.items())
def test_an_optimiser_remembers_as_many_values_of_each_weight_as_its_rule_has(name, slots):
    optimizer = objective.make_optimizer(name, 0.01)
    weight = keras.Variable(np.ones((3, 4), np.float32))
    optimizer.build([weight])
    assert sum(variable.shape == weight.shape for variable in optimizer.variables) == slots


def test_every_optimiser_that_can_be_asked_for_is_there():
    assert len({repr(objective.make_optimizer(name, 0.1).get_config()) for name in OPTIMIZERS}) == len(OPTIMIZERS)


def test_balanced_weights_are_n_over_classes_times_count():
    labels = np.array([0] * 6 + [1] * 3 + [2] * 1, np.int32)
    weights = objective.class_weights(labels, "balanced", ("a", "b", "c"))
    assert weights == pytest.approx({0: 10 / (3 * 6), 1: 10 / (3 * 3), 2: 10 / (3 * 1)})
    assert objective.class_weights(labels, "none", ("a", "b", "c")) is None
    several = np.random.default_rng(0).integers(0, 9, 101) // 2 * 2  # classes that no image has among them
    expected = compute_class_weight("balanced", classes=np.unique(several), y=several)
    assert list(objective.class_weights(several, "balanced", "abcdefghi").values()) == expected.tolist()


def test_weights_by_name_leave_the_others_at_one_and_refuse_unknown_names():
    labels = np.array([0, 1, 2], np.int32)
    assert objective.class_weights(labels, {"dog": 0.3}, ("cat", "dog", "horse")) == {0: 1.0, 1: 0.3, 2: 1.0}
    with pytest.raises(UserError) as caught:
        objective.class_weights(labels, {"dgo": 0.3}, ("cat", "dog", "horse"))
    assert str(caught.value) == "--class-weight: no class dgo. There are: cat, dog, horse."


@pytest.mark.parametrize(("images", "batch", "expected"), [(100, 10, 10), (101, 10, 11), (1, 64, 1), (64, 64, 1)])
def test_iterations(images, batch, expected):
    assert batches_module.iterations(images, batch) == expected


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_smoothing_changes_the_loss_as_the_formula_says_and_not_the_cross_entropy(smoothing):
    model, examples = tiny(), noisy_images()
    objective.compile_model(model, Stage("scratch", 1, 8, 0.01), settings(label_smoothing=smoothing), 10)
    x, y = examples.inputs[:8].astype(np.float32), np.eye(CLASSES)[examples.labels[:8]]
    logs = model.evaluate(x, y, verbose=0, return_dict=True)
    log = np.log(model.predict(x, verbose=0))
    target = (1 - smoothing) * y + smoothing / CLASSES
    assert logs["loss"] == pytest.approx(-(target * log).sum(axis=1).mean(), rel=1e-4)
    assert logs["crossentropy"] == pytest.approx(-(y * log).sum(axis=1).mean(), rel=1e-4)


def test_the_learning_rate_rises_linearly_and_falls_along_a_cosine():
    schedule = schedules.learning_rate_schedule("cosine", 0.5, 100, 0.2)
    steps = np.array([float(schedule(step)) for step in range(101)])
    np.testing.assert_allclose(steps[:21], np.linspace(0, 0.5, 21), atol=1e-6)
    np.testing.assert_allclose(steps[20:], 0.25 * (1 + np.cos(np.linspace(0, np.pi, 81))), atol=1e-6)
    plain = schedules.learning_rate_schedule("cosine", 0.5, 100)
    np.testing.assert_allclose([float(plain(step)) for step in (0, 50, 100)], [0.5, 0.25, 0], atol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_takes_a_share_of_the_kernels_and_nothing_of_the_rest(name):
    model = tiny()
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(1, 0.5, weight.shape) for weight in model.get_weights()])
    before = {variable.path: variable.numpy() for variable in model.trainable_variables}
    optimizer = objective.make_optimizer(name, 0.1, 0.5)
    variables = list(model.trainable_variables)
    optimizer.apply([keras.ops.zeros(variable.shape) for variable in variables], variables)
    kinds = set()
    for variable in variables:
        share = 1 - 0.1 * 0.5 if variable.path.endswith("kernel") else 1
        np.testing.assert_allclose(variable.numpy(), share * before[variable.path], rtol=1e-5)
        kinds.add(variable.path.split("/")[-1])
    assert kinds == {"kernel", "bias", "gamma", "beta"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_goes_by_what_a_weight_is_not_by_the_name_of_its_layer(name):
    model = keras.Sequential(
        [keras.Input((3,)), *(keras.layers.Dense(2, name=f"{word}_dense") for word in ("beta", "bias"))]
    )
    kernel, bias, *_ = model.trainable_variables
    bias.assign([1.0, 1.0])
    before = kernel.numpy()
    optimizer = objective.make_optimizer(name, 0.1, 0.5)
    optimizer.apply(
        [keras.ops.zeros(variable.shape) for variable in model.trainable_variables], model.trainable_variables
    )
    np.testing.assert_allclose(kernel.numpy(), 0.95 * before, rtol=1e-5)
    np.testing.assert_array_equal(bias.numpy(), [1, 1])


@pytest.mark.parametrize(("name", "asked", "decay"), [("adam", None, 0), ("adamw", None, 0.004), ("adamw", 0.0, 0)])
def test_weight_decay_that_is_not_asked_for_is_the_optimisers_own(name, asked, decay):
    assert objective.make_optimizer(name, 0.1, asked).weight_decay == decay


class Told(keras.layers.Layer):
    """Hand on what comes, and count how often Python lays it for training."""

    def call(self, x, training=None):
        if training:
            self.count = getattr(self, "count", 0) + 1
        return x


def test_the_step_is_traced_once():
    told, x = Told(), keras.Input((4,))
    model = keras.Model(x, keras.layers.Dense(3, activation="softmax")(told(x)))
    objective.compile_model(model, Stage("scratch", 1, 8, 0.01), settings(), 10)
    told.count = 0
    model.fit(np.zeros((8, 4)), np.eye(3)[np.zeros(8, int)], epochs=2, verbose=0)
    assert told.count == 1
