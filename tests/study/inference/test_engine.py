# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import gc
import os
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import ROOT, small_options

import models
from data.store.rows import RowType
from data.store.store import Store
from errors import UserError
from models.parts.head import classifier, head
from models.parts.weights import build_backbone
from study.inference import engine, openvino_ir
from study.inference.frozen import FrozenBackbone
from study.runtime import hardware

SIZE = 64
needs_openvino = pytest.mark.skipif(
    not hardware.openvino_available(), reason="openvino is not installed (pip install openvino)"
)


def pictures(count):
    return np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)


def network(name, classes=0):
    """A backbone, or a classifier, with weights like no other, its normalisations' statistics included."""
    keras.utils.set_random_seed(0)
    backbone = build_backbone(name, SIZE, "none", small_options(name))
    rng = np.random.default_rng(0)
    for variable in backbone.variables:
        if variable.path.endswith(("moving_mean", "beta", "bias")):
            variable.assign(rng.normal(0, 0.1, variable.shape))
        elif variable.path.endswith(("moving_variance", "gamma")):
            variable.assign(rng.uniform(0.8, 1.2, variable.shape))
    return classifier(backbone, head(backbone.output_shape[-1], classes, 0.2)) if classes else backbone


def keras_answer(model, pixels):
    return np.asarray(model(tf.constant(pixels.astype(np.float32)), training=False))


def prepare(frozen, *arguments):
    choice = engine.choose_engine(frozen, *arguments)
    return frozen.runner(choice.engine, choice.precision)


