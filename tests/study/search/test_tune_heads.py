"""Trials of heads in one process: they are told how they ended, bad ones early, and Ctrl-C keeps what is done."""

import dataclasses

import keras
import numpy as np
import pytest
from helpers import make_patches

from data.batches import Examples
from study.fit.head_training import make_head
from study.fit.loop import run_stage
from study.folds.divide import Labelled, make_folds
from study.runtime import backend
from study.search import heads as tune_heads
from study.search.asked import reason_against, settle
from study.search.run import search_in
from study.search.study import Search, noted, open_study, ranked, state_of
from study.settings.commands import TuneSettings
from study.settings.source import load_dataset, store_of

pytestmark = pytest.mark.slow  # networks are trained


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("tune") / "images", count=20)


@pytest.fixture(scope="module")
def loaded(images):
    asked = settle(TuneSettings(trials=8), {"data": str(images), "model": "efficientnet_lite", "image_size": "32"}, "")
    store = store_of(asked.settings.data)
    backend.start()
    return asked, load_dataset(asked.settings, store), store


def with_trials(asked, **changes):
    return dataclasses.replace(asked, own=dataclasses.replace(asked.own, **changes))


def test_trials_are_judged_on_validation_and_a_second_search_goes_on(loaded, tmp_path, capsys):
    asked, dataset, store = loaded
    search, fresh = search_in(asked, dataset, store, tmp_path, in_process=True)
    assert [state_of(trial) for trial in search.trials()] == ["finished"] * 8
    val = dataset.sizes()["val"]
    for trial in search.trials():
        said = noted(trial)
        assert said["images"] == val
        assert said["accuracy"] * val == pytest.approx(round(said["accuracy"] * val))
        assert 1 <= said["epochs"] <= 100
    best = ranked(search.trials())[0]
    assert all(trial.value == noted(trial)["loss"] for trial in search.trials())
    before = {trial.number: trial.params for trial in search.trials()}
    again, _ = search_in(with_trials(asked, trials=11), dataset, store, tmp_path, in_process=True)
    told = capsys.readouterr().out
    assert "11 trials, 8 of them done before, in " in told
    assert len(again.trials()) == 11
    assert {trial.number: trial.params for trial in again.trials()[:8]} == before
    assert len({str(trial.params) for trial in again.trials()}) == 11

    judged = fresh(asked.space.texts(best.params))
    assert judged.images == dataset.sizes()["train"]
    assert judged.units == len({dataset.units[row] for row in dataset.examples().indices["train"]})
    assert 0.3 < judged.defaults <= 1


def test_a_trial_is_ended_early_where_others_are_better(loaded, tmp_path):
    asked, dataset, store = loaded
    features = tune_heads.features_for(dataset, asked.settings, store)
    study = open_study(tmp_path, None, "search", 1)
    search = Search(study, asked.space, "random", 0, 12, "me", alone=True)
    tune_heads.run_trials(search, features, 0, asked.settled, 1, lambda: None)
    states = [state_of(trial) for trial in search.trials()]
    assert {"finished", "pruned"} == set(states)
    for trial in search.trials():
        if state_of(trial) == "pruned":
            assert noted(trial)["epochs"] in (1, 3, 9, 27, 81)


def test_each_head_is_that_of_a_training_with_its_settings(loaded):
    asked, dataset, store = loaded
    features = tune_heads.features_for(dataset, asked.settings, store)
    chosen = asked.settings.with_values(
        dropout=0.3, l2=1e-2, schedule="one_cycle", optimizer="adamw", patience=2, epochs=6, ema=0.5
    )
    head = tune_heads.Head(features, chosen, 4)
    while not head.ended:
        head.learn_epoch()
    keras.utils.set_random_seed(4)
    alone = make_head(features.data, chosen)
    indices = {"train": features.train, "val": features.val}
    examples = Examples(features.data.features, features.data.labels, indices)
    outcome = run_stage(alone, head.stage, examples, chosen.with_values(seed=4))
    kept, weights = head.training.kept
    assert kept == outcome.kept_epoch
    for mine, other in zip(weights, alone.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_ctrl_c_marks_what_is_under_way_as_stopped_and_says_how_many_are_done(loaded, tmp_path, capsys, monkeypatch):
    asked, dataset, store = loaded
    learn, calls = tune_heads.learn_epoch, []

    def interrupted(heads):
        calls.append(1)
        if len(calls) == 30:
            raise KeyboardInterrupt
        return learn(heads)

    monkeypatch.setattr(tune_heads, "learn_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search_in(with_trials(asked, trials=30), dataset, store, tmp_path, in_process=True)
    monkeypatch.undo()
    assert capsys.readouterr().out.endswith(" of 30 trials are done and kept.\n")
    search, _ = search_in(with_trials(asked, trials=10), dataset, store, tmp_path, in_process=True)
    states = [state_of(trial) for trial in search.trials()]
    assert states.count("stopped") == tune_heads.TOGETHER
    assert search.count() == max(10, states.count("finished"))


def test_settings_that_train_refuses_fail_and_the_others_go_on(loaded, tmp_path):
    asked, dataset, store = loaded
    file = tmp_path / "space.toml"
    file.write_text('[class-weight]\nchoices = ["none", "dragon=2"]\n[sampler]\nchoices = ["natural", "balanced"]\n')
    own = TuneSettings(space=str(file), sampler="grid")
    asked = settle(own, dict(asked.texts), "")
    search, _ = search_in(asked, dataset, store, tmp_path, in_process=True)
    states = sorted(state_of(trial) for trial in search.trials())
    assert states == ["failed", "failed", "finished", "finished"]
    why = {noted(trial).get("why") for trial in search.trials()} - {None}
    assert why == {"--class-weight: no class dragon. There are: circle, square, stripes."}


def test_what_changes_the_features_or_the_judgement_needs_a_process_for_each_trial(loaded):
    settings = loaded[0].settings
    assert reason_against(("dropout", "l2"), settings) == ""
    assert reason_against(("augment",), settings) == "augment changes the features"
    assert reason_against(("image_size",), settings) == "image-size changes the features"
    assert reason_against(("schedule", "ema"), settings) == ""


def test_what_is_judged_on_folds_has_chosen_nothing(loaded):
    """A head of images whose labels are noise is right by chance only, however the validation split ends it."""
    asked, dataset, store = loaded
    features = tune_heads.features_for(dataset, asked.settings, store)
    rng = np.random.default_rng(0)
    labels = features.data.labels.copy()
    labels[features.train] = rng.integers(0, 3, len(features.train))
    noise = dataclasses.replace(features, data=dataclasses.replace(features.data, labels=labels))
    train = dataset.examples().indices["train"]
    images = Labelled.of(labels[features.train], [dataset.units[row] for row in train], dataset.class_names)
    folds = make_folds(images, 5, 1, 0)
    predicted = tune_heads.predict_folds(noise, folds, [asked.settled({})], [1, 2])
    assert predicted.shape == (1, 2, len(train), 3)
    assert (predicted[0].argmax(axis=2) == labels[features.train]).mean() < 0.5
    assert not np.array_equal(predicted[0, 0], predicted[0, 1])
