#!/usr/bin/env bash
# One would expect StratifiedGroupKFold(shuffle=True, random_state=seed) to divide the groups otherwise for each seed, so that
# cross-validation over ten seeds shows how much the score depends on the division. Groups are dealt out by the spread of their
# counts of classes, largest first, and the seed only orders groups that are equal in it. Where all groups have another size, as
# the images of patients, videos or cameras have, every seed gives the same folds, image for image: ten repeats are one, their
# standard deviation is exactly 0, and a difference between two networks looks certain. Here it is 0.0000; by GroupKFold, 0.0166.
# Otherwise it is a silent mixture: large groups, which decide, stay where they are, while the seed moves the small ones.
# The documentation says that only groups of about the same distribution of classes are shuffled. What counts are numbers of
# images: videos of one and the same class are not shuffled either, unless they are equally long.
# Count the different divisions. GroupKFold(shuffle=True) draws freely, without strata; where every group has one class,
# StratifiedKFold over a list of the groups does both.
# Seen with scikit-learn 1.9.1, numpy 2.4.6, 30 November 2026. Source:
# https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.StratifiedGroupKFold.html and its code in
# model_selection/_split.py, as repaired in https://github.com/scikit-learn/scikit-learn/pull/32540; in 1.7.2, before that, the
# seed had an effect, and the folds had no strata
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
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, cross_val_score

warnings.simplefilter("error")  # there are none
SEEDS, FOLDS = range(10), 5
rng = np.random.default_rng(0)


def repeat(name, splitter, sizes, classes):
    """Return how many of ten seeds divide otherwise, and the standard deviation of the accuracy over them."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = classes[groups]
    images = rng.normal(size=(len(sizes), 8))[groups] + rng.normal(size=(len(groups), 8)) + labels[:, None] * 0.8
    divisions, scores = set(), []
    for seed in SEEDS:
        folds = splitter(n_splits=FOLDS, shuffle=True, random_state=seed)
        divisions.add(frozenset(frozenset(own.tolist()) for _, own in folds.split(images, labels, groups)))
        scores.append(cross_val_score(LogisticRegression(), images, labels, groups=groups, cv=folds).mean())
    spread = float(np.std(scores))
    print(f"{name}: {len(divisions)} of {len(SEEDS)} divisions, accuracy +- {spread:.4f}")
    return len(divisions), spread


print("scikit-learn", sklearn.__version__)
videos = rng.permutation(np.arange(5, 65))  # 60 videos of 5 to 64 images, each of another length
kinds = rng.integers(0, 2, 60)
found, spread = repeat("StratifiedGroupKFold, 60 videos, each of another length", StratifiedGroupKFold, videos, kinds)
assert found == 1 and spread == 0
found, spread = repeat("StratifiedGroupKFold, 60 videos of 34 images", StratifiedGroupKFold, np.full(60, 34), kinds)
assert found == 10 and spread > 0
found, spread = repeat("GroupKFold, 60 videos, each of another length", GroupKFold, videos, kinds)
assert found == 10 and spread > 0
PYTHON
