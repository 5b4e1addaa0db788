#!/usr/bin/env bash
# One would expect a network of one output to have one output after the conversion. openvino.convert_model of a concrete
# TensorFlow function makes an output of every end of the graph as well: of a slice that was computed and never read, and
# twice of a network that ends in silu (swish), whose operation for its own gradient has two ends. The function itself
# says that it has one output. Answers by position stay right, since the real output comes first; whoever unpacks the
# outputs, joins two networks, or counts classes by them gets an error or a wrong tensor, for some activations only.
# Keep the result that has the name of the function's own output, and leave the others out.
# Seen with OpenVINO 2026.4.1 and TensorFlow 2.21.0, 27 November 2026. Source:
# https://docs.openvino.ai/2024/api/ie_python_api/_autosummary/openvino.convert_model.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 tensorflow==2.21.0
cd "$work"
TF_CPP_MIN_LOG_LEVEL=3 venv/bin/python - 2>"$work/log" <<'PYTHON' || { cat "$work/log"; exit 1; }
import sys

sys.modules["openvino_telemetry"] = None  # its own stub is used instead: nothing is sent
import openvino
import tensorflow as tf


def relu(features):
    return tf.nn.relu(features)


def relu_after_an_unread_slice(features):
    tf.zeros((1, 4, 4, 1))[:, :2]
    return tf.nn.relu(features)


def silu(features):
    return tf.nn.silu(features)


print("openvino", openvino.get_version(), "tensorflow", tf.__version__)
shapes = {}
for network in (relu, relu_after_an_unread_slice, silu):
    spec = tf.TensorSpec((1, 8), tf.float32, name="features")
    graph = tf.function(network, autograph=False).get_concrete_function(spec)
    model = openvino.convert_model(graph)
    shapes[network.__name__] = [tuple(output.shape) for output in model.outputs]
    print(f"{network.__name__}: {len(graph.outputs)} output in TensorFlow, {shapes[network.__name__]} in OpenVINO")
    own = [result for result in model.get_results()
           if graph.outputs[0].name in result.get_output_tensor(0).get_names()]
    kept = openvino.Model(own[:1], model.get_parameters(), "kept")
    assert [tuple(output.shape) for output in kept.outputs] == [(1, 8)]
assert shapes["relu"] == [(1, 8)]
assert shapes["relu_after_an_unread_slice"] == [(1, 8), (1, 2, 4, 1)]
assert shapes["silu"] == [(1, 8), (1, 8)]
PYTHON
