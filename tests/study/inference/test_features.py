# ruff: noqa: E402 - Keras is started before anything imports it
"""Features from the store are those that a network would compute anew, and nothing else is ever taken for them."""

from study.runtime import backend

backend.start()

import contextlib
import io
import json
import sqlite3
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import ROOT
from PIL import Image as PillowImage

from data import loading
from data.augment.pipeline import build
from data.batches import Examples
from data.folder import ImageRecord
from data.store import rounds
from data.store import store as store_module
from data.store.rows import Features
from data.store.store import RowType, Store
from errors import UserError
from models.parts.head import freeze
from models.parts.keras_private import flatten_layers
from models.parts.weights import build_backbone
from study.inference import features as features_module
from study.inference import openvino_ir
from study.inference.features import (
    FeatureSpec,
    cached_engine_choice,
    embed,
    embed_into_memory,
    embed_into_store,
    embed_traced,
    embed_train,
    features_row_type,
)
from study.inference.fingerprint import layers_within
from study.inference.frozen import FrozenBackbone
from study.runtime import hardware

OFF = Store(None)
SIZE = 32
PARTS = {"train": np.arange(20), "val": np.arange(20, 30), "test": np.arange(30, 36)}
needs_openvino = pytest.mark.skipif(
    not hardware.openvino_available(), reason="openvino is not installed (pip install openvino)"
)

FINGERPRINTS = """
import json, sys
from study.runtime import backend
backend.start()
import keras
from models.parts.weights import build_backbone
from study.inference.frozen import FrozenBackbone
for name, weights in json.loads(sys.argv[1]):
    keras.utils.set_random_seed(0)
    print(FrozenBackbone(build_backbone(name, 64, weights)).fingerprint)
"""


def network(size=SIZE, seed=0, scale=1 / 127.5, activation="relu"):
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((size, size, 3))
    x = keras.layers.Rescaling(scale, -1)(inputs)
    x = keras.layers.Conv2D(8, 3, strides=2, activation=activation)(x)
    x = keras.layers.BatchNormalization()(x)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))


def pictures(size=SIZE, rows=PARTS, first=0):
    count = sum(map(len, rows.values()))
    inputs = np.stack(
        [np.random.default_rng(first + i).integers(0, 256, (size, size, 3), np.uint8) for i in range(count)]
    )
    return Examples(
        inputs, np.arange(count, dtype=np.int32) % 2, rows, None, tuple(f"{first + i:064}" for i in range(count))
    )


def spec(**changes):
    base = {"model": "original", "image_size": SIZE, "resize": "crop", "precision": "float32", "engine": "tensorflow"}
    return FeatureSpec(**base | changes)


def kept_features(store):
    """Names of the kinds of features that are kept, with their keys."""
    query = "SELECT name, key FROM rows JOIN kinds ON kinds.id = rows.kind WHERE name LIKE 'features%'"
    found = {}
    with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
        for name, key in index.execute(query):
            found.setdefault(name, []).append(key)
    return found


def forge(store):
    """Add 1 to all features that are kept, so that what comes from the store can be told."""
    for name, keys in kept_features(store).items():
        kind, features = RowType(name, (8,), "float32"), np.empty((len(keys), 8), np.float32)
        assert store.rows(kind, keys).read_into(features).all()
        with contextlib.closing(sqlite3.connect(store.root / "index.sqlite3")) as index:
            index.execute("DELETE FROM rows WHERE kind = (SELECT id FROM kinds WHERE name = ?)", (name,))
            index.commit()
        with store.writer(kind) as keep:
            for key, row in zip(keys, features + 1, strict=True):
                keep.add(key, row)


def rows(store):
    """How many rows of features are kept."""
    return sum(usage.rows for usage in store.usage() if usage.kind.startswith("features"))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


