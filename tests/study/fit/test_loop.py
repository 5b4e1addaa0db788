# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

from dataclasses import replace

import keras
import numpy as np
import pytest
from small import CLASSES, SIZE, assert_same, cross_entropy, features, pictures, settings, tiny

from data import batches as batches_module
from data.augment.pipeline import build
from data.batches import Examples
from data.store.store import Store
from errors import UserError
from models.parts.head import classifier, freeze, head, unfreeze
from models.parts.keras_private import flatten_layers
from study.fit import estimate, loop, objective, schedules, targets
from study.fit.muon import KernelMuon
from study.inference.engine import Frozen
from study.inference.features import embed
from study.settings.optimization import OPTIMIZERS
from study.settings.stages import AUGMENTED_VIEWS, Stage, augmented_views
from study.tasks import classify
from study.train.embed import feature_spec

OFF = Store(None)  # what is kept, and what not, is tested in test_embed.py


def embed_all(frozen, examples, chosen):
    """What `train` makes of the images under a frozen backbone."""
    augment = build(chosen.regularization.augment or {}, chosen.regularization.augment_with, chosen.data.seed)
    return embed(frozen, examples, feature_spec(chosen), augment, augmented_views(chosen))


EARLIER = loop.Outcome([{}] * 5, 3, "")  # a stage of five epochs


# ---- the pieces ------------------------------------------------------------------------------------------------------


def test_the_penalty_is_l2_times_the_squares_of_the_kernels_alone():
    model = tiny()
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(1, 0.5, weight.shape) for weight in model.get_weights()])  # biases and beta not 0
    kernels = [v for v in model.trainable_variables if v.path.endswith("kernel")]
    assert len(kernels) == 2
    assert len(model.trainable_variables) == 6  # bias of each, gamma and beta of the normalisation
    squares = sum(float(np.square(v.numpy()).sum()) for v in kernels)
    images, labels = pictures().inputs[:8].astype(np.float32), pictures().labels[:8]

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
    model, examples = tiny(), pictures()
    objective.compile_model(model, Stage("scratch", 1, 8, 0.01), settings(label_smoothing=smoothing), 10)
    x, y = examples.inputs[:8].astype(np.float32), np.eye(CLASSES)[examples.labels[:8]]
    logs = model.evaluate(x, y, verbose=0, return_dict=True)
    log = np.log(model.predict(x, verbose=0))
    target = (1 - smoothing) * y + smoothing / CLASSES
    assert logs["loss"] == pytest.approx(-(target * log).sum(axis=1).mean(), rel=1e-4)
    assert logs["crossentropy"] == pytest.approx(-(y * log).sum(axis=1).mean(), rel=1e-4)


def test_the_learning_rate_rises_linearly_and_falls_along_a_cosine():
    schedule = schedules.rates("cosine", 0.5, 100, 0.2)
    steps = np.array([float(schedule(step)) for step in range(101)])
    np.testing.assert_allclose(steps[:21], np.linspace(0, 0.5, 21), atol=1e-6)
    np.testing.assert_allclose(steps[20:], 0.25 * (1 + np.cos(np.linspace(0, np.pi, 81))), atol=1e-6)
    plain = schedules.rates("cosine", 0.5, 100)
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


@pytest.mark.parametrize(("name", "asked", "decay"), [("adam", None, 0), ("adamw", None, 0.004), ("adamw", 0.0, 0)])
def test_weight_decay_that_is_not_asked_for_is_the_optimisers_own(name, asked, decay):
    assert objective.make_optimizer(name, 0.1, asked).weight_decay == decay


# ---- one stage -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_head_learns_a_separable_problem(name):
    keras.utils.set_random_seed(0)
    model, examples = head(8, 2, 0.2), features()
    rate = {"adagrad": 0.3, "sgd": 0.3}.get(name, 0.05)
    outcome = loop.run_stage(model, Stage("head", 6, 16, rate), examples, settings(optimizer=name, l2=1e-4))
    answers = model.predict(examples.inputs[examples.rows["test"]], verbose=0).argmax(axis=1)
    assert answers.tolist() == examples.labels[examples.rows["test"]].tolist()
    assert outcome.history[-1]["val_accuracy"] == 1
    assert outcome.history[-1]["val_loss"] < 0.3


