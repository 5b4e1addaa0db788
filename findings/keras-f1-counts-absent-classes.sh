#!/usr/bin/env bash
# One would expect flawless predictions to have a macro F1 of 1. Keras' F1Score(average="macro") divides by all the classes of
# the network: one that neither occurs nor is predicted in these images counts as 0, so that with two of three classes
# present the best possible value is 0.667. scikit-learn's f1_score averages over the classes that occur and says 1.0;
# given labels=[0, 1, 2] it says 0.667 too, with a warning that Keras does not give.
# On a small validation split, or in sub-folders evaluated one by one, the same predictions so get two "macro F1".
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, scikit-learn 1.9.1, 27 November 2026. Sources:
# https://keras.io/api/metrics/classification_metrics/ and
# https://scikit-learn.org/stable/modules/generated/sklearn.metrics.f1_score.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 pillow==13.0.0 scikit-learn==1.9.1
cd "$work"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import warnings

import keras
import numpy as np
import sklearn
from sklearn.metrics import f1_score

labels = np.array([0, 0, 1, 1])  # none of class 2
metric = keras.metrics.F1Score(average="macro")
with warnings.catch_warnings(record=True) as of_keras:
    warnings.simplefilter("always")
    metric.update_state(np.eye(3)[labels], np.eye(3)[labels])
    in_keras = float(metric.result())
occurring = f1_score(labels, labels, average="macro")
with warnings.catch_warnings(record=True) as of_sklearn:
    warnings.simplefilter("always")
    all_three = f1_score(labels, labels, labels=[0, 1, 2], average="macro")
print("keras", keras.__version__, "scikit-learn", sklearn.__version__)
print(f"macro F1 of flawless predictions: keras {in_keras:.3f} ({len(of_keras)} warnings), scikit-learn {occurring:.3f}, "
      f"with all labels {all_three:.3f} ({len(of_sklearn)} warnings)")
assert round(in_keras, 3) == round(all_three, 3) == 0.667
assert occurring == 1.0
assert len(of_keras) == 0
assert len(of_sklearn) == 1
PYTHON