# ---- features --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["tensorflow", pytest.param("openvino", marks=needs_openvino)])
def test_features_from_the_store_are_those_of_a_fresh_run(store, which):
    model, examples, chosen = network(), pictures(), spec(engine=which)
    fresh = embed(FrozenBackbone(model, OFF), examples, chosen)[0].inputs
    first = embed(FrozenBackbone(model, store), examples, chosen)[0].inputs
    again = embed(FrozenBackbone(network(), Store(store.root)), examples, chosen)[0]
    np.testing.assert_allclose(first, fresh, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(again.inputs, first)
    np.testing.assert_allclose(fresh, model.predict(examples.inputs.astype(np.float32), verbose=0), atol=1e-5)
    np.testing.assert_array_equal(again.labels, examples.labels)
    assert {split: found.tolist() for split, found in again.indices.items()} == {
        split: found.tolist() for split, found in PARTS.items()
    }
    assert rows(store) == 36
    assert store.trouble == ""


@pytest.mark.parametrize("which", ["tensorflow", pytest.param("openvino", marks=needs_openvino)])
def test_a_second_call_runs_no_network(store, monkeypatch, which):
    chosen = spec(engine=which)
    first = embed(FrozenBackbone(network(), store), pictures(), chosen)[0].inputs
    model = network()

    def run(*arguments, **named):
        raise AssertionError("a network was run")

    monkeypatch.setattr(model, "predict", run)
    monkeypatch.setattr(openvino_ir, "convert", run)
    np.testing.assert_array_equal(embed(FrozenBackbone(model, store), pictures(), chosen)[0].inputs, first)
    np.testing.assert_array_equal(embed_train(FrozenBackbone(model, store), pictures(), chosen), first[:20])


@needs_openvino
def test_in_8_bit_integers_a_second_call_looks_at_no_image(store, monkeypatch):
    chosen = spec(engine="openvino", precision="int8")
    first, choice = embed(FrozenBackbone(network(), store), pictures(), chosen)
    assert (choice.engine, choice.precision) == ("openvino", "int8")
    again, unread = FrozenBackbone(network(), store), pictures()
    monkeypatch.setattr(features_module, "pixel_batches", lambda *rows: pytest.fail("an image was read"))
    np.testing.assert_array_equal(embed(again, unread, chosen)[0].inputs, first.inputs)
    assert again.calibration is not None  # it would be asked if an image were missing


@needs_openvino
def test_features_by_other_ranges_of_integers_are_not_taken(store):
    chosen = spec(engine="openvino", precision="int8")
    embed(FrozenBackbone(network(), store), pictures(), chosen)
    forge(store)
    images = pictures()
    parts = {"train": np.arange(19), "val": np.arange(19, 30), "test": np.arange(30, 36)}
    fewer = Examples(images.inputs, images.labels, parts, None, images.sha256)
    fresh = embed(FrozenBackbone(network(), OFF), fewer, chosen)[0].inputs[:19]
    np.testing.assert_allclose(embed(FrozenBackbone(network(), store), fewer, chosen)[0].inputs[:19], fresh, atol=1e-6)


def test_only_what_is_missing_is_computed(store):
    model, chosen = network(), spec()
    everything = pictures(rows={"train": np.arange(150), "val": np.arange(150, 160), "test": np.arange(160, 166)})
    fresh = embed(FrozenBackbone(model, OFF), everything, chosen)[0].inputs
    known = np.array([3, 4, 77, 149, 155, 165])
    some = Examples(
        everything.inputs[known],
        everything.labels[known],
        {"train": np.arange(4), "val": np.arange(4, 5), "test": np.arange(5, 6)},
        None,
        tuple(everything.sha256[row] for row in known),
    )
    embed(FrozenBackbone(model, store), some, chosen)
    forge(store)
    mixed = embed(FrozenBackbone(model, store), everything, chosen)[0].inputs
    expected = np.array(fresh)
    expected[known] += 1
    np.testing.assert_allclose(mixed, expected, atol=1e-5)
    assert rows(store) == 166


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"scale": 1 / 255},
        {"activation": "sigmoid"},
        {"moved": "moving_mean"},
        {"image_size": 48},
        {"resize": "squash"},
        {"model": "resnet"},
    ],
    ids=str,
)
def test_features_of_anything_else_are_not_taken(store, other):
    embed(FrozenBackbone(network(), store), pictures(), spec())
    forge(store)
    of_settings = {key: value for key, value in other.items() if key in ("image_size", "resize", "model")}
    of_network = {key: value for key, value in other.items() if key in ("seed", "scale", "activation")}
    size = other.get("image_size", SIZE)
    model, examples, chosen = network(size, **of_network), pictures(size), spec(**of_settings)
    if "moved" in other:  # one number of thousands
        (variable,) = [one for one in model.variables if one.path.endswith(other["moved"])]
        variable.assign(variable + np.eye(8)[3] * 1e-3)
    fresh = embed(FrozenBackbone(model, OFF), examples, chosen)[0].inputs
    np.testing.assert_allclose(embed(FrozenBackbone(model, store), examples, chosen)[0].inputs, fresh, atol=1e-6)