def test_history_tells_every_epoch():
    keras.utils.set_random_seed(0)
    outcome = loop.run_stage(
        head(8, 2, 0.0), Stage("head", 4, 16, 0.01), features(), settings(patience=0), earlier=[EARLIER]
    )
    assert [row["epoch"] for row in outcome.history] == [6, 7, 8, 9]
    assert {row["stage"] for row in outcome.history} == {"head"}
    schedules = [row["learning_rate"] for row in outcome.history]
    assert schedules == sorted(schedules, reverse=True)
    assert schedules[1] == pytest.approx(0.005)  # half-way down the cosine
    assert schedules[-1] == pytest.approx(0, abs=1e-9)
    assert all(row["seconds"] >= 0 for row in outcome.history)
    assert outcome.ended == "the last of 4 epochs was reached"


@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_the_best_epochs_weights_are_kept_though_all_epochs_ran(l2):
    keras.utils.set_random_seed(0)
    model, examples = head(8, 2, 0.0), features(noise=1.5, wrong=25)
    outcome = loop.run_stage(model, Stage("head", 12, 8, 0.3), examples, settings(patience=0, l2=l2))
    losses = [row["val_loss"] for row in outcome.history]
    assert len(losses) == 12
    assert losses.index(min(losses)) < 11  # else nothing had to be restored
    assert cross_entropy(model, examples) == pytest.approx(min(losses), rel=1e-4)
    assert outcome.history[outcome.kept_epoch - 1]["val_loss"] == min(losses)


def test_training_stops_when_validation_does_not_improve():
    keras.utils.set_random_seed(0)
    model, examples = head(8, 2, 0.0), features(noise=1.5, wrong=25)
    outcome = loop.run_stage(
        model, Stage("head", 60, 8, 0.3), examples, settings(patience=2), earlier=[EARLIER, EARLIER]
    )
    losses = [row["val_loss"] for row in outcome.history]
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + 2 < 60
    assert outcome.kept_epoch == 11 + best
    assert outcome.ended == "validation loss had not improved for 2 epochs"
    assert cross_entropy(model, examples) == pytest.approx(min(losses), rel=1e-4)


def test_class_weights_reach_training():
    def share_of_rare(rule):
        keras.utils.set_random_seed(0)
        examples = features(noise=2.0)
        examples.labels[:] = np.arange(92) % 8 == 0  # one in eight, and no way to tell
        model = head(8, 2, 0.0)
        weights = objective.class_weights(examples.labels[examples.rows["train"]], rule, ("common", "rare"))
        loop.run_stage(model, Stage("head", 5, 16, 0.1), examples, settings(), weights)
        return float(model.predict(examples.inputs[:80], verbose=0)[:, 1].mean())

    assert share_of_rare("none") + 0.1 < share_of_rare("balanced")


DIVERGED = (
    r"^Training diverged: the loss is (nan|inf) in epoch \d of stage head\. "
    r"Give a smaller --learning-rate than 1e\+38, or --keep-diverged to keep the run as it is\.$"
)


def test_a_loss_that_is_no_number_stops_training():
    keras.utils.set_random_seed(0)
    with pytest.raises(UserError, match=DIVERGED):
        loop.run_stage(head(8, 2, 0.0), Stage("head", 5, 16, 1e38), features(), settings(optimizer="sgd", l2=1e-4))


def test_weights_that_break_in_the_last_iteration_are_no_result():
    # One iteration an epoch: its loss is measured before the step that breaks the weights, only validation shows it.
    keras.utils.set_random_seed(0)
    stage, examples = Stage("head", 1, 80, 1e38), features(noise=1.5, wrong=25)
    with pytest.raises(UserError, match=DIVERGED):
        loop.run_stage(head(8, 2, 0.0), stage, examples, settings(optimizer="sgd", l2=1e-4))


# ---- all stages ------------------------------------------------------------------------------------------------------


