#!/usr/bin/env bash
# One would expect SMOTE to put a new image on the line between two images of the rare class, so that each of its pixels lies
# between theirs. It subtracts the two in the type they are given in: for unsigned bytes, the type of every decoded image,
# 100 - 150 is 206, and a new pixel lands anywhere. Here all pixels of the class are from 100 to 150, and four of ten new ones
# are darker or lighter than any of them, down to 0 and up to 255; so with 16-bit images, and with BorderlineSMOTE, ADASYN and
# SVMSMOTE. The type and the range look as they should, nothing is said, and int16 or float32 come out right.
# Half of a balanced training set may thus be noise that carries the rare class' label: a network learns that noise is the class.
# Convert to float32 before resampling, and look at a few of the images that it made.
# Seen with imbalanced-learn 0.14.2, scikit-learn 1.9.1, numpy 2.4.6, 30 November 2026. Source: the type is kept since
# https://github.com/scikit-learn-contrib/imbalanced-learn/pull/450
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check imbalanced-learn==0.14.2 scikit-learn==1.9.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import imblearn
import numpy as np
from imblearn.over_sampling import ADASYN, SMOTE, SVMSMOTE, BorderlineSMOTE

warnings.simplefilter("error")  # there are none
LOW, HIGH, COMMON, RARE = 100, 150, 100, 20
images = np.random.default_rng(0).integers(LOW, HIGH, (COMMON + RARE, 8 * 8), endpoint=True)
labels = np.repeat([0, 1], [COMMON, RARE])
print("imbalanced-learn", imblearn.__version__, "numpy", np.__version__)
for sampler in (SMOTE, BorderlineSMOTE, ADASYN, SVMSMOTE):
    for kind in ("uint8", "uint16", "int16", "float32"):
        made, _ = sampler(random_state=0).fit_resample(images.astype(kind), labels)
        new = made[COMMON + RARE:]
        outside = ((new < LOW) | (new > HIGH)).mean()
        print(f"{sampler.__name__}, {kind}: {len(new)} new images, pixels from {new.min():.0f} to {new.max():.0f}, "
              f"{outside:.0%} of them outside {LOW} to {HIGH}")
        assert len(new) >= 40 and made.dtype == kind
        assert outside > 0.3 if kind.startswith("u") else outside == 0
PYTHON