@needs_openvino
def test_features_of_another_engine_are_not_taken(store):
    model, examples = network(), pictures()
    embed(FrozenBackbone(model, store), examples, spec())
    forge(store)
    fresh = embed(FrozenBackbone(model, OFF), examples, spec(engine="openvino"))[0].inputs
    np.testing.assert_allclose(
        embed(FrozenBackbone(model, store), examples, spec(engine="openvino"))[0].inputs, fresh, atol=1e-6
    )


@needs_openvino
@pytest.mark.skipif(
    hardware.openvino_available() and not hardware.has_bfloat16(), reason="this processor has no bfloat16"
)
def test_rough_features_are_never_taken_for_exact_ones(store):
    model, examples = network(), pictures()
    rough, exact = (spec(engine="openvino", precision=precision) for precision in ("bfloat16", "float32"))
    embed(FrozenBackbone(model, store), examples, rough)
    forge(store)
    train, rest = PARTS["train"], np.arange(20, 36)
    fresh = embed(FrozenBackbone(model, OFF), examples, exact)[0].inputs
    found = embed(FrozenBackbone(model, store), examples, exact)[0].inputs
    np.testing.assert_allclose(found[train], fresh[train], atol=1e-6)  # of the training part only rough ones were kept
    np.testing.assert_allclose(found[rest], fresh[rest] + 1, atol=1e-6)  # the others were exact before
    assert rows(store) == 36 + 20


@needs_openvino
def test_features_of_the_graph_itself_are_kept_apart(store, monkeypatch):
    model, examples, rows_of_val = network(), pictures(), PARTS["val"]
    embed(FrozenBackbone(model, store), examples, spec(engine="openvino"))
    forge(store)
    frozen = FrozenBackbone(model, store)
    first = embed_traced(frozen, examples, rows_of_val[:4], spec())
    expected = keras.ops.convert_to_numpy(model(examples.inputs[rows_of_val].astype(np.float32)))
    np.testing.assert_allclose(first, expected[:4], atol=1e-5)
    seen = []
    monkeypatch.setattr(frozen, "traced", lambda one: seen.append(one) or expected[9:])
    again = embed_traced(frozen, examples, rows_of_val[[9, 0, 1, 2, 3]], spec())
    np.testing.assert_array_equal(again[1:], first)
    np.testing.assert_array_equal(again[0], expected[9])
    assert len(seen) == 1
    assert np.array_equal(seen[0][0], examples.inputs[rows_of_val[9]])


def test_a_changed_picture_has_features_of_its_own(store):
    model, chosen = network(), spec()
    before = embed(FrozenBackbone(model, store), pictures(), chosen)[0].inputs
    after = embed(FrozenBackbone(model, store), pictures(first=1), chosen)[0].inputs  # each is where its neighbour was
    np.testing.assert_array_equal(after[:-1], before[1:])
    assert rows(store) == 37


def test_without_hashes_nothing_is_kept(store):
    examples = Examples(pictures().inputs, pictures().labels, PARTS)
    embed(FrozenBackbone(network(), store), examples, spec())
    assert store.usage() == []


@pytest.fixture
def left_in_store(monkeypatch):
    """Let features be cut out of the store as they are needed, as those of many images are."""
    monkeypatch.setattr(features_module, "IN_MEMORY", 0)


def test_few_features_are_all_in_memory_and_many_are_left_in_the_store(store, monkeypatch):
    few = embed(FrozenBackbone(network(), store), pictures(), spec())[0].inputs
    monkeypatch.setattr(features_module, "IN_MEMORY", few.nbytes - 1)
    many = embed(FrozenBackbone(network(), store), pictures(), spec())[0].inputs
    assert (type(few), type(many)) == (np.ndarray, Features)
    np.testing.assert_array_equal(few, many)


@pytest.mark.parametrize("hindrance", ["limit", "full disk", "half a disk"])
def test_features_are_right_whatever_the_store_cannot_keep(store, monkeypatch, left_in_store, hindrance):
    model, examples = network(), pictures()
    fresh = embed(FrozenBackbone(model, OFF), examples, spec())[0].inputs
    if hindrance == "limit":
        store = Store(store.root, 19 * 8 * 4)  # one row of training too few
    else:
        monkeypatch.setattr(store_module, "SEGMENT_ROWS", 5)
        written, finish = [], store_module.Writer._finish

        def full(writer):
            if hindrance == "full disk" or written:
                raise OSError(28, "No space left on device")
            written.append(finish(writer))

        monkeypatch.setattr(store_module.Writer, "_finish", full)
    features = embed(FrozenBackbone(model, store), examples, spec())[0].inputs
    np.testing.assert_allclose(features, fresh, atol=1e-6)
    order = np.array([35, 0, 19, 3, 3, 21])
    np.testing.assert_array_equal(features[order], np.array(features)[order])
    assert (store.trouble == "") == (hindrance == "limit")