def test_two_runs_of_one_seed_are_identical_with_augmentation():
    def run(seed):
        model = tiny(seed, dropout=0.3)
        chosen = settings(augment={"flip": 1.0, "brightness": 0.2}, seed=seed, l2=1e-4)
        (outcome,) = loop.fit(model, pictures(), None, [Stage("scratch", 2, 8, 0.01)], chosen)
        return model.get_weights(), [(row["loss"], row["val_loss"]) for row in outcome.history]

    first, again, other = run(1), run(1), run(2)
    assert_same(first[0], again[0])
    assert first[1] == again[1]
    assert first[1] != other[1]


def test_from_scratch_everything_learns():
    model = tiny()
    before = model.get_weights()
    (outcome,) = loop.fit(model, pictures(), None, [Stage("scratch", 8, 8, 0.02)], settings())
    assert all((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))
    assert outcome.history[-1]["loss"] < outcome.history[0]["loss"]
    shares = model.predict(pictures().inputs.astype(np.float32), verbose=0)
    assert (shares.argmax(axis=1) == pictures().labels).mean() > 0.9


def head_then_all(rate, epochs=4):
    model, examples = tiny(), pictures()
    _, network, top = model.layers
    freeze(network)
    chosen = settings(learning="finetune", patience=0)
    kept = {}
    embedded = embed_all(Frozen(network, OFF), examples, chosen)[0]
    kept["backbone"] = network.get_weights()
    outcomes = loop.fit(model, examples, embedded, [Stage("head", 3, 8, 0.05)], chosen)
    kept["head"] = top.get_weights()
    kept["after head"] = cross_entropy(model, examples)
    unfreeze(network)
    earlier = [replace(outcomes[0], kept_epoch=2)]
    outcomes.append(loop.run_stage(model, Stage("finetune", epochs, 8, rate), examples, chosen, earlier=earlier))
    return model, examples, outcomes, kept


def test_the_head_stage_leaves_the_backbone_alone_and_works_on_pixels_too():
    model, examples = tiny(), pictures()
    _, network, top = model.layers
    freeze(network)
    before = network.get_weights()
    chosen = settings(learning="transfer")
    embedded = embed_all(Frozen(network, OFF), examples, chosen)[0]
    (outcome,) = loop.fit(model, examples, embedded, [Stage("head", 3, 8, 0.05)], chosen)
    assert_same(network.get_weights(), before)
    assert cross_entropy(model, examples) == pytest.approx(cross_entropy(top, embedded), rel=1e-4)
    assert cross_entropy(model, examples) == pytest.approx(min(row["val_loss"] for row in outcome.history), rel=1e-4)


def test_fine_tuning_improves_on_the_head_and_keeps_the_statistics():
    model, examples, outcomes, kept = head_then_all(0.01)
    names = [variable.path.split("/", 1)[1] for variable in model.layers[1].variables]
    same = {
        name.split("/")[-1]: (old == new).all()
        for name, old, new in zip(names, kept["backbone"], model.layers[1].get_weights(), strict=True)
    }
    assert same == {
        "kernel": False, "bias": False, "gamma": True, "beta": True, "moving_mean": True, "moving_variance": True
    }  # fmt: skip
    assert cross_entropy(model, examples) < kept["after head"]
    assert [row["epoch"] for outcome in outcomes[:1] for row in outcome.history] == [1, 2, 3]


def test_fine_tuning_that_makes_it_worse_falls_back_to_the_head():
    model, examples, (_, outcome), kept = head_then_all(3.0)
    assert_same(model.layers[1].get_weights(), kept["backbone"])
    assert_same(model.layers[2].get_weights(), kept["head"])
    assert cross_entropy(model, examples) == pytest.approx(kept["after head"], rel=1e-5)
    assert outcome.ended == "the last of 4 epochs was reached; it never improved on the head alone, which was kept"
    assert outcome.kept_epoch == 2  # of the head's
    assert [row["epoch"] for row in outcome.history] == [4, 5, 6, 7]


