"""Optimisers, schedules, penalties, averages and losses, each held to its formula."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import zipfile

import keras
import numpy as np
import pytest

from data.batches import Examples
from errors import UserError
from models.parts.head import classifier, head
from study.experiments import plan as compare_plan
from study.fit import loop, objective
from study.fit.losses import make_loss
from study.fit.schedules import learning_rate_schedule, reduce_on_plateau
from study.settings.commands import CompareSettings
from study.settings.learning_type import LearningChoice
from study.settings.loss import LOSSES
from study.settings.optimization import SCHEDULES, WITHOUT_WARMUP
from study.settings.resolve import resolve
from study.settings.stages import Stage
from study.settings.train import TrainSettings
from study.train.plan import plan_lines

RNG = np.random.default_rng(0)


def features(n=92, noise=0.3, wrong=0, width=8):
    """Points around two centres; `wrong` of the training labels are turned round."""
    rng = np.random.default_rng(1)
    labels = (np.arange(n) % 2).astype(np.int32)
    inputs = (rng.normal(0, noise, (n, width)) + np.where(labels == 0, -1, 1)[:, None]).astype(np.float32)
    labels[:wrong] = 1 - labels[:wrong]
    rows = {"train": np.arange(n - 12), "val": np.arange(n - 12, n - 4), "test": np.arange(n - 4, n)}
    return Examples(inputs, labels, rows)


def settings(**changes):
    base = {"augment": {}, "l2": 0.0, "dropout": 0.0, "learning": "scratch", "precision": "float32"}
    return TrainSettings.of(**base | changes)


def trained(examples=None, epochs=6, rate=0.05, batch=16, weights=None, width=8, **changes):
    keras.utils.set_random_seed(0)
    model, examples = head(width, 2, 0.0), examples or features()
    outcome = loop.run_stage(model, Stage("head", epochs, batch, rate), examples, settings(**changes), weights)
    return model, outcome


def val_loss(model, examples):
    rows = examples.indices["val"]
    shares = model.predict(examples.inputs[rows], verbose=0)
    return float(-np.log(shares[np.arange(len(rows)), examples.labels[rows]]).mean())


# ---- optimisers ------------------------------------------------------------------------------------------------------


def test_nesterov_looks_ahead():
    steps = {}
    for name in ("momentum", "nesterov"):
        variable = keras.Variable(np.zeros(1, np.float32))
        objective.make_optimizer(name, 1.0).apply([keras.ops.ones(1)], [variable])
        steps[name] = float(variable.numpy()[0])
    assert steps == pytest.approx({"momentum": -1, "nesterov": -1.9})


@pytest.mark.parametrize(("clip", "length"), [(0.0, 13.0), (0.5, 0.5), (20.0, 13.0)])
def test_clipping_bounds_the_step_over_all_weights_together_and_keeps_its_direction(clip, length):
    variables = [keras.Variable(np.zeros(shape, np.float32)) for shape in ((2, 2), (3,))]
    gradients = [np.array([[3, 0], [0, 0]], np.float32), np.array([0, 4, 12], np.float32)]
    optimizer = objective.make_optimizer("sgd", 1.0, clip_norm=clip)
    optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in gradients], variables)
    step = np.concatenate([variable.numpy().ravel() for variable in variables])
    assert np.linalg.norm(step) == pytest.approx(length, rel=1e-5)
    np.testing.assert_allclose(step / length, -np.concatenate([g.ravel() for g in gradients]) / 13, atol=1e-6)


def test_clipping_reaches_training():
    keras.utils.set_random_seed(0)
    model = head(8, 2, 0.0)
    objective.compile_model(
        model, Stage("head", 1, 16, 1.0), settings(optimizer="sgd", schedule="constant", clip_norm=1e-3), 10
    )
    before = np.concatenate([weight.ravel() for weight in model.get_weights()])
    model.train_on_batch(RNG.normal(size=(16, 8)), np.eye(2)[np.arange(16) % 2])
    after = np.concatenate([weight.ravel() for weight in model.get_weights()])
    assert 0 < np.linalg.norm(after - before) <= 1e-3 * (1 + 1e-3)


# ---- averaged weights ------------------------------------------------------------------------------------------------


def test_the_average_after_three_steps_is_the_one_worked_out_by_hand():
    variable = keras.Variable(np.zeros(1, np.float32))
    optimizer = objective.make_optimizer("sgd", 1.0, ema=0.75)
    for gradient in (-1.0, -2.0, -4.0):  # the weight goes 1, 3, 7
        optimizer.apply([keras.ops.full((1,), gradient)], [variable])
    assert variable.numpy()[0] == 7
    optimizer.finalize_variable_values([variable])
    assert variable.numpy()[0] == pytest.approx(0.75 * (0.75 * 1 + 0.25 * 3) + 0.25 * 7)


def by_hand(examples, epochs, momentum):
    """Plain gradient descent of a softmax layer on whole batches; the averaged weights after each epoch."""
    keras.utils.set_random_seed(0)
    kernel, bias = head(8, 2, 0.0).get_weights()
    rows, averages = examples.indices["train"], []
    x, y = examples.inputs[rows], np.eye(2)[examples.labels[rows]]
    for _ in range(epochs):
        scores = x @ kernel + bias
        shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        kernel, bias = kernel - x.T @ (shares - y) / len(x), bias - (shares - y).mean(axis=0)
        last = averages[-1] if averages else (kernel, bias)
        averages.append([momentum * old + (1 - momentum) * new for old, new in zip(last, (kernel, bias), strict=True)])
    return averages


@pytest.mark.parametrize("patience", [0, 2])
def test_the_averaged_weights_are_judged_and_those_of_the_best_epoch_are_kept(patience):
    examples = features(noise=1.5, wrong=25)
    chosen = {"optimizer": "sgd", "schedule": "constant", "ema": 0.8, "patience": patience}
    model, outcome = trained(examples, epochs=9, rate=1.0, batch=80, **chosen)
    averages = by_hand(examples, 9, 0.8)
    losses = []
    twin = head(8, 2, 0.0)
    for average in averages[: len(outcome.history)]:
        twin.set_weights(average)
        losses.append(val_loss(twin, examples))
    assert [row["val_loss"] for row in outcome.history] == pytest.approx(losses, rel=1e-3)
    best = int(np.argmin(losses))
    assert best < len(losses) - 1  # else nothing had to be restored
    assert len(losses) == (best + 1 + patience if patience else 9)
    assert outcome.kept_epoch == best + 1
    for kept, average in zip(model.get_weights(), averages[best], strict=True):
        np.testing.assert_allclose(kept, average, atol=1e-4)


# ---- schedules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("constant", {0: 0.5, 45: 0.5, 90: 0.5}),
        ("step", {0: 0.5, 29: 0.5, 30: 0.05, 59: 0.05, 60: 0.005, 90: 0.005}),
        ("exponential", {0: 0.5, 45: 0.05, 90: 0.005}),
        ("cosine", {0: 0.5, 45: 0.25, 90: 0.0}),
        ("one_cycle", {0: 0.02, 27: 0.5, 58.5: 0.250025, 90: 0.00005}),
        ("plateau", {0: 0.5, 90: 0.5}),
    ],
)
def test_the_rate_at_the_start_in_the_middle_and_at_the_end(name, expected):
    rate = learning_rate_schedule(name, 0.5, 90)
    values = {step: float(rate(step) if callable(rate) else rate) for step in expected}
    assert values == pytest.approx(expected, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name not in WITHOUT_WARMUP])
def test_a_warm_up_rises_from_0_and_the_schedule_has_the_rest(name):
    warmed, plain = learning_rate_schedule(name, 0.5, 100, 0.1), learning_rate_schedule(name, 0.5, 90)
    rise = [float(warmed(step)) for step in range(11)]
    np.testing.assert_allclose(rise, np.linspace(0, 0.5, 11), atol=1e-6)
    for step in (0, 20, 45, 70, 90):
        left = float(plain(step) if callable(plain) else plain)
        assert float(warmed(10 + step)) == pytest.approx(left, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_training_of_few_iterations_has_a_rate(name, steps):
    rate = learning_rate_schedule(name, 0.5, steps, 0.0 if name in WITHOUT_WARMUP else 0.9)
    assert all(0 <= float(rate(step) if callable(rate) else rate) <= 0.5 for step in range(steps + 1))


def test_the_history_tells_the_rate_of_a_schedule():
    _, outcome = trained(epochs=3, rate=0.01, schedule="step", patience=0)
    assert [row["learning_rate"] for row in outcome.history] == pytest.approx([1e-3, 1e-4, 1e-4])


def test_a_plateau_lowers_the_rate():
    # Turned labels: validation only gets worse, so after the first epoch nothing improves any more.
    examples = features(wrong=80)
    _, outcome = trained(examples, epochs=5, rate=0.01, schedule="plateau", patience=6)
    expected = [0.01, 0.01, 0.01, 0.003, 0.003]  # lowered after two such epochs; a row tells what its epoch had
    assert [row["learning_rate"] for row in outcome.history] == pytest.approx(expected)
    assert [reduce_on_plateau("plateau", patience)[0].patience for patience in (1, 6, 8, 0)] == [1, 2, 3, 3]
    assert reduce_on_plateau("cosine", 6) == []


# ---- penalties -------------------------------------------------------------------------------------------------------


def test_l1_and_l2_are_sums_over_the_kernels_and_add_up():
    model = head(8, 2, 0.0)
    kernel = model.trainable_variables[0].numpy()
    objective.add_weight_penalty(model, 0.1, 0.3)
    assert float(sum(model.losses)) == pytest.approx(0.1 * np.square(kernel).sum() + 0.3 * np.abs(kernel).sum())
    objective.add_weight_penalty(model, 0.0, 0.3)
    assert float(sum(model.losses)) == pytest.approx(0.3 * np.abs(kernel).sum())
    objective.add_weight_penalty(model, 0.0)
    assert model.losses == []


@pytest.mark.slow
def test_l1_makes_more_weights_nearly_zero_than_l2_at_a_similar_loss():
    rng = np.random.default_rng(3)
    examples = features(width=30, noise=0.5)
    examples.inputs[:, 4:] = rng.normal(size=(92, 26))  # four tell, the others are noise
    near, losses = {}, {}
    for name, penalty in (("l1", {"l1": 0.02}), ("l2", {"l2": 0.02})):
        model, outcome = trained(examples, epochs=12, rate=0.1, width=30, patience=0, **penalty)
        near[name] = int((np.abs(model.get_weights()[0]) < 0.01).sum())
        losses[name] = outcome.history[outcome.kept_epoch - 1]["loss"]
    assert near["l1"] > 2 * near["l2"]
    assert abs(losses["l1"] - losses["l2"]) < 0.1


# ---- losses ----------------------------------------------------------------------------------------------------------

LABELS = np.eye(3, dtype=np.float32)[[0, 1, 2, 1, 0, 1]]
ANSWERS = RNG.dirichlet(np.ones(3), 6).astype(np.float32)
WEIGHTS = np.array([1, 2, 3, 2, 1, 2], np.float32)


def of(loss, weights=None, labels=LABELS, answers=ANSWERS):
    return float(loss(labels, answers, weights))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_losses_that_are_the_same_at_their_ends(smoothing, weights):
    plain = of(make_loss("crossentropy", smoothing), weights)
    assert of(make_loss("focal", smoothing, gamma=0.0), weights) == pytest.approx(plain, rel=1e-5)
    assert of(make_loss("crossentropy+dice", smoothing, dice_weight=0.0), weights) == pytest.approx(plain, rel=1e-5)
    dice = of(make_loss("dice", smoothing), weights)
    assert of(make_loss("crossentropy+dice", smoothing, dice_weight=1.0), weights) == pytest.approx(dice, rel=1e-5)
    mixed = of(make_loss("crossentropy+dice", smoothing, dice_weight=0.25), weights)
    assert mixed == pytest.approx(0.75 * plain + 0.25 * dice, rel=1e-5)


def test_focal_loss_is_its_formula():
    right = (LABELS * ANSWERS).sum(axis=1)
    assert of(make_loss("focal", gamma=3.0)) == pytest.approx(float((-((1 - right) ** 3) * np.log(right)).mean()), 1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_dice_is_keras_own_per_class_over_the_batch(smoothing):
    shares = (1 - smoothing) * LABELS + smoothing / 3
    expected = float(np.mean(keras.losses.Dice(axis=0, reduction=None)(shares, ANSWERS)))
    assert of(make_loss("dice", smoothing)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["focal", "dice"])
def test_an_example_of_weight_2_counts_as_two(name):
    # Of focal loss, as of cross-entropy, Keras' mean is over the examples, so sums are compared.
    twice = np.repeat(np.arange(6), WEIGHTS.astype(int))
    more = of(make_loss(name), None, LABELS[twice], ANSWERS[twice])
    scale = len(twice) / 6 if name == "focal" else 1
    assert of(make_loss(name), WEIGHTS) == pytest.approx(scale * more, rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_learns_and_the_reported_one_is_cross_entropy(name):
    chosen = {"loss": name, "label_smoothing": 0.1, "optimizer": "adam"}
    model, outcome = trained(weights={0: 1.0, 1: 2.0}, **chosen)
    assert outcome.history[-1]["val_accuracy"] == 1
    best = min(row["val_loss"] for row in outcome.history)
    assert val_loss(model, features()) == pytest.approx(best, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
def test_class_weights_reach_every_loss(name):
    def share_of_rare(weights):
        examples = features(noise=2.0)
        examples.labels[:] = np.arange(92) % 8 == 0  # one in eight, and no way to tell
        model, _ = trained(examples, epochs=3, rate=0.1, weights=weights, loss=name)
        return float(model.predict(examples.inputs[:80], verbose=0)[:, 1].mean())

    assert share_of_rare(None) + 0.03 < share_of_rare({0: 1.0, 1: 7.0})


def test_what_is_saved_knows_nothing_of_the_training(tmp_path):
    top, _ = trained(epochs=1, loss="dice", schedule="step", warmup=0.2, ema=0.5)
    backbone = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(8, 8), keras.layers.Flatten()])
    classifier(backbone, top).save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as file:
        described = file.read("config.json").decode()
    assert '"module": "study' not in described
    assert "optimizer" not in described
    assert keras.saving.load_model(tmp_path / "model.keras", safe_mode=True).output_shape == (None, 2)


# ---- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"clip_norm": -1}, "--clip-norm takes 0 to 1,000. Received: -1"),
        ({"ema": 1.0}, "--ema takes 0 to 0.99999. Received: 1.0"),
        ({"l1": -0.1}, "--l1 takes 0 to 10. Received: -0.1"),
        ({"focal_gamma": -1.0}, "--focal-gamma takes 0 to 10. Received: -1.0"),
        ({"dice_weight": 1.5}, "--dice-weight takes 0 to 1. Received: 1.5"),
        ({"loss": "mse"}, "--loss takes crossentropy, focal, dice, crossentropy+dice. Received: mse"),
        (
            {"schedule": "linear"},
            "--schedule takes constant, step, exponential, cosine, one_cycle, plateau. Received: linear",
        ),
        *(
            (
                {"schedule": name, "warmup": 0.08},
                "--warmup goes with --schedule constant, step, exponential, cosine. "
                f"Received: --schedule {name} --warmup 0.08",
            )
            for name in ("one_cycle", "plateau")
        ),
    ],
)
def test_what_is_no_such_value_or_does_not_go_together_is_refused(given, error):
    with pytest.raises(UserError) as caught:
        resolve(given, {})
    assert str(caught.value) == error


def test_a_models_own_warm_up_gives_way_to_a_schedule_without_one():
    assert resolve({"schedule": "one_cycle"}, {"warmup": 0.08}).optimization.warmup == 0
    assert resolve({"schedule": "step"}, {"warmup": 0.08}).optimization.warmup == 0.08


@pytest.mark.parametrize(("asked", "kept"), [("sgd", (None, None)), ("adamw", (1e-3, 0.05))])
def test_rate_and_decay_that_suit_one_optimizer_are_not_given_to_another(asked, kept):
    own = {"optimizer": "adamw", "learning_rate": 1e-3, "weight_decay": 0.05}
    settings = resolve({"optimizer": asked}, own)
    assert (settings.optimization.learning_rate, settings.regularization.weight_decay) == kept
    assert resolve({"optimizer": asked, "weight_decay": 0.1}, own).regularization.weight_decay == 0.1


def test_compare_tries_them(tmp_path):
    vary = ("loss=crossentropy,crossentropy+dice", "schedule=step,plateau", "ema=0,0.9")
    plan = compare_plan.make_plan(CompareSettings(vary=vary, out=str(tmp_path)), {"clip_norm": "1"})
    assert len(plan.combinations) == 8
    with pytest.raises(UserError, match=r"^--warmup goes with --schedule constant, .* Received: --schedule plateau"):
        compare_plan.make_plan(CompareSettings(vary=vary, out=str(tmp_path)), {"warmup": "0.1"})


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"focal_gamma": 2.0}, "--focal-gamma goes with --loss focal. Received: --loss crossentropy"),
        ({"focal_gamma": 1.0, "loss": "dice"}, "--focal-gamma goes with --loss focal. Received: --loss dice"),
        (
            {"dice_weight": 0.5, "loss": "dice"},
            "--dice-weight goes with --loss crossentropy+dice. Received: --loss dice",
        ),
        (
            {"engine": "tensorflow", "learning": "scratch"},
            "--engine goes with --learning auto, transfer, finetune. Received: --learning scratch",
        ),
        ({"store": "off", "store_limit": 5.0}, "--store-limit goes with --store on. Received: --store off"),
    ],
)
def test_a_flag_that_would_say_nothing_is_refused(given, error):
    with pytest.raises(UserError) as caught:
        resolve(given, {})
    assert str(caught.value).startswith(f"{error}; leave --")


def test_a_flag_is_taken_where_it_says_something():
    assert resolve({"focal_gamma": 1.0, "loss": "focal"}, {}).loss.focal_gamma == 1.0
    assert resolve({"dice_weight": 0.3, "loss": "crossentropy+dice"}, {}).loss.dice_weight == 0.3
    assert resolve({"focal_gamma": 1.0}, {"loss": "focal"}).loss.focal_gamma == 1.0  # a model's own loss


def test_compare_gives_a_flag_to_those_trainings_that_use_it(tmp_path):
    def planned(*vary, **fixed):
        return compare_plan.make_plan(CompareSettings(vary=vary, out=str(tmp_path)), fixed)

    plan = planned("loss=crossentropy,focal", focal_gamma="1")
    plain, focal = (plan.arguments(combination, 0) for combination in plan.combinations)
    assert "--focal-gamma=1" in focal
    assert not any(word.startswith("--focal-gamma") for word in plain)
    plan = planned("loss=dice,focal,crossentropy+dice", "dice-weight=0.2,0.8")
    given = {
        one.label: [word for word in plan.arguments(one, 0) if word.startswith("--dice")] for one in plan.combinations
    }
    assert given == {
        "dice": [],
        "focal": [],
        "loss=crossentropy+dice dice-weight=0.2": ["--dice-weight=0.2"],
        "loss=crossentropy+dice dice-weight=0.8": ["--dice-weight=0.8"],
    }
    with pytest.raises(UserError, match=r"^--focal-gamma goes with --loss focal, which --vary loss=crossentropy,dice "):
        planned("loss=crossentropy,dice", focal_gamma="1")
    with pytest.raises(UserError, match=r"^--focal-gamma goes with --loss focal\. Received: --loss crossentropy"):
        planned("optimizer=sgd,adam", focal_gamma="1")


def test_the_plan_says_what_is_not_the_default():
    def lines(**given):
        stage = Stage("scratch", 2, 8, 0.01)
        return dict(
            plan_lines(settings(image_size=48, **given), LearningChoice("scratch", "none", "asked for"), [stage], 80)
        )

    assert "loss" not in lines()
    assert lines()[""] == "adam at learning rate 0.01, schedule cosine"
    told = lines(loss="crossentropy+dice", dice_weight=0.3, clip_norm=1, ema=0.9, l1=1e-3, schedule="step", warmup=0.1)
    assert told["loss"] == "crossentropy+dice, Dice 0.3"
    assert told["against overfitting"].startswith("L1 0.001, L2 0, weight decay 0")
    assert told[""] == (
        "adam at learning rate 0.01, risen to over the first 10 % of the iterations, schedule step, "
        "gradients clipped to 1, weights averaged with momentum 0.9, over about the last 10 iterations (1.0 epochs)"
    )