@pytest.mark.parametrize("when", ["before the run", "during the run"])
@pytest.mark.parametrize("damage", ["zeros", "removed"])
def test_damaged_features_are_computed_anew(store, capsys, left_in_store, damage, when):
    model, examples = network(), pictures()
    expected = np.array(embed(FrozenBackbone(model, store), examples, spec())[0].inputs)
    again = embed(FrozenBackbone(model, store), examples, spec())[0].inputs if when == "during the run" else None
    capsys.readouterr()
    for path in store.root.glob("*.rows"):
        path.unlink() if damage == "removed" else path.write_bytes(bytes(path.stat().st_size))
    if again is None:
        again = embed(FrozenBackbone(model, store), examples, spec())[0].inputs
        assert rows(store) == 36
    order = np.array([35, 0, 19, 3, 3, 21])
    np.testing.assert_array_equal(again[order], expected[order])
    np.testing.assert_array_equal(again, expected)
    np.testing.assert_array_equal(again[order], expected[order])
    told = f"note: damaged features in the store in {store.root}: what is damaged is made anew\n"
    assert capsys.readouterr().err == (told if damage == "zeros" else "")
    assert store.trouble == ""
    assert np.array_equal(embed(FrozenBackbone(model, store), examples, spec())[0].inputs, expected)
    assert rows(store) == 36


def test_features_beyond_the_limit_are_not_kept_and_drive_nothing_out(store):
    bounded, other = Store(store.root, 19 * 8 * 4), RowType("other", (100,))
    with bounded.writer(other) as keep:
        keep.add("a", np.zeros(100, np.uint8))
    embed_train(FrozenBackbone(network(), bounded), pictures(), spec())
    assert [entry.kind for entry in bounded.usage()] == ["other"]


def test_augmented_views_are_not_kept(store):
    model, examples = network(), pictures()

    def augmented(kept):
        return embed(FrozenBackbone(model, kept), examples, spec(), build({"brightness": 0.5}, None, 0), views=2)[0]

    fresh, first, again = augmented(OFF), augmented(store), augmented(store)
    for one in (first, again):
        np.testing.assert_array_equal(one.inputs, fresh.inputs)
        np.testing.assert_array_equal(one.labels, fresh.labels)
        assert len(one.indices["train"]) == 3 * 20
    assert rows(store) == 36
    forge(store)
    forged = augmented(store).inputs
    np.testing.assert_allclose(forged[:36], fresh.inputs[:36] + 1, atol=1e-6)
    np.testing.assert_allclose(forged[36:], fresh.inputs[36:], atol=1e-6)


def test_a_part_may_be_empty(store):
    parts = {"train": np.arange(36), "val": np.arange(0), "test": np.arange(0)}
    for _ in range(2):
        assert embed(FrozenBackbone(network(), store), pictures(rows=parts), spec())[0].inputs.shape == (36, 8)


def test_a_file_that_changes_during_the_run_is_told(tmp_path):
    files = []
    for seed in range(36):
        buffer = io.BytesIO()
        PillowImage.fromarray(np.random.default_rng(seed).integers(0, 256, (40, 40, 3), np.uint8)).save(buffer, "PNG")
        (tmp_path / f"{seed}.png").write_bytes(buffer.getvalue())
        files.append(ImageRecord(tmp_path / f"{seed}.png", f"{seed}.png", "a", None))
    streamed, _ = loading.load(files, SIZE, "crop", OFF)
    examples = Examples(streamed.pixels, np.zeros(36, np.int32), PARTS, None, streamed.sha256)
    assert embed(FrozenBackbone(network(), OFF), examples, spec())[0].inputs.shape == (36, 8)
    files[25].path.write_bytes(files[24].path.read_bytes())
    with pytest.raises(UserError, match=r"25\.png was changed or removed during the run"):
        embed(FrozenBackbone(network(), OFF), examples, spec())


# ---- fingerprints of networks ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_network_has_one_fingerprint_here_and_in_another_process():
    try:
        from models.parts.lite_weights import weights_path

        weights_path("efficientnet_lite")
        lite = "imagenet"
    except UserError:
        lite = "none"
    asked = [("original", "none"), ("efficientnet_lite", lite)]

    def fingerprints():
        for name, weights in asked:
            keras.utils.set_random_seed(0)
            yield FrozenBackbone(build_backbone(name, 64, weights)).fingerprint

    here = list(fingerprints())
    assert list(fingerprints()) == here
    assert len(set(here)) == 2
    words = [sys.executable, "-c", FINGERPRINTS, json.dumps(asked)]
    assert subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split() == here


