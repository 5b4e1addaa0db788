#!/usr/bin/env bash
# One would expect a measure to take all that it is given for logits, or all of it for probabilities. torchmetrics asks each
# call anew: if one number of the batch lies outside [0, 1], the whole batch goes through a sigmoid (or softmax), and if none
# does, the logits are counted as probabilities. Logits from 0 to 1 are common, early in training, of a network with strong
# weight decay or a temperature, and a batch of a few images holds nothing else every so often. There 0.3 is no longer 57 % but
# 30 %, another class, and the scores that an AUC ranks come from two scales. Of one and the same 2,000 answers the AUC is 0.81
# in batches of 64, 0.74 in batches of two and 0.66 one by one, accuracy 73, 69 and 64 %; F1, calibration error and all others
# with scores do the same. A last batch of one image is enough to shift a figure.
# Hand over torch.sigmoid(logits), and softmax where there are several classes, always.
# Seen with torchmetrics 1.9.0, torch 2.13.0, numpy 2.4.6, 30 November 2026. Source: the pages of each measure say what is done
# to values outside [0, 1], not that it goes by the batch:
# https://lightning.ai/docs/torchmetrics/stable/classification/auroc.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import torch
import torchmetrics
from torchmetrics.classification import BinaryAccuracy, BinaryAUROC, BinaryCalibrationError, MulticlassCalibrationError

warnings.simplefilter("error")  # there are none
generator = torch.Generator().manual_seed(0)
labels = torch.randint(0, 2, (2000,), generator=generator)
logits = (labels * 2 - 1) * 0.3 + torch.randn(2000, generator=generator) * 0.5
several = torch.randint(0, 4, (2000,), generator=generator)
scores = 0.5 * torch.nn.functional.one_hot(several, 4) + 0.6 * torch.rand(2000, 4, generator=generator)


def measure(make, answers, of, size):
    metric = make()
    for start in range(0, len(of), size):
        metric.update(answers[start : start + size], of[start : start + size])
    return round(float(metric.compute()), 3)


def judge(name, make, answers, of, link):
    found = {size: measure(make, answers, of, size) for size in (2000, 64, 2, 1)}
    right = {size: measure(make, link(answers), of, size) for size in (2000, 64, 2, 1)}
    print(f"{name} by size of batch: {found}; of probabilities {right}")
    return found, right


print("torchmetrics", torchmetrics.__version__, "torch", torch.__version__)
found = {}
for make in (BinaryAccuracy, BinaryAUROC, BinaryCalibrationError):
    found[make.__name__], right = judge(make.__name__, make, logits, labels, torch.sigmoid)
    assert len(set(right.values())) == 1 and found[make.__name__][2000] == right[2000]
auc = found["BinaryAUROC"]
assert auc[64] > 0.8 and auc[2] < 0.75 and auc[1] < 0.67
assert found["BinaryAccuracy"][64] > 0.72 and found["BinaryAccuracy"][1] < 0.65


def make():
    return MulticlassCalibrationError(4)


several_found, right = judge("MulticlassCalibrationError", make, scores, several, lambda answers: answers.softmax(1))
assert len(set(right.values())) == 1 and several_found[1] != several_found[2000]
PYTHON
