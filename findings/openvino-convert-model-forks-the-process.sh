#!/usr/bin/env bash
# One would expect openvino.convert_model to convert, in this process. It also sends statistics to Google Analytics, nine
# of them for a network of one layer, each in a forked copy of the process that called it, from a thread, one after the
# other while the conversion and what follows go on. A copy of a small program costs little. A training holds gigabytes,
# whose page tables are copied at each fork with the interpreter locked, and every page that is written to afterwards is
# copied too: in a process with TensorFlow and 1 GB, tests of 0.5 s that convert a small network took 2 to 5 s.
# Without the package openvino_telemetry OpenVINO uses a stub of its own: put None in its place before the first import,
# or say no once by `opt_in_out --opt_out`. Here a proxy that is not there keeps everything from being sent.
# Seen with OpenVINO 2026.4.1, openvino-telemetry 2025.2.0 and ONNX 1.22.0, 29 November 2026. Source:
# https://docs.openvino.ai/2025/about-openvino/additional-resources/telemetry.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 openvino-telemetry==2025.2.0 onnx==1.22.0
mkdir "$work/home"
cat > "$work/convert.py" <<'PYTHON'
import os
import sys
import time
from importlib.metadata import version

forks = []
os.register_at_fork(before=lambda: forks.append(time.perf_counter()))
if sys.argv[1] == "without":
    sys.modules["openvino_telemetry"] = None
import onnx
import openvino

print(*(f"{name} {version(name)}" for name in ("openvino", "openvino-telemetry", "onnx")))
image, answer = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 8]) for name in ("image", "answer"))
node = onnx.helper.make_node("Relu", ["image"], ["answer"])
network = onnx.helper.make_model(onnx.helper.make_graph([node], "network", [image], [answer]), ir_version=10)
onnx.save(network, "network.onnx")
begun = time.perf_counter()
openvino.convert_model("network.onnx")
time.sleep(10)  # the statistics leave one after the other
before, after = sum(fork < begun for fork in forks), sum(fork >= begun for fork in forks)
print(f"{sys.argv[1]} openvino_telemetry: {before} forks by the import, {after} by one conversion")
assert (after > 1) == (sys.argv[1] == "with"), forks
PYTHON
cd "$work"
unset CI TF_BUILD JENKINS_URL
for telemetry in with without; do
    HOME=$work/home http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 no_proxy= \
        venv/bin/python convert.py "$telemetry" 2>"$work/log" || { cat "$work/log"; exit 1; }
done