def test_models_within_models_count_in_the_order_of_the_features_that_are_kept():
    inner = network()
    chain = keras.Sequential([keras.Input((SIZE, SIZE, 3)), inner, keras.layers.Dense(4), keras.layers.ReLU()])
    image = keras.Input((SIZE, SIZE, 3))
    for model in (inner, chain, keras.Model(image, keras.layers.Dense(2)(chain(image)) + inner(image)[:, :2])):
        assert [layer.name for layer in layers_within(model)] == [layer.name for layer in flatten_layers(model)]


def test_networks_that_differ_have_other_fingerprints():
    changes = ({}, {"seed": 1}, {"scale": 1 / 255}, {"activation": "sigmoid"}, {"size": 48})
    assert len({FrozenBackbone(network(**change)).fingerprint for change in changes}) == len(changes)
    assert FrozenBackbone(network()).fingerprint == FrozenBackbone(network()).fingerprint


def test_a_network_that_may_learn_and_one_that_may_not_answer_alike():
    model = network()
    before = FrozenBackbone(model).fingerprint
    freeze(model)
    assert FrozenBackbone(model).fingerprint == before


def test_saved_and_loaded_is_the_same_network(tmp_path):
    model = network()
    model.save(tmp_path / "model.keras")
    assert (
        FrozenBackbone(keras.saving.load_model(tmp_path / "model.keras")).fingerprint
        == FrozenBackbone(model).fingerprint
    )


# ---- the choice of precision -----------------------------------------------------------------------------------------


@needs_openvino
@pytest.mark.skipif(
    hardware.openvino_available() and not hardware.has_bfloat16(), reason="this processor has no bfloat16"
)
def test_what_was_measured_once_is_not_measured_again(store):
    chosen, examples = spec(engine="openvino", precision="auto"), pictures()
    first = cached_engine_choice(FrozenBackbone(network(), store), examples, chosen)
    assert first.images_per_second
    assert "measured earlier" not in first.reason
    again = cached_engine_choice(FrozenBackbone(network(), Store(store.root)), pictures(first=50), chosen)
    assert again.reason == f"{first.reason} (measured earlier)"
    assert (again.engine, again.precision, again.images_per_second, again.cosine) == (
        first.engine,
        first.precision,
        first.images_per_second,
        first.cosine,
    )
    third = cached_engine_choice(FrozenBackbone(network(), store), examples, chosen)
    assert third == again  # the note is not added twice
    for other, model in (
        (chosen, network(seed=1)),
        (spec(engine="openvino", precision="auto", image_size=48), network()),
    ):
        assert "measured earlier" not in cached_engine_choice(FrozenBackbone(model, store), examples, other).reason


@needs_openvino
def test_what_was_asked_for_is_taken_whatever_was_measured(store):
    examples = pictures()
    cached_engine_choice(FrozenBackbone(network(), store), examples, spec(engine="openvino", precision="auto"))
    asked = cached_engine_choice(FrozenBackbone(network(), store), examples, spec(engine="openvino"))
    assert (asked.precision, asked.reason) == ("float32", "openvino was asked for; float32 was asked for")
    assert cached_engine_choice(FrozenBackbone(network(), store), examples, spec()).engine == "tensorflow"


@pytest.mark.parametrize("where", ["into the store", "into memory"])
def test_commands_that_share_a_store_share_the_embedding(where, tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "ROUND", 10)
    frozen = FrozenBackbone(network())
    all_rows, run = np.arange(80), frozen.runner("tensorflow", "float32")
    examples = pictures(rows={"train": all_rows})
    row_type, seen = features_row_type(frozen, spec(), "tensorflow", "float32"), []

    def work(run, store):
        features = np.zeros((80, *row_type.shape), np.float32)
        if where == "into memory":
            embed_into_memory(features, run, examples, all_rows, row_type, store, "")
        else:
            embed_into_store(run, examples, all_rows, row_type, store, "")[0].read_into(features)
        return features

    def first_command(batch):
        seen.append(len(batch))
        if len(seen) == 1:  # a second one does all meanwhile
            work(run, Store(tmp_path))
        return run(batch)

    found = work(first_command, Store(tmp_path))
    assert seen == [10]
    np.testing.assert_allclose(found, run(examples.inputs), atol=1e-5)
