"""One stage of training and several: what is learned, told, kept, and when it ends."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import io
import zipfile
from dataclasses import replace

import h5py
import keras
import numpy as np
import pytest
from small import OFF, assert_same, cross_entropy, embed_all, features, noisy_images, settings, tiny

from errors import UserError
from models.parts.head import freeze, head, unfreeze
from study.fit import loop, objective
from study.inference.frozen import FrozenBackbone
from study.settings.optimization import OPTIMIZERS
from study.settings.stages import Stage


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_head_learns_a_separable_problem(name):
    keras.utils.set_random_seed(0)
    model, examples = head(8, 2, 0.2), features()
    rate = {"adagrad": 0.3, "sgd": 0.3}.get(name, 0.05)
    outcome = loop.run_stage(model, Stage("head", 6, 16, rate), examples, settings(optimizer=name, l2=1e-4))
    answers = model.predict(examples.inputs[examples.indices["test"]], verbose=0).argmax(axis=1)
    assert answers.tolist() == examples.labels[examples.indices["test"]].tolist()
    assert outcome.history[-1]["val_accuracy"] == 1
    assert outcome.history[-1]["val_loss"] < 0.3


def test_history_tells_every_epoch():
    keras.utils.set_random_seed(0)
    outcome = loop.run_stage(head(8, 2, 0.0), Stage("head", 4, 16, 0.01), features(), settings(patience=0))
    assert [row["epoch"] for row in outcome.history] == [1, 2, 3, 4]
    assert {row["stage"] for row in outcome.history} == {"head"}
    schedules = [row["learning_rate"] for row in outcome.history]
    assert schedules == sorted(schedules, reverse=True)
    assert schedules[1] == pytest.approx(0.005)  # half-way down the cosine
    assert schedules[-1] == pytest.approx(0, abs=1e-4)
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
    outcome = loop.run_stage(model, Stage("head", 60, 8, 0.3), examples, settings(patience=2))
    losses = [row["val_loss"] for row in outcome.history]
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + 2 < 60
    assert outcome.kept_epoch == 1 + best
    assert outcome.ended == "validation loss had not improved for 2 epochs"
    assert cross_entropy(model, examples) == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.slow
def test_class_weights_reach_training():
    def share_of_rare(rule):
        keras.utils.set_random_seed(0)
        examples = features(noise=2.0)
        examples.labels[:] = np.arange(92) % 8 == 0  # one in eight, and no way to tell
        model = head(8, 2, 0.0)
        weights = objective.class_weights(examples.labels[examples.indices["train"]], rule, ("common", "rare"))
        loop.run_stage(model, Stage("head", 5, 16, 0.1), examples, settings(), weights)
        return float(model.predict(examples.inputs[:80], verbose=0)[:, 1].mean())

    assert share_of_rare("none") + 0.1 < share_of_rare("balanced")


DIVERGED = (
    r"^Training diverged: the (training objective|objective on validation) is (nan|inf) in epoch \d of stage head\. "
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


@pytest.mark.slow
def test_two_runs_of_one_seed_are_identical_with_augmentation():
    def run(seed):
        model = tiny(seed, dropout=0.3)
        chosen = settings(augment={"flip": 1.0, "brightness": 0.2}, seed=seed, l2=1e-4)
        (outcome,) = loop.fit(model, noisy_images(), None, [Stage("scratch", 2, 8, 0.01)], chosen)
        return model.get_weights(), [(row["loss"], row["val_loss"]) for row in outcome.history]

    first, again, other = run(1), run(1), run(2)
    assert_same(first[0], again[0])
    assert first[1] == again[1]
    assert first[1] != other[1]


def test_from_scratch_everything_learns():
    model = tiny()
    before = model.get_weights()
    (outcome,) = loop.fit(model, noisy_images(), None, [Stage("scratch", 8, 8, 0.02)], settings())
    assert all((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))
    assert outcome.history[-1]["loss"] < outcome.history[0]["loss"]
    shares = model.predict(noisy_images().inputs.astype(np.float32), verbose=0)
    assert (shares.argmax(axis=1) == noisy_images().labels).mean() > 0.9


def head_then_all(rate, epochs=4):
    model, examples = tiny(), noisy_images()
    _, network, top = model.layers
    freeze(network)
    chosen = settings(learning="finetune", patience=0)
    kept = {}
    embedded = embed_all(FrozenBackbone(network, OFF), examples, chosen)[0]
    kept["backbone"] = network.get_weights()
    outcomes = loop.fit(model, examples, embedded, [Stage("head", 3, 8, 0.05)], chosen)
    kept["head"] = top.get_weights()
    kept["after head"] = cross_entropy(model, examples)
    unfreeze(network)
    earlier = [replace(outcomes[0], kept_epoch=2)]
    outcomes.append(loop.run_stage(model, Stage("finetune", epochs, 8, rate), examples, chosen, earlier=earlier))
    return model, examples, outcomes, kept


def test_the_head_stage_leaves_the_backbone_alone_and_works_on_pixels_too():
    model, examples = tiny(), noisy_images()
    _, network, top = model.layers
    freeze(network)
    before = network.get_weights()
    chosen = settings(learning="transfer")
    embedded = embed_all(FrozenBackbone(network, OFF), examples, chosen)[0]
    (outcome,) = loop.fit(model, examples, embedded, [Stage("head", 3, 8, 0.05)], chosen)
    assert_same(network.get_weights(), before)
    assert cross_entropy(model, examples) == pytest.approx(cross_entropy(top, embedded), rel=1e-4)
    assert cross_entropy(model, examples) == pytest.approx(min(row["val_loss"] for row in outcome.history), rel=1e-4)


@pytest.mark.slow
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


@pytest.mark.slow
def test_fine_tuning_that_makes_it_worse_falls_back_to_the_head():
    model, examples, (_, outcome), kept = head_then_all(1000.0)
    assert_same(model.layers[1].get_weights(), kept["backbone"])
    assert_same(model.layers[2].get_weights(), kept["head"])
    assert cross_entropy(model, examples) == pytest.approx(kept["after head"], rel=1e-5)
    assert outcome.ended == "the last of 4 epochs was reached; it never improved on the head alone, which was kept"
    assert outcome.kept_epoch == 2  # of the head's
    assert [row["epoch"] for row in outcome.history] == [4, 5, 6, 7]


def test_epochs_are_numbered_through_all_stages_and_no_optimiser_is_saved(tmp_path):
    model, examples = tiny(), noisy_images()
    freeze(model.layers[1])
    chosen = settings(learning="finetune", patience=0)
    embedded = embed_all(FrozenBackbone(model.layers[1], OFF), examples, chosen)[0]
    outcomes = loop.fit(model, examples, embedded, [Stage("head", 2, 16, 0.05), Stage("finetune", 2, 16, 1e-3)], chosen)
    assert [(row["epoch"], row["stage"]) for outcome in outcomes for row in outcome.history] == [
        (1, "head"), (2, "head"), (3, "finetune"), (4, "finetune")
    ]  # fmt: skip
    model.save(tmp_path / "model.keras")
    with h5py.File(io.BytesIO(zipfile.ZipFile(tmp_path / "model.keras").read("model.weights.h5"))) as file:
        names = []
        file.visit(names.append)
    assert names
    assert not [name for name in names if "optimizer" in name]  # of the head, which was trained by itself


def test_validation_is_never_augmented():
    # Brightness alone decides here, so changed validation pictures would be judged differently from clean ones.
    model, examples = tiny(), noisy_images()
    chosen = settings(augment={"brightness": 1.0, "contrast": 1.0})
    (outcome,) = loop.fit(model, examples, None, [Stage("scratch", 2, 8, 0.01)], chosen)
    assert cross_entropy(model, examples) == pytest.approx(min(row["val_loss"] for row in outcome.history), rel=1e-4)
