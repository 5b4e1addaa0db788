#!/usr/bin/env bash
# One would expect top-5 accuracy to count an image as right if its class is among five. Keras counts every class that ties
# with the fifth: a network that answers the same for all 1,000 classes is 100 % right. It needs no dead network: in
# float16, as predictions are kept to save room, probabilities below 3e-8 are 0, so that where a sure network is wrong the
# true class ties with nearly all others. Here every answer is wrong and top-5 accuracy is 0 % in float32, 100 % once rounded;
# scikit-learn's top_k_accuracy_score breaks ties by the class index and says 0 % for both.
# Measure top-k on logits or on float32, and distrust a top-5 of 100 % beside a poor top-1.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, scikit-learn 1.9.1, 27 November 2026. Source:
# https://github.com/tensorflow/tensorflow/issues/13005
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
from sklearn.metrics import top_k_accuracy_score

CLASSES, IMAGES = 1000, 50
rng = np.random.default_rng(0)
labels = np.arange(100, 100 + IMAGES)
logits = rng.normal(size=(IMAGES, CLASSES)).astype(np.float32)
logits[np.arange(IMAGES), labels] = -6  # among the worst
logits[:, 0] = 30  # sure, and wrong
probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
rounded = probabilities.astype(np.float16).astype(np.float32)
equal = np.full((IMAGES, CLASSES), 1 / CLASSES, np.float32)


def top(predictions, k):
    metric = keras.metrics.SparseTopKCategoricalAccuracy(k=k)
    metric.update_state(labels, predictions)
    return float(metric.result())


def in_sklearn(predictions):
    return top_k_accuracy_score(labels, predictions, k=5, labels=range(CLASSES))


print("keras", keras.__version__, "scikit-learn", sklearn.__version__)
for name, predictions in {"float32": probabilities, "rounded": rounded, "all equal": equal}.items():
    print(f"{name}: top-1 {top(predictions, 1):.0%}, top-5 {top(predictions, 5):.0%}, "
          f"scikit-learn's top-5 {in_sklearn(predictions):.0%}")
assert top(probabilities, 5) == in_sklearn(probabilities) == 0
assert top(rounded, 1) == in_sklearn(rounded) == 0
assert top(rounded, 5) == 1
assert top(equal, 5) == top(equal, 1) == 1
PYTHON
