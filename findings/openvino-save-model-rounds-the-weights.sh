#!/usr/bin/env bash
# One would expect a function that saves a network to write the network that was tested. openvino.save_model rounds all
# weights to FP16 unless told compress_to_fp16=False: half the file, and what is read back answers otherwise than the model
# in memory, even on a device that computes in float32. openvino.serialize, its neighbour, writes them unchanged.
# A check of an export that compares the converted model in memory with the original passes, and tells nothing of the file
# that is shipped. Compare what was read back, or save with compress_to_fp16=False where answers have to be the same.
# Seen with OpenVINO 2026.4.1, 27 November 2026. Source:
# https://docs.openvino.ai/2024/api/ie_python_api/_autosummary/openvino.save_model.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import sys

sys.modules["openvino_telemetry"] = None  # its own stub is used instead: nothing is sent
from pathlib import Path

import numpy as np
import openvino
from openvino import opset13 as ops

rng = np.random.default_rng(0)
image = rng.uniform(0, 1, (1, 3, 16, 16)).astype(np.float32)
inputs = ops.parameter(image.shape, np.float32)
kernel = ops.constant(rng.normal(0, 0.2, (32, 3, 3, 3)).astype(np.float32))
maps = ops.relu(ops.convolution(inputs, kernel, [1, 1], [0, 0], [0, 0], [1, 1]))
features = ops.reduce_mean(maps, ops.constant(np.array([2, 3])), False)
logits = ops.matmul(features, ops.constant(rng.normal(0, 0.2, (32, 10)).astype(np.float32)), False, False)
model = openvino.Model([logits], [inputs], "classifier")


def answer(network):
    return openvino.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(image)[0]


print("openvino", openvino.get_version())
before = answer(model)
openvino.save_model(model, "default.xml")
openvino.save_model(model, "full.xml", compress_to_fp16=False)
openvino.serialize(model, "serialized.xml")
apart = {}
for name in ("default", "full", "serialized"):
    apart[name] = float(np.abs(answer(f"{name}.xml") - before).max())
    print(f"{name}: {Path(name + '.bin').stat().st_size} bytes of weights, logits up to {apart[name]:.1e} apart")
kinds = {str(op.get_element_type()) for op in openvino.Core().read_model("default.xml").get_ops()
         if op.get_type_name() == "Constant"}
print("weights in the file by default:", kinds)
assert any("float16" in kind or "f16" in kind for kind in kinds)
assert apart["default"] > 1e-5
assert apart["full"] < 1e-6 and apart["serialized"] < 1e-6
assert Path("default.bin").stat().st_size < 0.6 * Path("full.bin").stat().st_size
PYTHON
