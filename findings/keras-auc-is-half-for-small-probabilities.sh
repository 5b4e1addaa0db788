#!/usr/bin/env bash
# One would expect the area under the ROC curve to depend on the order of the predictions alone. Keras' AUC compares them
# with 200 fixed thresholds, evenly spaced from 0 to 1; what falls between two neighbours counts as equal. Where all
# probabilities of a rare class lie below 1/199, a perfect order scores 0.5, as if guessed; scikit-learn says 1.0.
# A rare class, or one of a thousand in a softmax layer, looks as if never learned, and early stopping by it sees no change.
# Take roc_auc_score, or give AUC thresholds where the predictions are.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, scikit-learn 1.9.1, 27 November 2026. Its documentation calls the value an
# approximation that may be poor: https://keras.io/api/metrics/classification_metrics/
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 scikit-learn==1.9.1
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import keras
import numpy as np
import sklearn
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(0)
labels = np.repeat([0, 1], [900, 100])
rare = np.concatenate([rng.uniform(0.0001, 0.001, 900), rng.uniform(0.001, 0.004, 100)]).astype(np.float32)


def area(predictions, **options):
    metric = keras.metrics.AUC(**options)
    metric.update_state(labels, predictions)
    return float(metric.result())


in_sklearn = roc_auc_score(labels, rare)
small, scaled = area(rare), area(rare / rare.max())
placed = area(rare, thresholds=np.quantile(rare, np.linspace(0.01, 0.99, 99)).tolist())
print("keras", keras.__version__, "scikit-learn", sklearn.__version__)
print(f"probabilities up to {rare.max():.4f}: keras {small:.3f}, scikit-learn {in_sklearn:.3f}")
print(f"keras, the same order scaled to 1: {scaled:.3f}; with thresholds among the predictions: {placed:.3f}")
assert in_sklearn == 1.0
assert round(small, 3) == 0.5
assert scaled > 0.99
assert placed > 0.99
PYTHON
