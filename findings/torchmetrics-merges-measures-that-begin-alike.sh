#!/usr/bin/env bash
# One would expect MetricCollection to compute each of its measures, whatever stands beside it. To save time it looks, after the
# first batch, which measures have the same state so far, and from then on updates only one of each such group for all of them.
# Their arguments are not looked at. Recall at thresholds of 0.5 and 0.9 is one and the same where no answer of the first batch
# lies between, top 1 and top 3 where all are right or none is, a measure with ignore_index where the first batch lacks that
# class: from there on both names hold one figure, that of the threshold which comes first. Which batch is first so decides:
# validation images sorted by class, a first batch of easy ones or a small batch are enough, and with the batches in reverse
# order all figures are right. A recall at 0.9 is reported as 0.77 where it is 0.31, top 3 as 0.61 in place of 0.91.
# An epoch later, after reset, the groups are kept.
# MetricCollection(…, compute_groups=False), always where measures of one kind differ in an argument.
# Seen with torchmetrics 1.9.0, torch 2.13.0, numpy 2.4.6, 30 November 2026. Sources:
# https://github.com/Lightning-AI/torchmetrics/issues/2596, https://github.com/Lightning-AI/torchmetrics/issues/2916,
# https://lightning.ai/docs/torchmetrics/stable/pages/overview.html
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
from torch.nn.functional import one_hot
from torchmetrics import MetricCollection
from torchmetrics.classification import BinaryRecall, MulticlassAccuracy

warnings.simplefilter("error")  # there are none
generator = torch.Generator().manual_seed(0)


def labels(classes):
    return torch.randint(0, classes, (64,), generator=generator)


def hard_pair():
    of = labels(2)
    return of * 0.3 + torch.rand(64, generator=generator) * 0.7, of


def hard_many(classes):
    of = labels(classes)
    return one_hot(of, classes) + torch.randn(64, classes, generator=generator), of


def judge(name, measures, batches):
    """Return what the collection says, what it says without groups, with the batches reversed, and each measure alone."""
    found = []
    for batches_of, options in ((batches, {}), (batches, {"compute_groups": False}), (batches[::-1], {})):
        collection = MetricCollection({key: make() for key, make in measures.items()}, **options)
        for _ in range(2):  # two epochs
            collection.reset()
            for scores, of in batches_of:
                collection.update(scores, of)
        found.append([round(float(value), 3) for value in collection.compute().values()])
    alone = [make() for make in measures.values()]
    for measure in alone:
        for scores, of in batches:
            measure.update(scores, of)
    found.append([round(float(measure.compute()), 3) for measure in alone])
    print(f"{name}: {found[0]}, without groups {found[1]}, batches reversed {found[2]}, each alone {found[3]}")
    return found


print("torchmetrics", torchmetrics.__version__, "torch", torch.__version__)
first = labels(2)
recall = {"at 50 %": lambda: BinaryRecall(0.5), "at 90 %": lambda: BinaryRecall(0.9)}
found = [judge("recall at 0.5 and 0.9", recall, [(first * 0.96 + 0.02, first), *(hard_pair() for _ in range(5))])]
first = labels(5)
top = {"top 1": lambda: MulticlassAccuracy(5, top_k=1), "top 3": lambda: MulticlassAccuracy(5, top_k=3)}
found.append(judge("top 1 and top 3", top, [(one_hot(first, 5).float(), first), *(hard_many(5) for _ in range(5))]))
lacks = torch.where(first < 3, first, 0)  # no image of class 3, which stands for "unknown"
known = {
    "all": lambda: MulticlassAccuracy(4, average="micro"),
    "known": lambda: MulticlassAccuracy(4, average="micro", ignore_index=3),
}
found.append(judge("all and known", known, [(one_hot(lacks, 4).float(), lacks), *(hard_many(4) for _ in range(5))]))
for grouped, apart, backwards, alone in found:
    assert apart == backwards == alone and alone[0] != alone[1]
    assert grouped == [alone[0], alone[0]]
PYTHON
