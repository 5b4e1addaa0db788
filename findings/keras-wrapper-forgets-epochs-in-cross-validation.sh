#!/usr/bin/env bash
# One would expect `SKLearnClassifier(build, fit_kwargs={"epochs": 30})` to train for 30 epochs wherever scikit-learn trains it.
# Keras' wrapper makes its own copy when scikit-learn clones it, and leaves fit_kwargs out: fit() on the object itself runs 30
# epochs, while each fold of cross_val_score and each point of GridSearchCV (the refitted best one too) runs 1. Callbacks,
# batch size, class weights and validation split go the same way.
# A network of 97 % is reported as one of 50 %, and a search ranks settings by their first epoch: learning rates come out too
# high, and no setting that needs time can win. Only the progress bars, which verbose=0 no longer keeps away, give it away.
# Hand the arguments to the call instead, cross_val_score(..., params={"epochs": 30}) and search.fit(x, y, epochs=30), and look
# at len(estimator.history_.epoch).
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, scikit-learn 1.9.1, 30 November 2026. Source: `__sklearn_clone__` of
# https://github.com/keras-team/keras/pull/20599, documented at https://keras.io/api/utils/sklearn_wrappers/
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 scikit-learn==1.9.1
cd "$work"
export KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
venv/bin/python - 2> errors <<'PYTHON' || { tail -5 "$work/errors"; exit 1; }
import contextlib
import io

import keras
import sklearn
from keras.wrappers import SKLearnClassifier
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.model_selection import GridSearchCV, cross_validate

EPOCHS = 30
images, labels = make_blobs(600, n_features=8, centers=4, cluster_std=4, random_state=0)


def build(X, y):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(4, "softmax")])
    model.compile("adam", "categorical_crossentropy")
    return model


def epochs(estimator):
    return len(estimator.history_.epoch)


def folds(**options):
    with contextlib.redirect_stdout(io.StringIO()):  # progress bars
        found = cross_validate(classifier, images, labels, cv=3, return_estimator=True, **options)
    return [epochs(estimator) for estimator in found["estimator"]], found["test_score"].mean()


print("keras", keras.__version__, "scikit-learn", sklearn.__version__)
classifier = SKLearnClassifier(build, fit_kwargs={"epochs": EPOCHS, "verbose": 0})
classifier.fit(images[:400], labels[:400])
with contextlib.redirect_stdout(io.StringIO()):
    by_itself = classifier.score(images[400:], labels[400:])
print(f"fit: {epochs(classifier)} epochs, accuracy {by_itself:.1%}; fit_kwargs of a clone: {clone(classifier).fit_kwargs}")
forgotten, score = folds()
print(f"cross_validate: {forgotten} epochs, accuracy {score:.1%}")
given, passed = folds(params={"epochs": EPOCHS, "verbose": 0})
print(f"cross_validate with params: {given} epochs, accuracy {passed:.1%}")
search = GridSearchCV(classifier, {"warm_start": [False]}, cv=2)
with contextlib.redirect_stdout(io.StringIO()):
    search.fit(images, labels)
    best = epochs(search.best_estimator_)
    search.fit(images, labels, epochs=EPOCHS, verbose=0)
print(f"GridSearchCV's best: {best} epochs, with epochs given to fit: {epochs(search.best_estimator_)}")
assert epochs(classifier) == EPOCHS and by_itself > 0.9
assert clone(classifier).fit_kwargs is None
assert forgotten == [1, 1, 1] and score < 0.7
assert given == [EPOCHS] * 3 and passed > 0.9
assert best == 1 and epochs(search.best_estimator_) == EPOCHS
PYTHON
