"""The estimate of the minutes that a training takes."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

from dataclasses import replace

import numpy as np
import pytest
from small import OFF, SIZE, assert_same, noisy_images, settings, tiny

from data.store.store import Store
from errors import UserError
from study.fit import estimate
from study.settings.stages import Stage
from study.tasks import classify

LARGE = 32


def test_the_minutes_go_with_images_epochs_and_areas():
    stage = Stage("scratch", 10, 8, 0.01)
    assert estimate.minutes_at(50, stage, settings(image_size=128), 6000) == pytest.approx(20)
    growing = settings(image_size=128, progressive=(64, 128))
    assert estimate.minutes_at(50, stage, growing, 6000) == pytest.approx(2 * (8 / 4 + 2))
    assert estimate.minutes_for(tiny(size=LARGE), noisy_images(size=LARGE), stage, settings(image_size=LARGE), OFF) > 0


class Gone:
    """Images that cannot be read any more, as when they are streamed and a file was removed."""

    shape, dtype = (44, SIZE, SIZE, 3), np.dtype(np.uint8)

    def __len__(self):
        return len(noisy_images().inputs)

    def __getitem__(self, indices):
        raise UserError("a.jpg was changed or removed during the run. Start again.")


def test_a_picture_that_goes_missing_is_told_whatever_reads_it():
    gone = replace(noisy_images(), inputs=Gone())
    with pytest.raises(UserError, match=r"^a\.jpg was changed"):
        classify.predict(tiny(), gone, gone.indices["val"], "")
    with pytest.raises(UserError, match=r"^a\.jpg was changed"):
        estimate.minutes_for(tiny(), gone, Stage("scratch", 1, 8, 0.1), settings(), OFF)


def test_the_estimate_of_fine_tuning_is_that_of_what_will_learn(monkeypatch):
    learning, compile_model = [], estimate.compile_model
    monkeypatch.setattr(
        estimate,
        "compile_model",
        lambda model, *rest: (compile_model(model, *rest), learning.append(len(model.trainable_variables))),
    )
    model = tiny()
    for name in ("scratch", "finetune"):
        estimate.minutes_for(model, noisy_images(), Stage(name, 1, 8, 0.1), settings(), OFF)
    assert learning == [6, 4]  # without the scale and the centre of the normalisation
    assert len(model.trainable_variables) == 6


def test_the_estimate_is_a_time_and_changes_no_weight():
    model, examples = tiny(), noisy_images()
    before = model.get_weights()
    stages = [Stage("scratch", epochs, 8, 0.1) for epochs in (1, 10_000)]
    short, long = (estimate.minutes_for(model, examples, stage, settings(), OFF) for stage in stages)
    assert 0 < short < 1
    assert long > 100 * short
    assert_same(model.get_weights(), before)


def test_what_was_measured_once_is_not_measured_again(tmp_path):
    store, examples = Store(tmp_path), noisy_images()
    once, again, twice_as_many, finetune = (
        estimate.minutes_for(tiny(), examples, Stage(name, epochs, 8, 0.1), settings(), store)
        for name, epochs in (("scratch", 1), ("scratch", 1), ("scratch", 2), ("finetune", 1))
    )
    assert again == once  # two measurements never are
    assert twice_as_many == pytest.approx(2 * once)
    assert [(usage.kind, usage.rows) for usage in store.usage()] == [(estimate.SECONDS, 2)]
    assert finetune > 0
