#!/usr/bin/env bash
# One would expect calibration by a temperature to make a network more careful, at the least not absurdly sure. Where the
# calibration split holds no mistake, and a small one of a good classifier often does not, the likelihood grows without
# end as the temperature falls towards 0: there is no best one, and what CalibratedClassifierCV(method="temperature")
# returns is where its search happened to stop. No warning tells it. Here a cautious 68 % became 99.99998 %.
# Distrust a temperature that was fitted without a single mistake; fit it on more images, or leave the probabilities as they are.
# Seen with scikit-learn 1.9.1, 27 November 2026. The method: Guo et al. 2017, https://arxiv.org/abs/1706.04599, and
# https://scikit-learn.org/stable/modules/calibration.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
cd "$work"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import warnings

import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(0)
features = np.concatenate([rng.normal(-2, 0.3, (40, 2)), rng.normal(2, 0.3, (40, 2))])
labels = np.repeat([0, 1], 40)
classifier = LogisticRegression().fit(features, labels)
assert classifier.score(features, labels) == 1
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    calibrated = CalibratedClassifierCV(FrozenEstimator(classifier), method="temperature").fit(features, labels)
(fitted,) = calibrated.calibrated_classifiers_
between = [[0.3, 0.3]]  # an image between the two classes, unlike any that was seen
before, after = classifier.predict_proba(between)[0, 1], calibrated.predict_proba(between)[0, 1]
print("scikit-learn", sklearn.__version__)
print(f"temperature {1 / fitted.calibrators[0].beta_:.3f}; probability {before:.3f} before, {after:.8f} after; "
      f"{len(warned)} warnings")
assert 0.6 < before < 0.75
assert after > 0.9999
assert warned == []
PYTHON
