#!/usr/bin/env bash
# One would expect the agreement of annotators on classes not to depend on which class has which number. krippendorff.alpha
# takes all values for measurements on a scale unless told otherwise (level_of_measurement="interval"): to take class 0 for
# class 3 is then nine times as bad as to take it for class 1. Numbers as labels are accepted like temperatures.
# Of one and the same votes on four classes alpha is anything from 0.23 to 0.85, by the numbers that the classes happen to have;
# taken as classes it is 0.50. By the usual limits (0.67 and 0.8) the same annotations are thrown away or taken for reliable.
# Pass level_of_measurement="nominal" for classes and "ordinal" for grades, and renumber the classes once to see nothing change.
# Seen with krippendorff 0.9.0, numpy 2.4.6, 30 November 2026. Source: the default stands in the signature of alpha,
# https://github.com/pln-fing-udelar/fast-krippendorff
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check krippendorff==0.9.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import itertools
import warnings
from importlib.metadata import version

import krippendorff
import numpy as np

warnings.simplefilter("error")  # there are none
NAMES = np.array(["cat", "dog", "horse", "cow"])
rng = np.random.default_rng(0)
truth = rng.integers(0, 4, 300)
votes = np.tile(truth, (3, 1))
unsure = rng.random(votes.shape) < 0.25
votes = np.where(unsure, np.array([1, 0, 3, 2])[votes], votes)  # cat and dog are taken for each other, horse and cow too


def measure(numbers, **settings):
    return float(krippendorff.alpha(reliability_data=np.array(numbers)[votes], **settings))


print("krippendorff", version("krippendorff"), "numpy", np.__version__)
found = {numbers: measure(numbers) for numbers in itertools.permutations(range(4))}
as_classes = {measure(numbers, level_of_measurement="nominal") for numbers in found}
for numbers in (min(found, key=found.get), max(found, key=found.get)):
    names = ", ".join(f"{name} {number}" for name, number in zip(NAMES, numbers))
    print(f"{names}: alpha {found[numbers]:.2f}")
print(f"24 numberings: from {min(found.values()):.2f} to {max(found.values()):.2f}; as classes {min(as_classes):.2f}")
assert max(as_classes) - min(as_classes) < 1e-9 and 0.45 < min(as_classes) < 0.55
assert min(found.values()) < 0.3 and max(found.values()) > 0.8
PYTHON
