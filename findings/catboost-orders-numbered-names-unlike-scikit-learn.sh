#!/usr/bin/env bash
# One would expect the columns of predict_proba to stand in the order of the sorted labels, as in every classifier that scikit-
# learn's scorers may meet. CatBoost sorts labels that are text by the alphabet too, unless all of them read as numbers: then
# it takes their values, "2" before "10", where np.unique, LabelEncoder and the measures put "10" before "2".
# Class names such as grades, article numbers and the folders 0 to 11 so get each other's probabilities. cross_val_score gives
# an AUC of 0.53 for a classifier whose AUC is 0.86, a log loss of 4.0 in place of 1.6, and among the likeliest two 18 in place
# of 66 %, while accuracy, which goes by names, is the same: it looks like a classifier that is right and badly calibrated, and
# a search by AUC or log loss picks settings by chance. Up to ten classes, 0 to 9, all is well.
# Train on numbers, or on names with zeros in front ("02"), and look columns up in classes_, never in np.unique of the labels.
# Seen with catboost 1.2.10, scikit-learn 1.9.1, numpy 2.4.6, 30 November 2026. Source: seen by running;
# https://catboost.ai/docs/concepts/python-reference_catboostclassifier names classes_, and no order for text
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check catboost==1.2.10 scikit-learn==1.9.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import catboost
import numpy as np
import sklearn
from catboost import CatBoostClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate

warnings.simplefilter("error", UserWarning)  # there are none
MEASURES = ["accuracy", "roc_auc_ovr", "neg_log_loss", "top_k_accuracy"]
rng = np.random.default_rng(0)
images = rng.normal(size=(1500, 8))
numbers = (images @ rng.normal(size=(8, 12)) + rng.gumbel(size=(1500, 12))).argmax(1)


def judge(name, classifier, labels):
    found = cross_validate(classifier, images, labels, cv=2, scoring=MEASURES)
    found = [found[f"test_{measure}"].mean() for measure in MEASURES]
    same = list(classifier.fit(images, labels).classes_) == list(np.unique(labels))
    print(f"{name}: sorted like NumPy {same}; " + ", ".join(f"{what} {value:.2f}" for what, value in zip(MEASURES, found)))
    return same, *found


print("catboost", catboost.__version__, "scikit-learn", sklearn.__version__)
boosting = CatBoostClassifier(iterations=60, verbose=0, allow_writing_files=False, random_seed=0)
plain = judge("numbers", boosting, numbers)
text = judge("text", boosting, numbers.astype(str))
print("    classes_:", *boosting.classes_)
zeros = judge("text with zeros", boosting, np.char.zfill(numbers.astype(str), 2))
words = judge("text that is no number", boosting, np.char.add("class ", numbers.astype(str)))
assert plain[0] and zeros[0] and words[0] and not text[0]
assert np.allclose(plain[1:], zeros[1:]) and plain[2] > 0.8 and words[2] > 0.8
assert abs(text[1] - plain[1]) < 0.01 and text[2] < 0.6 and text[3] < 2 * plain[3] and text[4] < plain[4] / 2
ten = [judge(f"classes 0 to 9 as {kind}", boosting, (numbers % 10).astype(kind)) for kind in (int, str)]
assert np.allclose(*ten)
linear = [judge(f"LogisticRegression, {kind}", LogisticRegression(), numbers.astype(kind)) for kind in (int, str)]
assert np.allclose(*linear, atol=0.01)
PYTHON
