#!/usr/bin/env bash
# One would expect a classifier that was trained on a table with names for its columns, and keeps those names, to find its
# columns by them, or to refuse a table in which they stand elsewhere. LightGBM takes them by their place and says nothing:
# the same columns in another order, or wholly other names, as long as their number is right. scikit-learn's own classifiers
# raise an error for the same table.
# Features of images (sharpness, width, mean colours, an embedding beside them) come from a database, a join or a dict in an
# order of their own. Here 99 % of the images are right, and 33 % after the columns were sorted by the alphabet.
# predict(table, validate_features=True), or table[classifier.feature_name_] before every call; never trust the order.
# Seen with lightgbm 4.7.0, scikit-learn 1.9.1, pandas 3.1.1, numpy 2.4.6, 30 November 2026. Sources:
# https://github.com/lightgbm-org/LightGBM/issues/5627, which is open, and 4909 there, which added validate_features
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check lightgbm==4.7.0 scikit-learn==1.9.1 pandas==3.1.1 \
    numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import lightgbm
import numpy as np
import pandas as pd
import sklearn
from lightgbm import LGBMClassifier
from sklearn.ensemble import RandomForestClassifier

warnings.simplefilter("error")  # there are none
NAMES = ["width", "sharpness", "red", "green", "blue"]
rng = np.random.default_rng(0)
labels = rng.integers(0, 3, 900)
table = pd.DataFrame(rng.normal(size=(900, 5)), columns=NAMES)
table["width"] += 6 * labels
train, test = slice(0, 600), slice(600, None)
tables = {
    "as in training": table[test],
    "sorted by the alphabet": table[test][sorted(NAMES)],
    "all names others": table[test][sorted(NAMES)].set_axis(list("abcde"), axis=1),
}


def judge(classifier, **settings):
    """Return the accuracy on each table, or None where the table is refused."""
    found = {}
    for name, one in tables.items():
        try:
            found[name] = float(np.mean(classifier.predict(one, **settings) == labels[test]))
        except (ValueError, lightgbm.basic.LightGBMError) as error:
            found[name] = None
            print(f"    {name}: {type(error).__name__}: {str(error).splitlines()[0][:90]}")
    print(f"{type(classifier).__name__} {settings or ''} right: {found}")
    return list(found.values())


print("lightgbm", lightgbm.__version__, "scikit-learn", sklearn.__version__)
boosting = LGBMClassifier(verbose=-1, random_state=0).fit(table[train], labels[train])
print("    names kept:", boosting.feature_name_)
assert boosting.feature_name_ == NAMES
kept, ordered, renamed = judge(boosting)
assert kept > 0.95 and ordered < 0.5 and renamed == ordered
asked = judge(boosting, validate_features=True)
assert asked == [kept, None, None]
forest = RandomForestClassifier(random_state=0).fit(table[train], labels[train])
assert judge(forest)[1:] == [None, None]
PYTHON