def message(*arguments):
    with pytest.raises(UserError) as caught:
        prepare(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def fresh(code, *arguments, **variables):
    """Run Python in a process of its own; it ends well and writes nothing to standard error."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return ran.stdout


def write(traced, folder):
    """Write a traced network's files."""
    openvino_ir.save(openvino_ir.accept_uint8(openvino_ir.convert(traced)), folder)


@pytest.fixture(scope="module")
def small():
    return network("original")


@pytest.fixture(scope="module")
def frozen(small):
    return FrozenBackbone(small)


@pytest.fixture(scope="module")
def runner(frozen):
    return frozen.runner("openvino", "float32")


# ---- OpenVINO --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@needs_openvino
@pytest.mark.parametrize("name", models.available("classify"))
def test_features_are_those_of_keras_and_bfloat16_stays_near(name, capfd):
    model, pixels = network(name), pictures(5)
    converted = FrozenBackbone(model).converted
    features, wanted = openvino_ir.compile(converted, "float32")(pixels), keras_answer(model, pixels)
    assert features.dtype == np.float32
    assert np.ptp(wanted) > 0.01
    np.testing.assert_allclose(features, wanted, rtol=0, atol=1e-4 * max(1, np.abs(wanted).max()))
    if hardware.has_bfloat16():
        rough = openvino_ir.compile(converted, "bfloat16")(pixels)
        assert 0.995 < engine.smallest_cosine(features, rough) < 1 - 1e-9  # it did compute otherwise
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@needs_openvino
def test_probabilities_of_a_whole_classifier_are_those_of_keras():
    model, pixels = network("efficientnet_lite", 3), pictures(5)
    frozen = FrozenBackbone(model)
    choice = engine.choose_engine(frozen, pixels, "openvino", "float32")
    assert (choice.engine, choice.precision, choice.cosine) == ("openvino", "float32", None)
    assert choice.reason == "openvino was asked for; float32 was asked for"
    shares = frozen.runner(choice.engine, choice.precision)(pixels)
    np.testing.assert_allclose(shares, keras_answer(model, pixels), rtol=0, atol=1e-5)


@pytest.mark.slow
@needs_openvino
@pytest.mark.parametrize("options", [{"coordinates": True}, {"activation": "silu"}])
def test_of_a_converted_network_only_its_own_output_is_left(options):
    backbone = build_backbone("lenet", 32, "none", small_options("lenet", **options))
    converted = openvino_ir.convert(openvino_ir.trace(backbone))
    assert [tuple(output.shape) for output in converted.outputs] == [(1, *backbone.output_shape[1:])]
    pixels = pictures(3)[:, :32, :32]
    features = openvino_ir.compile(openvino_ir.accept_uint8(converted), "float32")(pixels)
    np.testing.assert_allclose(features, keras_answer(backbone, pixels), rtol=0, atol=1e-5)


@needs_openvino
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_any_number_of_pictures(small, runner, count):
    pixels = pictures(count)
    assert runner(pixels).shape == (count, 128)
    if count:
        np.testing.assert_allclose(runner(pixels), keras_answer(small, pixels), atol=1e-4)


@needs_openvino
def test_pieces_and_views_make_no_difference(runner):
    pixels = pictures(7)
    whole = runner(pixels)
    assert np.array_equal(whole, np.concatenate([runner(pixels[:3]), runner(pixels[3:6]), runner(pixels[6:])]))
    assert np.array_equal(whole[::-2], runner(pixels[::-2]))
    flipped = pixels[:, :, ::-1]  # a view whose rows run backwards
    assert np.array_equal(runner(flipped), runner(np.ascontiguousarray(flipped)))


@needs_openvino
def test_the_answer_of_before_is_left_alone(runner):
    pixels = pictures(4)
    first = runner(pixels[:2])
    kept = first.copy()
    runner(pixels[2:])
    assert np.array_equal(first, kept)


@needs_openvino
def test_auto_takes_openvino_and_says_why(frozen, monkeypatch):
    monkeypatch.setattr(engine, "gpu_visible", lambda: False)
    choice = engine.choose_engine(frozen, pictures(20))
    assert choice.engine == "openvino"
    assert choice.reason.startswith("openvino is installed and TensorFlow sees no GPU; ")
    assert f"{choice.precision}" in choice.reason
    if hardware.has_bfloat16():
        assert set(choice.images_per_second) == {"float32", "bfloat16"}
        assert min(choice.images_per_second.values()) > 0
        assert 0.99 < choice.cosine <= 1
        assert f"{choice.images_per_second['float32']:.0f} images/s" in choice.reason
    assert frozen.runner(choice.engine, choice.precision)(pictures(2)).shape == (2, 128)


@needs_openvino
@pytest.mark.parametrize(("factor", "noise", "precision"), [(3, 0, "bfloat16"), (3, 1, "float32"), (0.3, 0, "float32")])
def test_auto_takes_bfloat16_only_where_it_is_faster_and_near(frozen, monkeypatch, factor, noise, precision):
    outputs = np.random.default_rng(0).normal(size=(6, 128)).astype(np.float32)
    rough = outputs + noise * np.eye(6, 128, dtype=np.float32) * 100 * (np.arange(6) == 4)[:, None]  # one row is off
    answers = iter([(outputs, 10.0), (rough, 10.0 * factor)])
    monkeypatch.setattr(hardware, "has_bfloat16", lambda: True)
    monkeypatch.setattr(engine, "_probe", lambda runner, sample: next(answers))
    choice = engine._faster_precision(frozen, pictures(6), "because")
    assert choice.precision == precision
    assert choice.images_per_second == {"float32": 10.0, "bfloat16": 10.0 * factor}


@needs_openvino
def test_auto_with_no_bfloat16_or_no_picture_is_float32(small, monkeypatch):
    frozen = FrozenBackbone(small)
    if hardware.has_bfloat16():
        assert engine.choose_engine(frozen, pictures(0), "openvino").reason.endswith("there is no image to try")
    monkeypatch.setattr(hardware, "has_bfloat16", lambda: False)
    choice = engine.choose_engine(frozen, pictures(2), "openvino")
    assert choice.precision == "float32"
    assert choice.reason.endswith("this processor does not compute in bfloat16")
    assert message(frozen, pictures(1), "openvino", "bfloat16") == (
        "--precision bfloat16: this processor does not compute in it. Give --precision float32."
    )


def test_smallest_cosine():
    rows = np.array([[1, 0], [1, 1], [2, 0]], np.float32)
    assert engine.smallest_cosine(rows, rows[:2]) == pytest.approx(1)
    assert engine.smallest_cosine(rows, rows[[0, 2, 1]]) == pytest.approx(2**-0.5)
    assert engine.smallest_cosine(rows, rows * np.nan) == engine.smallest_cosine(rows, 0 * rows) == 0


@needs_openvino
def test_files_answer_without_keras_and_nothing_else_is_left(small, tmp_path):
    folders = {name: tmp_path / name for name in ("ir", "tmp", "home")}
    for folder in folders.values():
        folder.mkdir()
    traced = openvino_ir.trace(small)
    write(traced, folders["ir"])
    assert sorted(path.name for path in folders["ir"].iterdir()) == ["model.bin", "model.xml"]
    pixels = pictures(3)
    np.save(tmp_path / "pixels.npy", pixels)
    code = """
import sys, numpy as np
from pathlib import Path
from study.inference import openvino_ir
here = Path(sys.argv[1])
np.save(here / "answer.npy", openvino_ir.load(here / "ir")(np.load(here / "pixels.npy")))
assert not {"keras", "tensorflow"} & sys.modules.keys()
assert sys.modules["openvino_telemetry"] is None
"""
    assert fresh(code, tmp_path, TMPDIR=str(folders["tmp"]), HOME=str(folders["home"])) == ""
    np.testing.assert_allclose(np.load(tmp_path / "answer.npy"), keras_answer(small, pixels), atol=1e-4)
    np.testing.assert_allclose(traced(pixels[:1].astype(np.float32)), keras_answer(small, pixels[:1]), atol=1e-4)
    assert not list(folders["tmp"].iterdir()) + list(folders["home"].iterdir())


@needs_openvino
def test_choosing_and_exporting_are_silent_and_leave_nothing(tmp_path):
    folders = {name: tmp_path / name for name in ("ir", "tmp", "home")}
    for folder in folders.values():
        folder.mkdir()
    code = """
import sys
from study.inference import engine, openvino_ir
from study.inference.frozen import FrozenBackbone
from study.runtime import backend
backend.start()
import numpy as np
from pathlib import Path
from models.parts.weights import build_backbone
model = build_backbone("original", 64, "none")
pixels = np.zeros((9, 64, 64, 3), np.uint8)
for chosen in ((), ("tensorflow",)):
    frozen = FrozenBackbone(model)
    choice = engine.choose_engine(frozen, pixels, *chosen)
    assert frozen.runner(choice.engine, choice.precision)(pixels).shape == (9, 128)
openvino_ir.save(openvino_ir.accept_uint8(openvino_ir.convert(openvino_ir.trace(model))), Path(sys.argv[1]))
"""
    out = fresh(code, folders["ir"], TMPDIR=str(folders["tmp"]), HOME=str(folders["home"]))
    assert out == ""
    assert not list(folders["tmp"].rglob("*"))
    assert not [path for path in folders["home"].rglob("*") if "intel" in str(path.relative_to(tmp_path)).lower()]


@pytest.mark.slow
@needs_openvino
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_damaged_files_are_named(small, tmp_path, damage):
    write(openvino_ir.trace(small), tmp_path)
    path = tmp_path / "model.xml"
    if damage == "missing":
        path.unlink()
    else:
        path.with_suffix(".bin").write_bytes(b"")
    with pytest.raises(UserError, match=r"model\.xml or its model\.bin is missing or damaged"):
        openvino_ir.load(tmp_path)


@pytest.mark.slow
@needs_openvino
def test_a_backbone_and_a_head_join_to_the_classifier(small):
    whole, pixels = network("original", 3), pictures(4)
    _, inside, head_of_it = whole.layers
    joined = openvino_ir.concatenate(
        FrozenBackbone(inside).converted, openvino_ir.convert(openvino_ir.trace(head_of_it))
    )
    np.testing.assert_allclose(openvino_ir.compile(joined, "float32")(pixels), keras_answer(whole, pixels), atol=1e-5)


@pytest.mark.slow
@needs_openvino
def test_a_network_is_converted_once(small, tmp_path, monkeypatch):
    store, pixels = Store(tmp_path), pictures(3)
    first = FrozenBackbone(small, store).runner("openvino", "float32")(pixels)
    kept = sum(usage.bytes for usage in store.usage())
    monkeypatch.setattr(openvino_ir, "trace", lambda model: pytest.fail("converted again"))
    assert np.array_equal(FrozenBackbone(small, store).runner("openvino", "float32")(pixels), first)
    assert sum(usage.bytes for usage in store.usage()) == kept
    head_of_it = FrozenBackbone(network("original", 3).layers[-1], store)
    with pytest.raises(pytest.fail.Exception, match="converted again"):  # another network is not taken for it
        _ = head_of_it.converted


@pytest.mark.slow
@needs_openvino
def test_a_released_network_runs_again(small):
    frozen, pixels = FrozenBackbone(small), pictures(3)
    first = frozen.runner("openvino", "float32")
    expected, held = first(pixels), weakref.ref(first)
    frozen.release()
    del first
    gc.collect()
    assert held() is None
    assert np.array_equal(frozen.runner("openvino", "float32")(pixels), expected)


@pytest.mark.slow
@needs_openvino
@pytest.mark.parametrize("damage", [lambda old: bytes(len(old)), lambda old: old[:-9] + b"x" + old[-8:]])
def test_a_kept_network_that_is_damaged_is_converted_and_kept_anew(small, tmp_path, capfd, damage):
    store, pixels = Store(tmp_path), pictures(3)
    first = FrozenBackbone(small, store).runner("openvino", "float32")(pixels)
    (largest,) = tmp_path.glob("*.blob")
    whole = largest.read_bytes()
    largest.write_bytes(damage(whole))
    capfd.readouterr()
    assert np.array_equal(FrozenBackbone(small, store).runner("openvino", "float32")(pixels), first)
    told = f"note: damaged converted in the store in {tmp_path}: what is damaged is made anew\n"
    assert capfd.readouterr().err == told
    (again,) = tmp_path.glob("*.blob")
    assert len(again.read_bytes()) == len(whole)
    assert np.array_equal(FrozenBackbone(small, store).runner("openvino", "float32")(pixels), first)
    assert capfd.readouterr().err == ""


FULL = """
import resource, signal, sys
from pathlib import Path
from study.runtime import backend
backend.start()
import numpy as np
from data.store.store import Store
from models.parts.weights import build_backbone
from study.inference import openvino_ir
from study.inference.frozen import FrozenBackbone
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
frozen = FrozenBackbone(build_backbone("original", 64, "none"), Store(Path(sys.argv[1])))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
print(frozen.runner("openvino", "float32")(np.zeros((2, 64, 64, 3), np.uint8)).shape)
try:
    openvino_ir.save(frozen.converted, Path(sys.argv[2]))
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.slow
@needs_openvino
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for a limit")
def test_a_network_that_the_disk_cannot_hold_runs_from_memory(tmp_path):
    (tmp_path / "ir").mkdir()
    words = [sys.executable, "-c", FULL, str(tmp_path / "store"), str(tmp_path / "ir")]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "(2, 128)\nFile too large\n"), ran.stderr
    assert ran.stderr == "note: the converted network is not kept, and will be converted again: File too large\n"


@pytest.mark.slow
@needs_openvino
def test_a_network_that_is_larger_than_the_store_drives_nothing_out(small, tmp_path):
    store, kind = Store(tmp_path, 1000), RowType("rows", (10,))
    with store.writer(kind) as writer:
        writer.add("a", np.arange(10))
    assert FrozenBackbone(small, store).runner("openvino", "float32")(pictures(1)).shape == (1, 128)
    assert [usage.kind for usage in store.usage()] == ["rows"]


# ---- TensorFlow ------------------------------------------------------------------------------------------------------


def test_tensorflow_is_obeyed(small, frozen):
    choice = engine.choose_engine(frozen, pictures(2), "tensorflow")
    run = frozen.runner(choice.engine, choice.precision)
    assert (choice.engine, choice.precision, choice.images_per_second) == ("tensorflow", "float32", {})
    assert choice.reason == "tensorflow was asked for"
    pixels = pictures(3)
    np.testing.assert_allclose(run(pixels), keras_answer(small, pixels), atol=1e-5)
    assert run(pixels[:0]).shape == (0, 128)


def test_auto_takes_tensorflow_without_openvino_and_on_a_gpu(frozen, monkeypatch):
    monkeypatch.setattr(hardware, "openvino_available", lambda: False)
    assert engine.choose_engine(frozen, pictures(2)).reason == "openvino is not installed"
    monkeypatch.setattr(hardware, "openvino_available", lambda: True)
    monkeypatch.setattr(engine, "gpu_visible", lambda: True)
    assert engine.choose_engine(frozen, pictures(2)).reason == "TensorFlow sees a GPU"


def test_errors_say_what_would_be_right(frozen, monkeypatch, tmp_path):
    assert message(frozen, pictures(1), "tensorflow", "bfloat16") == (
        "--precision bfloat16 is OpenVINO's, and TensorFlow was taken (tensorflow was asked for). "
        "Give --engine openvino, or --precision float32."
    )
    monkeypatch.setattr(hardware, "openvino_available", lambda: False)
    missing = "OpenVINO is not installed. Run: pip install openvino, or give --engine tensorflow."
    assert message(frozen, pictures(1), "openvino") == missing
    with pytest.raises(UserError, match="OpenVINO is not installed"):
        openvino_ir.load(tmp_path)


def test_asking_whether_it_is_there_imports_nothing():
    code = (
        "import sys; from study.runtime.hardware import openvino_available as a; print(a(), 'openvino' in sys.modules)"
    )
    assert fresh(code) == f"{hardware.openvino_available()} False\n"


@pytest.mark.slow
@needs_openvino
def test_a_thread_converts_too():
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: openvino_ir.convert(openvino_ir.trace(network("original")))).result().inputs
