#!/usr/bin/env bash
# One would expect quadratic kappa, the measure of graded classes such as stages of a disease, to punish a mistake by how many
# grades it is off. cohen_kappa_score(weights="quadratic") takes the distance between places in the sorted list of the labels
# that happen to occur. Where a fold has no image of grades 2 and 3 and none is predicted, 4 is next to 1, and a mistake of
# three grades costs as much as one of a single grade: 0.84 for answers that are worth 0.80. Grades that are words are sorted
# by the alphabet, mild, moderate, none, severe: 0.62 instead of 0.90, and a network that confuses none with mild loses most.
# Rare grades are what folds lack, so folds, networks and dates are compared by rulers that differ, and no warning is given.
# Always pass labels=, every grade in its order.
# Seen with scikit-learn 1.9.1, 30 November 2026. Source:
# https://scikit-learn.org/stable/modules/generated/sklearn.metrics.cohen_kappa_score.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import sklearn
from sklearn.metrics import cohen_kappa_score

warnings.simplefilter("error")  # there are none
GRADES = ["none", "mild", "moderate", "severe"]


def kappa(counts, **options):
    """Return the kappa of {(true, predicted): images}."""
    true, predicted = zip(*(pair for pair, images in counts.items() for _ in range(images)))
    return cohen_kappa_score(true, predicted, weights="quadratic", **options)


print("scikit-learn", sklearn.__version__)
fold = {(0, 0): 55, (0, 1): 5, (1, 1): 20, (1, 0): 5, (4, 4): 9, (4, 1): 6}  # grades 0 to 4
numbers = kappa(fold), kappa(fold, labels=range(5))
print(f"a fold without grades 2 and 3: {numbers[0]:.3f}, with labels {numbers[1]:.3f}")
steps = {(0, 0): 30, (0, 1): 10, (1, 1): 24, (1, 0): 6, (2, 2): 17, (2, 3): 3, (3, 3): 9, (3, 2): 1}  # never off by two
words = {(GRADES[true], GRADES[predicted]): images for (true, predicted), images in steps.items()}
named = kappa(words), kappa(words, labels=GRADES), kappa(steps)
print(f"words: {named[0]:.3f}, with labels {named[1]:.3f}; the same as numbers {named[2]:.3f}")
assert [round(value, 2) for value in numbers] == [0.84, 0.80]
assert [round(value, 2) for value in named] == [0.62, 0.90, 0.90]
PYTHON
