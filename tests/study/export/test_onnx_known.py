"""The known images of an ONNX file in 8-bit integers: smaller, and the distance nearly the same."""

import os
import subprocess
import sys

import numpy as np
import pytest
from helpers import ROOT

onnx = pytest.importorskip("onnx", reason="the packages of requirements-export.txt are not installed")
onnxruntime = pytest.importorskip("onnxruntime")

from study.export.formats.onnx import halve, in_bytes  # noqa: E402 - they need the packages above

FEATURES, IMAGES = 200, 400


def model_of(known):
    """A graph that multiplies features by the known images."""
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["features", "known"], ["cosines"])],
        "cosines",
        [value("features", onnx.TensorProto.FLOAT, [None, FEATURES])],
        [value("cosines", onnx.TensorProto.FLOAT, [None, IMAGES])],
        [onnx.numpy_helper.from_array(known, "known")],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)


def run(model, features):
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"features": features})[0]


def test_they_take_half_the_bytes_and_cosines_stay_within_a_hundredth():
    rng = np.random.default_rng(0)
    rows = rng.gamma(0.5, size=(IMAGES, FEATURES)).astype(np.float32)
    known = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16).astype(np.float32).T
    model = model_of(np.ascontiguousarray(known))
    expected = run(model, np.ascontiguousarray(known[:, :9].T))
    halve(model)
    halved = model.ByteSize()
    in_bytes(model)
    assert model.ByteSize() < 0.55 * halved
    found = run(model, np.ascontiguousarray(known[:, :9].T))
    assert 0 < np.abs(found - expected).max() < 0.01
    assert [node.op_type for node in model.graph.node] == ["DequantizeLinear", "MatMul"]


def test_an_image_of_zeros_stays_one():
    model = model_of(np.zeros((FEATURES, IMAGES), np.float32))
    halve(model)
    in_bytes(model)
    assert not run(model, np.ones((1, FEATURES), np.float32)).any()


def test_a_network_is_run_without_telling_anybody(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    onnx.save(model_of(np.ones((FEATURES, 2), np.float32)), tmp_path / "model.onnx")
    code = "import sys, pathlib; from study.export.formats import onnx; onnx.load(pathlib.Path(sys.argv[1]))"
    kept = {name: value for name, value in os.environ.items() if name not in ("ORT_DISABLE_TELEMETRY", "CI")}
    own = {"HOME": f"{tmp_path}/home", "XDG_CACHE_HOME": f"{tmp_path}/home", "TMPDIR": f"{tmp_path}/tmp"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, env=kept | own, check=True)
    assert not [*(tmp_path / "home").rglob("*"), *(tmp_path / "tmp").rglob("*")]
