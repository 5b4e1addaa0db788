"""A function of the user's own: found, tried, and applied to training batches alone; and the sheet that shows it."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import sys

import numpy as np
import pytest
from helpers import QUICK, call
from PIL import Image
from small import splits, tiny

from data.augment import custom, pipeline
from data.augment.pipeline import build, describe
from errors import UserError
from study.fit import loop
from study.fit.targets import PhaseSource, phase_batches
from study.runtime.backend import user_errors
from study.settings.resolve import as_json
from study.settings.stages import ResolutionPhase, Stage, augmented_views
from study.settings.train import TrainSettings
from study.train import preview

OWN = """
import numpy as np
def speckle(x): return x * np.random.default_rng(0).uniform(0.5, 1.5, x.shape)
def dark(x): x *= 0; return x
def bright(x): return x + 1000
def smaller(x): return x[:, ::2, ::2]
def scaled(x): return x / 255
def broken(x): raise ValueError("no\\nway")
def nothing(x): pass
def holes(x): return x * np.nan
calls = 0
def late(x):
    global calls
    calls += 1
    return x if calls < 3 else x[:0]
number = 3
"""
PIXELS = np.random.default_rng(0).integers(0, 256, (8, 12, 12, 3), np.uint8)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own_changes.py"
    path.write_text(OWN)
    return path


def message(call, *arguments):
    with pytest.raises(UserError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def settings(**changes):
    base = {"augment": {}, "l2": 0.0, "dropout": 0.0, "learning": "scratch", "precision": "float32"}
    return TrainSettings.of(**base | changes)


def examples(n=28, size=12):
    from data.batches import Examples

    pixels = np.random.default_rng(1).integers(100, 156, (n, size, size, 3)).astype(np.uint8)
    return Examples(pixels, (np.arange(n) % 2).astype(np.int32), splits(n))


# ---- finding it ------------------------------------------------------------------------------------------------------


def test_a_function_is_found_in_a_file_and_in_a_module(own, monkeypatch):
    monkeypatch.chdir(own.parent)
    assert custom.parse("none") is None
    assert custom.parse("own_changes.py:dark") == f"{own}:dark"
    assert custom.parse("numpy.random:rand") == "numpy.random:rand"
    monkeypatch.setattr(sys, "path", sys.path.copy())
    for path in (f"{own}:dark", "own_changes:dark"):
        assert custom.load(path)(np.ones(3)).tolist() == [0, 0, 0]
    monkeypatch.delitem(sys.modules, "own_changes")


def test_a_file_may_hold_dataclasses(tmp_path):
    code = "from __future__ import annotations\nfrom dataclasses import dataclass\n\n@dataclass\nclass Dark:\n"
    code += "    share: float\n\ndef dark(image):\n    return image * Dark(0.5).share\n"
    (tmp_path / "noise.py").write_text(code)
    assert custom.load(f"{tmp_path / 'noise.py'}:dark")(np.full(2, 4.0)).tolist() == [2, 2]


def test_a_file_runs_once(tmp_path, capsys):
    (tmp_path / "loud.py").write_text("print('imported')\ndef same(pixels):\n    return pixels\n")
    for _ in range(3):
        custom.check(f"{tmp_path / 'loud.py'}:same", np.full((2, 4, 4, 3), 9, np.uint8))
    pipeline.with_custom_function(None, f"{tmp_path / 'loud.py'}:same")
    assert capsys.readouterr().out == "imported\n"


@pytest.mark.parametrize("text", ["noise.py", ":f", "noise.py:", "noise.py:a b", ""])
def test_what_names_no_function_is_refused(text):
    assert message(custom.parse, text) == (
        f"`augment_with` takes none, or package.module:function or path/to/file.py:function. Received: {text}"
    )


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/no/such.py:f", "/no/such.py cannot be imported: FileNotFoundError: no such file"),
        (
            "no_such_module:f",
            "no_such_module cannot be imported: ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("{own}:gone", "there is no gone in "),
        ("{own}:number", "number is no function but of type int"),
    ],
)
def test_a_function_that_is_not_there_is_told(own, path, error):
    said = message(custom.load, path.format(own=own))
    assert said.startswith("`augment_with` ")
    assert error in said
    assert said.endswith("Give package.module:function or path/to/file.py:function.")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("smaller", "must return images of the shape it gets, (8, 12, 12, 3). Received: (8, 6, 6, 3)"),
        ("nothing", "must return images of the shape it gets, (8, 12, 12, 3). Received: ()"),
        ("broken", "failed on a batch (8, 12, 12, 3): ValueError: no way."),
        ("holes", "must return finite numbers 0 to 255. Received: nan or infinity"),
        ("scaled", "must return values 0 to 255, as it gets them; scaling is the model's. Received: values up to 1"),
    ],
)
def test_a_function_that_returns_something_else_is_told(own, name, error):
    assert message(custom.check, f"{own}:{name}", PIXELS) == f"`augment_with` {own}:{name} {error}"


# ---- applying it -----------------------------------------------------------------------------------------------------


def test_it_comes_last_and_what_leaves_the_range_is_cut_off(own):
    pixels, labels = PIXELS.copy(), np.arange(8, dtype=np.int32)
    batch = {"images": pixels, "labels": labels}
    changed = build({"flip": 1.0}, f"{own}:bright", 0)(batch)
    assert np.asarray(changed["images"]).min() == 255
    np.testing.assert_array_equal(changed["labels"], labels)
    speckled = np.asarray(build({}, f"{own}:speckle", 0)(batch)["images"])
    assert (speckled != pixels).mean() > 0.8
    assert np.abs(speckled - pixels.astype(float)).mean() < 60
    build({}, f"{own}:dark", 0)(batch)  # writes into what it gets
    np.testing.assert_array_equal(pixels, PIXELS)
    assert build({}, None, 0) is None


def test_training_batches_are_changed_and_those_of_validation_are_not(own):
    model, given, phase = tiny(), examples(), ResolutionPhase(12, 0, 1, last=True, mixing=True)
    chosen = settings(augment_with=f"{own}:dark")
    source = PhaseSource(model, Stage("scratch", 1, 8, 0.1), given, chosen, None, phase, 0)
    training, validation, _ = phase_batches(source)
    assert max(float(np.max(x)) for x, _ in training) == 0
    seen = np.concatenate([x for x, _ in validation])
    np.testing.assert_array_equal(seen, given.inputs[given.indices["val"]])


def test_under_transfer_the_head_learns_from_views_of_it(own):
    assert augmented_views(settings(learning="transfer", augment_with=f"{own}:dark")) > 0
    assert augmented_views(settings(learning="transfer")) == 0


def test_what_it_does_wrong_later_is_told_too(own):
    chosen = settings(augment_with=f"{own}:late")
    stages = [Stage("scratch", 3, 8, 0.01)]
    with pytest.raises(UserError, match=r"own_changes\.py:late must return images of the shape it gets"):
        loop.fit(tiny(), examples(), None, stages, chosen)


def test_other_errors_of_a_pipeline_stay_what_they_are():
    import tensorflow as tf

    with pytest.raises(tf.errors.OpError), user_errors():
        tf.debugging.assert_equal(1, 2)


def test_a_bad_one_ends_before_training_and_run_json_keeps_it(own, toy, tmp_path):
    words = ("train", "--data", toy, *QUICK, "--runs", tmp_path, "--augment-with", f"{own}:smaller")
    ran = call(*words)
    assert (ran.code, "epoch" in ran.out) == (2, False)
    assert "must return images of the shape it gets, (16, 32, 32, 3). Received: (16, 16, 16, 3)" in ran.err
    assert as_json(settings(augment_with=f"{own}:dark"))["augment_with"] == f"{own}:dark"


# ---- the sheet -------------------------------------------------------------------------------------------------------


def test_the_preview_is_a_picture_and_nothing_is_trained(own, toy, tmp_path):
    words = ("train", "--data", toy, *QUICK, "--runs", tmp_path, "--augment-preview")
    ran = call(*words, "--augment", "flip,cutmix", "--augment-with", f"{own}:speckle")
    assert (ran.code, ran.err) == (0, "")
    assert f"cutmix 0.5, then {own}:speckle" in ran.out
    assert f"look at {tmp_path / preview.FILE}; nothing was trained" in ran.out
    assert [path.name for path in tmp_path.iterdir()] == [preview.FILE]
    with Image.open(tmp_path / preview.FILE) as sheet:
        assert sheet.format == "PNG"
        assert np.asarray(sheet.convert("RGB")).std() > 20


def test_a_preview_of_nothing_is_refused(tmp_path):
    stage, chosen = Stage("scratch", 1, 8, 0.1), settings(runs=str(tmp_path))
    said = message(preview.write, chosen, stage, examples(), ("a", "b"))
    assert said.startswith("--augment-preview has nothing to show: no augmentation is chosen. ")
    assert list(tmp_path.iterdir()) == []


def test_the_preview_shows_all_classes_in_turn_and_names_mixed_labels():
    rows = preview.chosen_indices(examples(80))
    assert (rows % 2).tolist() == [0, 1] * 3
    assert set(rows) <= set(range(68))
    names = ("cat", "dog", "horse")
    assert preview.label_text(np.int32(2), names) == "horse"
    assert preview.label_text(np.float32([0.3, 0.7, 0]), names) == "dog 70 %, cat 30 %"
    assert preview.label_text(np.float32([0.999, 0.001, 0]), names) == "cat"


@pytest.mark.parametrize(("sizes", "epochs", "size"), [((64, 96, 128), 20, 96), ((64, 96), 20, 64), ((), 20, 144)])
def test_the_preview_shows_pictures_of_a_size_at_which_they_are_mixed(sizes, epochs, size):
    phase = preview.preview_phase(settings(progressive=sizes, image_size=144), Stage("scratch", epochs, 8, 0.1))
    assert (phase.size, phase.mixing) == (size, True)


def test_what_is_applied_is_told():
    assert describe({"flip": 1.0, "crop": 0.3}, "a:b") == "flip 1, crop 0.3, then a:b"
    assert describe({}, "a:b") == "a:b"
    assert describe({}, None) == "none"
