#!/usr/bin/env bash
# One would expect calibration to change how sure answers are and hardly the answers. CalibratedClassifierCV calibrates each
# class against all others and then divides by the sum. With method="isotonic", scores below the lowest that an image of it
# had become exactly 0, and many others tie. With 100 classes and 20 images of each to calibrate on, 2,000 in all where the
# documentation warns below 1,000, accuracy falls by 3.6 points, 4 % of the images get 0 for their true class, and the log
# loss that was to fall is four times as high. Where all classes are 0, the answer is 1/100 for each and argmax takes the first.
# The count that matters is images per class: a calibrated network of many classes is worse, by a step meant to make it safer,
# and a probability of 0 for the truth ruins a product of probabilities or an ensemble.
# method="temperature" keeps every answer; compare accuracy and log loss before and after on images that neither has seen.
# Seen with scikit-learn 1.9.1, numpy 2.4.6, 30 November 2026. Source:
# https://github.com/scikit-learn/scikit-learn/issues/18709
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

warnings.simplefilter("error")  # there are none
CLASSES, FEATURES = 100, 32
rng = np.random.default_rng(0)
centres = rng.normal(size=(CLASSES, FEATURES))


def draw(count):
    labels = rng.permutation(np.arange(count) % CLASSES)
    return centres[labels] + 1.3 * rng.normal(size=(count, FEATURES)), labels


classifier = LogisticRegression(max_iter=300).fit(*draw(5000))
images, labels = draw(5000)


def measure(name, probabilities):
    right = (probabilities.argmax(1) == labels).mean()
    none = (probabilities[np.arange(len(labels)), labels] == 0).mean()
    level = (np.ptp(probabilities, axis=1) == 0).sum()
    loss = log_loss(labels, probabilities)
    print(f"{name}: accuracy {right:.1%}, log loss {loss:.2f}, 0 for the true class {none:.1%}, all classes equal {level} times")
    return right, loss, none, level


print("scikit-learn", sklearn.__version__)
before = measure("as trained", classifier.predict_proba(images))
found = {}
for count in (1000, 2000, 5000):
    given = draw(count)
    for method in ("isotonic", "temperature"):
        calibrated = CalibratedClassifierCV(FrozenEstimator(classifier), method=method).fit(*given)
        found[count, method] = measure(f"{method} on {count} images", calibrated.predict_proba(images))
for (count, method), (right, loss, none, level) in found.items():
    if method == "temperature":
        assert right == before[0] and loss <= before[1] and none == level == 0
    else:
        assert right < before[0] - 0.01 and loss > 2 * before[1] and none > 0.01
assert found[2000, "isotonic"][0] < before[0] - 0.03 and found[2000, "isotonic"][1] > 3.5 * before[1]
assert found[1000, "isotonic"][3] > 0
PYTHON
