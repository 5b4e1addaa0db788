#!/usr/bin/env bash
# One would expect the cross-entropy of the same answers to be the same number, whether they are kept as float16, float32 or
# float64. log_loss clips probabilities at the machine epsilon of their type, so that a sure mistake costs at most 36.0 in
# float64, 15.9 in float32 and 6.9 in float16: the same predictions of one network, a third of them sure and wrong, measure
# 12.0, 5.3 and 2.3. A value of float32 that is far from 0, such as 1e-9, is raised to 1.2e-7 as well.
# So a loss of predictions that were saved (float16 to spare room, float64 as read from CSV) cannot be compared with that
# of the network in memory, and rounding makes an overconfident network look calibrated. Keras clips at 1e-7.
# Convert to float64 first, by log-softmax of the logits where there are any, and say where probabilities were clipped.
# Seen with scikit-learn 1.9.1, numpy 2.4.6, 30 November 2026. Source: https://github.com/scikit-learn/scikit-learn/pull/24354;
# the argument that chose the limit is gone since version 1.5.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import numpy as np
import sklearn
from sklearn.metrics import log_loss

LABELS = [0, 1, 1]
sure = np.array([[1, 0], [0, 1], [1, 0]])  # the last is wrong; 0 and 1 are exact in every type
nearly = np.array([[1 - 1e-9, 1e-9]] * 3)
print("scikit-learn", sklearn.__version__)
found = {}
for name in ("float64", "float32", "float16"):
    found[name] = log_loss(LABELS, sure.astype(name))
    print(f"{name}: {found[name]:.2f}; a sure mistake costs {3 * found[name]:.1f}")
assert np.allclose([*found.values()], [12.01, 5.31, 2.31], atol=0.01)
in_64, in_32 = (log_loss(LABELS, nearly.astype(name)) for name in ("float64", "float32"))
print(f"probability 1e-9: {in_64:.2f} in float64, {in_32:.2f} in float32, which can hold it")
assert np.float32(1e-9) > 0 and round(in_64 - in_32, 1) == 3.2
PYTHON
