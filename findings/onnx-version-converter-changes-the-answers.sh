#!/usr/bin/env bash
# One would expect onnx.version_converter to write the same network in the operators of another version, or to refuse: it has an
# adapter for each operator whose meaning has changed, and raises where it has none. Three of them change what is computed.
# Resize and Upsample of version 10 and before go on without the attributes that version 11 brought, so that mode "linear" takes
# its new grid, of half pixels in place of whole ones. Softmax of version 13 works along one axis, that of 11 and 12 over all
# numbers from that axis on, and the axis is handed on as it is: of a map with classes at each place, the probabilities of a
# place no longer add up to 1, but those of the whole image do. Hardmax on the way up, from 11 to 13, does the reverse.
# A network that resizes inside answers for shifted pixels after an upgrade: of a small one with random weights a third of the
# labels are others. A segmenter taken down to version 12 for an older runtime has no probability above 0.01 any more. Shapes
# are the same, and onnx.checker is content.
# Export again for the version you need, or compare a few answers of the converted file with those of the first.
# Seen with onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6, 30 November 2026. Sources: https://github.com/onnx/onnx/issues/8480 on
# Resize, which is open; Softmax and Hardmax seen by running
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, version_converter

rng = np.random.default_rng(0)
images = rng.random((200, 3, 8, 8), np.float32)


def build(version, nodes, **constants):
    """Return a network of these nodes, from x to y, in the operators of a version."""
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *images.shape[1:]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 4)],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)], ir_version=8)


def run(network):
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": images})[0]


def both(name, version, nodes, to, **constants):
    """Return what a network answers, and what it answers after the conversion."""
    network = build(version, nodes, **constants)
    converted = version_converter.convert_version(network, to)
    onnx.checker.check_model(network)
    onnx.checker.check_model(converted)
    before, after = run(network), run(converted)
    assert before.shape == after.shape
    print(f"{name} from {version} to {to}: answers differ by up to {np.abs(before - after).max():.6f}")
    return before, after


print("onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__)
scales = np.array([1, 1, 2, 2], np.float32)
for operator, version in (("Upsample", 9), ("Resize", 10)):
    for mode in ("nearest", "linear"):
        resize = helper.make_node(operator, ["x", "scales"], ["y"], mode=mode)
        before, after = both(f"{operator}, {mode},", version, [resize], 13, scales=scales)
        assert (before == after).all() if mode == "nearest" else np.abs(before - after).max() > 0.2
        if mode == "linear":
            asymmetric = helper.make_node(
                "Resize", ["x", "", "scales"], ["y"], mode="linear", coordinate_transformation_mode="asymmetric"
            )
            assert np.allclose(before, run(build(13, [asymmetric], scales=scales)), atol=1e-6)
            half = helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="linear")
            assert np.allclose(after, run(build(13, [half], scales=scales)), atol=1e-6)

classifier = [
    helper.make_node("Resize", ["x", "scales"], ["large"], mode="linear"),
    helper.make_node("Conv", ["large", "kernel"], ["maps"], strides=[2, 2]),
    helper.make_node("Relu", ["maps"], ["positive"]),
    helper.make_node("GlobalAveragePool", ["positive"], ["y"]),
]
kernel = rng.normal(size=(10, 3, 3, 3)).astype(np.float32)
before, after = both("a classifier that resizes,", 10, classifier, 13, scales=scales, kernel=kernel)
before, after = before - before.mean(0), after - before.mean(0)
changed = np.mean(before.argmax(1) != after.argmax(1))
print(f"    {changed:.0%} of the labels are others")
assert changed > 0.1

for version in (12, 11):
    before, after = both("Softmax along the classes", 13, [helper.make_node("Softmax", ["x"], ["y"], axis=1)], version)
    print(f"    probabilities of a place add up to {before.sum(1).mean():.3f} before and {after.sum(1).mean():.3f} after")
    print(f"    the largest is {before.max():.3f} before and {after.max():.3f} after")
    assert np.allclose(before.sum(1), 1, atol=1e-5) and np.allclose(after.sum((1, 2, 3)), 1, atol=1e-5)
before, after = both("Hardmax", 11, [helper.make_node("Hardmax", ["x"], ["y"])], 13)
print(f"    ones in an image: {before[0].sum():.0f} before and {after[0].sum():.0f} after")
assert before[0].sum() == 1 and after[0].sum() == 24
for version in (13, 17):
    before, after = both("Softmax", 11, [helper.make_node("Softmax", ["x"], ["y"], axis=1)], version)
    assert (before == after).all()  # upwards it is right
PYTHON