def test_epochs_are_numbered_through_all_stages():
    model, examples = tiny(), pictures()
    freeze(model.layers[1])
    chosen = settings(learning="finetune", patience=0)
    embedded = embed_all(Frozen(model.layers[1], OFF), examples, chosen)[0]
    outcomes = loop.fit(model, examples, embedded, [Stage("head", 2, 16, 0.05), Stage("finetune", 2, 16, 1e-3)], chosen)
    assert [(row["epoch"], row["stage"]) for outcome in outcomes for row in outcome.history] == [
        (1, "head"), (2, "head"), (3, "finetune"), (4, "finetune")
    ]  # fmt: skip


# ---- growing pictures ------------------------------------------------------------------------------------------------

LARGE = 32
GROWING = {"image_size": LARGE, "progressive": (16, 24, 32), "augment": {"flip": 1.0, "crop": 0.5, "cutmix": 0.5}}


def seen_by(monkeypatch):
    """Note the sizes and the labels of the batches that networks learn from and are judged by."""
    seen = {"train": [], "val": []}
    for kind, name in (("train", "train_batches"), ("val", "eval_batches")):
        whole = getattr(targets, name)

        def noted(*arguments, whole=whole, kind=kind):
            batches = whole(*arguments)
            if arguments[1] == "":  # the first pictures, on which precisions are tried
                return batches
            spec = batches.element_spec
            seen[kind].append((spec["images"].shape[1], spec["labels"].dtype.name))
            return batches

        for module in (loop, targets):
            monkeypatch.setattr(module, name, noted, raising=False)
    return seen


def test_each_phase_trains_and_is_judged_at_its_size_and_only_the_middle_one_sees_mixed_pictures(monkeypatch):
    seen = seen_by(monkeypatch)
    model, examples = tiny(size=LARGE), pictures(size=LARGE)
    stage, chosen = Stage("scratch", 5, 8, 0.01), settings(**GROWING)
    outcome = loop.run_stage(model, stage, examples, chosen)
    assert [row["image_size"] for row in outcome.history] == [16, 16, 24, 24, 32]
    assert [row["epoch"] for row in outcome.history] == [1, 2, 3, 4, 5]
    assert seen["train"] == [(16, "int32"), (24, "float32"), (32, "int32")]
    assert [size for size, _ in seen["val"]] == [32, 16, 24, 32]  # the first is the one of all last phases
    schedules = [row["learning_rate"] for row in outcome.history]
    assert schedules[1] == pytest.approx(0.01 * (1 + np.cos(np.pi * 2 / 5)) / 2, rel=1e-5)  # one schedule through all
    assert schedules[-1] == pytest.approx(0, abs=1e-9)
    assert outcome.kept_epoch == 5


