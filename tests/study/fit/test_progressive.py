"""Training on growing images: each size's epochs, what is kept and saved, and what goes together with it."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()


import keras
import numpy as np
import pytest
from small import CLASSES, assert_same, cross_entropy, noisy_images, settings, tiny

from data.batches import Examples
from errors import UserError
from models.parts.head import classifier, head
from models.parts.keras_private import flatten_layers
from study.fit import loop, targets
from study.settings.stages import Stage

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
    model, examples = tiny(size=LARGE), noisy_images(size=LARGE)
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


@pytest.mark.slow
def test_what_is_saved_after_growing_pictures_has_the_full_size_and_keras_own_layers(tmp_path):
    model = tiny(size=LARGE)
    before = model.get_weights()
    loop.run_stage(
        model, Stage("scratch", 4, 8, 0.01), noisy_images(size=LARGE), settings(**GROWING, precision="bfloat16")
    )
    assert all((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.input_shape == (None, LARGE, LARGE, 3)
    assert all(layer.__class__.__module__.startswith("keras.") for layer in flatten_layers(loaded))


@pytest.mark.slow
def test_the_weights_that_are_kept_are_the_best_of_the_last_phase():
    model, examples = tiny(size=LARGE), noisy_images(size=LARGE)
    chosen = settings(**GROWING, patience=0)
    outcome = loop.run_stage(model, Stage("scratch", 20, 8, 0.05), examples, chosen)
    last = [row for row in outcome.history if row["image_size"] == LARGE]
    assert len(last) == 3
    best = min(last, key=lambda row: row["val_loss"])
    assert outcome.kept_epoch == best["epoch"]
    assert cross_entropy(model, examples) == pytest.approx(best["val_loss"], rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("schedule", ["step", "plateau"])
def test_schedules_and_averaged_weights_go_through_all_sizes(schedule):
    model, examples = tiny(size=LARGE), noisy_images(size=LARGE)
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


@pytest.mark.slow
def test_growing_pictures_give_the_same_network_from_the_same_seed():
    def run():
        model = tiny(3, size=LARGE)
        loop.run_stage(model, Stage("scratch", 3, 8, 0.01), noisy_images(size=LARGE), settings(**GROWING, seed=3))
        return model.get_weights()

    assert_same(run(), run())


@pytest.mark.slow
def test_mixed_pictures_mirror_classes_class_weights_and_the_balanced_sampler_go_together():
    examples = noisy_images(size=LARGE)
    examples = Examples(examples.inputs, examples.labels, examples.indices, np.array([1, 0], np.int32))
    model = tiny(size=LARGE)
    chosen = settings(**GROWING, sampler="balanced", label_smoothing=0.1, warmup=0.2, patience=0)
    outcome = loop.run_stage(model, Stage("scratch", 20, 8, 0.02), examples, chosen, {0: 1.0, 1: 2.0})
    assert outcome.history[-1]["val_accuracy"] >= 0.9


def test_a_network_for_one_size_is_refused():
    inputs = keras.Input((LARGE, LARGE, 3))
    x = keras.layers.Flatten()(keras.layers.Conv2D(2, 3, strides=4)(inputs))
    model = classifier(keras.Model(inputs, x), head(128, CLASSES, 0.0))
    with pytest.raises(UserError) as caught:
        loop.run_stage(model, Stage("scratch", 3, 8, 0.01), noisy_images(size=LARGE), settings(**GROWING))
    assert str(caught.value) == (
        "--progressive needs a network of convolutions and global pooling, which takes any size; this one is made for "
        "32 pixels. Leave it out, or give --progressive none."
    )
