#!/usr/bin/env bash
# One would expect the measures of one library to agree on which of two classes is the one to be found. Where the labels are 0
# and 1 they do. Where they are 1 and 2, as in data sets from MATLAB or counted by hand, roc_auc_score and brier_score_loss take
# 2, the greater one, and so does predict_proba's last column; f1_score, precision_score, recall_score and
# average_precision_score take 1, and so do "f1", "recall" and "precision" as the scoring of a search. Only the functions that
# return curves refuse such labels; those that return a number say nothing.
# A rare class 2 of which 30 % is found so has an F1 of 0.97, that of the common class, in place of 0.43, and a recall of 0.99 in
# place of 0.30; average precision, of the wrong class by a ranking that runs the other way, is 0.84 in place of 0.57. A search
# by "recall" takes of three class weights the one that finds 30 % of the rare class, with labels 0 and 1 the one of 85 %.
# Labels of 0 and 1, (labels == 2).astype(int), or pos_label=2 in every call and make_scorer(f1_score, pos_label=2).
# Seen with scikit-learn 1.9.1, numpy 2.4.6, 1 December 2026. Source: https://github.com/scikit-learn/scikit-learn/issues/10010,
# and pos_label in https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html
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
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import GridSearchCV

warnings.simplefilter("error")  # there are none
rng = np.random.default_rng(0)
rare = rng.random(4000) < 0.06
features = rng.normal(size=(4000, 8))
features[rare] += 0.65
train, test = slice(2000), slice(2000, None)
classifier = LogisticRegression().fit(features[train], rare[train])
scores = classifier.predict_proba(features[test])[:, 1]
found = scores > 0.5


def measure(name, low):
    """Return each measure where the common class has the number `low` and the rare one the next."""
    labels, answers = low + rare[test].astype(int), low + found.astype(int)
    values = {
        "AUC": metrics.roc_auc_score(labels, scores),
        "Brier": metrics.brier_score_loss(labels, scores),
        "average precision": metrics.average_precision_score(labels, scores),
        "F1": metrics.f1_score(labels, answers),
        "precision": metrics.precision_score(labels, answers),
        "recall": metrics.recall_score(labels, answers),
    }
    print(f"{name}:", ", ".join(f"{key} {value:.2f}" for key, value in values.items()))
    return values


print("scikit-learn", sklearn.__version__, "numpy", np.__version__)
usual, other = measure("classes 0 and 1", 0), measure("classes 1 and 2", 1)
for name in ("AUC", "Brier"):
    assert usual[name] == other[name]
assert usual["AUC"] > 0.9 and usual["average precision"] < 0.65 and other["average precision"] > 0.8
assert usual["F1"] < 0.5 and other["F1"] > 0.95 and other["recall"] > 0.95
labels = 1 + rare[test].astype(int)
assert metrics.average_precision_score(labels, scores, pos_label=2) == usual["average precision"]
for curve in (metrics.roc_curve, metrics.precision_recall_curve):
    try:
        curve(labels, scores)
    except ValueError as error:
        print(f"{curve.__name__}: {str(error)[:75]}…")
    else:
        raise AssertionError("the curve was computed")


def search(low, scoring):
    """Return how much of the rare class the classifier finds that a search takes for the best."""
    weights = [{low: 1, low + 1: weight} for weight in (1, 4, 16)]
    grid = GridSearchCV(LogisticRegression(), {"class_weight": weights}, scoring=scoring, cv=5)
    answers = grid.fit(features[train], low + rare[train].astype(int)).predict(features[test])
    share = np.mean(answers[rare[test]] == low + 1)
    name = scoring if isinstance(scoring, str) else "recall of class 2"
    weight = grid.best_params_["class_weight"][low + 1]
    print(f"classes {low} and {low + 1}, search by {name}: weight {weight}, {share:.0%} found")
    return share


right, wrong = search(0, "recall"), search(1, "recall")
told = search(1, make_scorer(recall_score, pos_label=2))
assert right == told > wrong + 0.4
PYTHON