def test_what_is_saved_after_growing_pictures_has_the_full_size_and_keras_own_layers(tmp_path):
    model = tiny(size=LARGE)
    before = model.get_weights()
    loop.run_stage(model, Stage("scratch", 4, 8, 0.01), pictures(size=LARGE), settings(**GROWING, precision="bfloat16"))
    assert all((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.input_shape == (None, LARGE, LARGE, 3)
    assert all(layer.__class__.__module__.startswith("keras.") for layer in flatten_layers(loaded))


def test_the_weights_that_are_kept_are_the_best_of_the_last_phase():
    model, examples = tiny(size=LARGE), pictures(size=LARGE)
    chosen = settings(**GROWING, patience=0)
    outcome = loop.run_stage(model, Stage("scratch", 20, 8, 0.05), examples, chosen)
    last = [row for row in outcome.history if row["image_size"] == LARGE]
    assert len(last) == 3
    best = min(last, key=lambda row: row["val_loss"])
    assert outcome.kept_epoch == best["epoch"]
    assert cross_entropy(model, examples) == pytest.approx(best["val_loss"], rel=1e-3)


@pytest.mark.parametrize("schedule", ["step", "plateau"])
def test_schedules_and_averaged_weights_go_through_all_sizes(schedule):
    model, examples = tiny(size=LARGE), pictures(size=LARGE)
    chosen = settings(**GROWING, schedule=schedule, ema=0.5, clip_norm=1.0, loss="crossentropy+dice", patience=2)
    outcome = loop.run_stage(model, Stage("scratch", 6, 8, 0.01), examples, chosen)
    rate, best = 0.01, {}
    for row in outcome.history:
        if schedule == "step":  # thirds of all epochs; a row tells the rate that the next epoch begins with
            rate = 0.01 * 0.1 ** min(row["epoch"] // 2, 2)
        assert row["learning_rate"] == pytest.approx(rate, rel=1e-5)
        if schedule == "plateau":  # a third of the patience: one epoch; each size has its own best
            rate *= 0.3 if row["val_loss"] > best.get(row["image_size"], np.inf) - 1e-4 else 1
            best[row["image_size"]] = min(row["val_loss"], best.get(row["image_size"], np.inf))
    kept = next(row for row in outcome.history if row["epoch"] == outcome.kept_epoch)
    assert kept["image_size"] == LARGE
    assert cross_entropy(model, examples) == pytest.approx(kept["val_loss"], rel=1e-3)


def test_growing_pictures_give_the_same_network_from_the_same_seed():
    def run():
        model = tiny(3, size=LARGE)
        loop.run_stage(model, Stage("scratch", 3, 8, 0.01), pictures(size=LARGE), settings(**GROWING, seed=3))
        return model.get_weights()

    assert_same(run(), run())


def test_mixed_pictures_mirror_classes_class_weights_and_the_balanced_sampler_go_together():
    examples = pictures(size=LARGE)
    examples = Examples(examples.inputs, examples.labels, examples.rows, np.array([1, 0], np.int32))
    model = tiny(size=LARGE)
    chosen = settings(**GROWING, sampler="balanced", label_smoothing=0.1, warmup=0.2, patience=0)
    outcome = loop.run_stage(model, Stage("scratch", 20, 8, 0.02), examples, chosen, {0: 1.0, 1: 2.0})
    assert outcome.history[-1]["val_accuracy"] >= 0.9


def test_a_network_for_one_size_is_refused():
    inputs = keras.Input((LARGE, LARGE, 3))
    x = keras.layers.Flatten()(keras.layers.Conv2D(2, 3, strides=4)(inputs))
    model = classifier(keras.Model(inputs, x), head(128, CLASSES, 0.0))
    with pytest.raises(UserError) as caught:
        loop.run_stage(model, Stage("scratch", 3, 8, 0.01), pictures(size=LARGE), settings(**GROWING))
    assert str(caught.value) == (
        "--progressive needs a network of convolutions and global pooling, which takes any size; this one is made for "
        "32 pixels. Leave it out, or give --progressive none."
    )


def test_the_minutes_go_with_images_epochs_and_areas():
    stage = Stage("scratch", 10, 8, 0.01)
    assert estimate.minutes_at(50, stage, settings(image_size=128), 6000) == pytest.approx(20)
    growing = settings(image_size=128, progressive=(64, 128))
    assert estimate.minutes_at(50, stage, growing, 6000) == pytest.approx(2 * (8 / 4 + 2))
    assert estimate.minutes_for(tiny(size=LARGE), pictures(size=LARGE), stage, settings(image_size=LARGE)) > 0


# ---- features --------------------------------------------------------------------------------------------------------


def test_features_are_those_of_the_backbone():
    model, examples = tiny(), pictures()
    embedded = embed_all(Frozen(model.layers[1], OFF), examples, settings(learning="transfer"))[0]
    expected = model.layers[1].predict(examples.inputs.astype(np.float32), verbose=0)
    np.testing.assert_allclose(embedded.inputs, expected, atol=1e-6)
    assert_same([embedded.labels], [examples.labels])
    assert {part: rows.tolist() for part, rows in embedded.rows.items()} == {
        part: rows.tolist() for part, rows in examples.rows.items()
    }


def test_augmented_views_join_training_only_and_the_clean_ones_stay():
    model, examples = tiny(), pictures()
    plain = embed_all(Frozen(model.layers[1], OFF), examples, settings(learning="transfer"))[0]
    chosen = settings(learning="transfer", augment={"brightness": 0.5})
    more = embed_all(Frozen(model.layers[1], OFF), examples, chosen)[0]
    n, train = len(examples.labels), len(examples.rows["train"])
    assert more.inputs.shape == (n + AUGMENTED_VIEWS * train, 8)
    np.testing.assert_array_equal(more.inputs[:n], plain.inputs)
    for part in ("val", "test"):
        assert_same([more.rows[part]], [examples.rows[part]])
    added = more.rows["train"].reshape(AUGMENTED_VIEWS + 1, train)
    assert_same([added[0]], [examples.rows["train"]])
    assert sorted(more.rows["train"]) == sorted({*examples.rows["train"], *range(n, len(more.labels))})
    for rows in added:
        assert_same([more.labels[rows]], [examples.labels[examples.rows["train"]]])
    views = more.inputs[added]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert (np.abs(views[one] - views[other]).max(axis=1) > 1e-4).mean() > 0.9
    assert_same(
        [embed_all(Frozen(model.layers[1], OFF), examples, chosen)[0].inputs], [more.inputs]
    )  # the same seed, the same views


def test_a_head_before_fine_tuning_sees_clean_pictures_only():
    model, examples = tiny(), pictures()
    embedded = embed_all(Frozen(model.layers[1], OFF), examples, settings(learning="finetune", augment={"flip": 1.0}))[
        0
    ]
    assert len(embedded.inputs) == len(examples.inputs)


def test_validation_is_never_augmented():
    # Brightness alone decides here, so changed validation pictures would be judged differently from clean ones.
    model, examples = tiny(), pictures()
    chosen = settings(augment={"brightness": 1.0, "contrast": 1.0})
    (outcome,) = loop.fit(model, examples, None, [Stage("scratch", 2, 8, 0.01)], chosen)
    assert cross_entropy(model, examples) == pytest.approx(min(row["val_loss"] for row in outcome.history), rel=1e-4)


def test_prediction_keeps_the_order_of_the_rows():
    model, examples = tiny(), pictures(160)
    rows = np.arange(len(examples.labels))[::-1]  # more than one batch
    shares = classify.predict(model, examples, rows, "")
    expected = model.predict(examples.inputs[rows].astype(np.float32), verbose=0)
    np.testing.assert_allclose(shares, expected, atol=1e-6)


class Gone:
    """Images that cannot be read any more, as when they are streamed and a file was removed."""

    shape, dtype = (44, SIZE, SIZE, 3), np.dtype(np.uint8)

    def __len__(self):
        return len(pictures().inputs)

    def __getitem__(self, indices):
        raise UserError("a.jpg was changed or removed during the run. Start again.")


def test_a_picture_that_goes_missing_is_told_whatever_reads_it():
    gone = replace(pictures(), inputs=Gone())
    with pytest.raises(UserError, match=r"^a\.jpg was changed"):
        classify.predict(tiny(), gone, gone.rows["val"], "")
    with pytest.raises(UserError, match=r"^a\.jpg was changed"):
        estimate.minutes_for(tiny(), gone, Stage("scratch", 1, 8, 0.1), settings())


def test_the_estimate_of_fine_tuning_is_that_of_what_will_learn(monkeypatch):
    learning, compile_model = [], estimate.compile_model
    monkeypatch.setattr(
        estimate,
        "compile_model",
        lambda model, *rest: (compile_model(model, *rest), learning.append(len(model.trainable_variables))),
    )
    model = tiny()
    for name in ("scratch", "finetune"):
        estimate.minutes_for(model, pictures(), Stage(name, 1, 8, 0.1), settings())
    assert learning == [6, 4]  # without the scale and the centre of the normalisation
    assert len(model.trainable_variables) == 6


def test_the_estimate_is_a_time_and_changes_no_weight():
    model, examples = tiny(), pictures()
    before = model.get_weights()
    short, long = (estimate.minutes_for(model, examples, Stage("scratch", n, 8, 0.1), settings()) for n in (1, 10_000))
    assert 0 < short < 1
    assert long > 100 * short
    assert_same(model.get_weights(), before)
