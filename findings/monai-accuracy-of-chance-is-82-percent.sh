#!/usr/bin/env bash
# One would expect a metric called accuracy to tell the share of images whose class is right. MONAI's ConfusionMatrixMetric,
# for classification of several classes by its documentation, takes each class as a question of its own, and counts as right
# that a cat is not called a dog, nor a horse, nor any other class than the two that were mixed up. Guesses among 10 classes have
# 0.82, among 100 0.98; a classifier that is right in half of the images has 0.90 in place of 0.50. F1, precision and sensitivity
# on the other hand are all one number by the default reduction: the share of right images, whatever their classes are.
# Early stopping and the best of several networks go by the right order still, but what one reports is not accuracy, and
# differences shrink: 0.90 against 0.91 is 0.50 against 0.55.
# Take metric_name="sensitivity" for that share, or scikit-learn's accuracy_score; for a macro F1 compute it by class.
# Seen with MONAI 1.6.1, torch 2.13.0, scikit-learn 1.9.1, 30 November 2026. Source:
# https://github.com/Project-MONAI/MONAI/issues/7009
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check monai==1.6.1 torch==2.13.0 scikit-learn==1.9.1 numpy==2.4.6
cd "$work"
venv/bin/python -W ignore - <<'PYTHON'
import monai
import numpy as np
import sklearn
import torch
from monai.metrics import ConfusionMatrixMetric
from sklearn.metrics import accuracy_score, f1_score

NAMES = ["accuracy", "f1 score", "precision", "sensitivity"]
rng = np.random.default_rng(0)


def measure(classes, share, images=10000):
    """Return what is right, and what MONAI and scikit-learn measure, where a share is known and the others are guessed."""
    labels = np.arange(images) % classes
    answers = np.where(rng.uniform(size=images) < share, labels, rng.integers(0, classes, images))
    metric = ConfusionMatrixMetric(metric_name=NAMES)
    metric(*(torch.nn.functional.one_hot(torch.tensor(values), classes) for values in (answers, labels)))
    found = dict(zip(NAMES, (float(value) for value in metric.aggregate())))
    right, macro = accuracy_score(labels, answers), f1_score(labels, answers, average="macro")
    shown = {name: round(value, 3) for name, value in found.items()}
    print(f"{classes} classes: {right:.3f} are right, scikit-learn's F1 {macro:.3f}, MONAI {shown}")
    expected = 1 - 2 * (1 - right) / classes
    assert abs(found["accuracy"] - expected) < 1e-4
    assert all(abs(found[name] - right) < 1e-4 for name in NAMES[1:])
    return right, found["accuracy"]


print("MONAI", monai.__version__, "torch", torch.__version__, "scikit-learn", sklearn.__version__)
right, told = measure(10, 0)
assert right < 0.12 and told > 0.81
right, told = measure(100, 0)
assert right < 0.02 and told > 0.97
right, told = measure(10, 0.45)
assert right < 0.55 and told > 0.89
measure(2, 0.5)
PYTHON
