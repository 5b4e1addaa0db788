#!/usr/bin/env bash
# One would expect cross_val_score of a classifier to make the same folds of labels 0, 1, 2 and of the same labels as one-hot
# rows, as networks want them. It asks what kind of labels they are: whole numbers are classes, and the folds are stratified;
# one-hot rows are taken for several labels of one image, of which it makes plain folds, in order. Images that were read folder
# by folder lie class by class, so each fold leaves classes out of training: the accuracy is 0, where it is 1 with numbers.
# GridSearchCV and cross_val_predict choose so too. Nothing is said, since many classifiers fit such labels.
# With images in a random order only the balance is lost: of a class with 6 of 600 images the folds get 3, 2 and 1.
# Hand over numbers, labels.argmax(1), and make one-hot rows inside the classifier, or pass stratified folds as cv.
# Seen with scikit-learn 1.9.1, 30 November 2026. Source: check_cv in
# https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.check_cv.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
cd "$work"
venv/bin/python -W error - <<'PYTHON'
import numpy as np
import sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold, check_cv, cross_val_predict, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

FOLDS = 3
rng = np.random.default_rng(0)
labels = np.repeat([0, 1, 2], 50)  # as read from three folders
features = rng.normal(size=(3, 8))[labels] * 3 + rng.normal(size=(150, 8))
one_hot = np.eye(3, dtype=int)[labels]


def folds(labels):
    found = type(check_cv(FOLDS, labels, classifier=True)).__name__
    print(f"labels of shape {labels.shape}: {found}")
    return found


print("scikit-learn", sklearn.__version__)
assert folds(labels) == "StratifiedKFold" and folds(labels.astype(float)) == "StratifiedKFold"
assert folds(labels[:, None]) == "StratifiedKFold"
assert folds(one_hot) == "KFold" and folds(one_hot.astype(float)) == "KFold"
for classifier in (KNeighborsClassifier(), RandomForestClassifier(50, random_state=0),
                   MLPClassifier(solver="lbfgs", random_state=0)):
    scores = [cross_val_score(classifier, features, one, cv=FOLDS).mean() for one in (labels, one_hot)]
    print(f"{type(classifier).__name__}: accuracy {scores[0]:.2f} with numbers, {scores[1]:.2f} with one-hot rows")
    assert scores[0] > 0.95 and scores[1] == 0
classifier = KNeighborsClassifier()
given = list(StratifiedKFold(FOLDS).split(features, labels))
score = cross_val_score(classifier, features, one_hot, cv=given).mean()
print(f"one-hot rows with stratified folds passed: {score:.2f}")
assert score > 0.95
named = [cross_val_predict(classifier, features, one, cv=FOLDS) for one in (labels, one_hot)]
right = [(named[0] == labels).mean(), (named[1].argmax(1) == labels).mean()]
search = GridSearchCV(classifier, {"n_neighbors": [1, 5]}, cv=FOLDS).fit(features, one_hot)
print(f"cross_val_predict: {right[0]:.2f} and {right[1]:.2f}; best of GridSearchCV with one-hot rows: {search.best_score_:.2f}")
assert right[0] > 0.95 and right[1] <= 1 / 3 and search.best_score_ == 0

order = rng.permutation(600)
rare = np.repeat([0, 1, 2], [297, 297, 6])[order]  # in a random order
counts = {}
for name, one in (("numbers", rare), ("one-hot rows", np.eye(3, dtype=int)[rare])):
    splits = check_cv(FOLDS, one, classifier=True).split(np.zeros((600, 1)), one)
    counts[name] = [int((rare[test] == 2).sum()) for _, test in splits]
print("images of a rare class in each fold:", counts)
assert counts["numbers"] == [2, 2, 2] and counts["one-hot rows"] != [2, 2, 2]
PYTHON
