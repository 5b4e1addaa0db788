#!/usr/bin/env bash
# One would expect images = MapDataset.source(…).seed(0).shuffle(), train = images[:80] and test = images[80:] to divide the
# images once. The shuffle lies below the slice, and repeat gives it another seed for each epoch, so each epoch takes 80 images
# of a new order: in the first epoch train and test are apart, in the second four of five test images are trained on, and after
# five epochs none is left that was not. Looked at before repeat the division is flawless, and the same in each run.
# A classifier that only remembers reaches 100 % on the test images here, where the labels are drawn by lot and 33 % is right;
# test.repeat() too is a set of other images in each epoch.
# The documentation tells of shuffle that each epoch has another order, and of slice nothing.
# Shuffle the names first (numpy's permutation of them as the source), or slice before shuffle; repeat(reseed_each_epoch=False)
# holds the division, and one order for all epochs. Ask whether an image of train.repeat(5) is in test.
# Seen with grain 0.2.18, numpy 2.4.6, 1 December 2026. Source: https://github.com/google/grain/issues/1200
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check grain==0.2.18 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings
from importlib.metadata import version

import grain
import numpy as np

warnings.simplefilter("error")  # there are none
EPOCHS = 5
rng = np.random.default_rng(0)
labels = rng.integers(0, 3, 100)  # by lot: nothing can be learnt
source = grain.MapDataset.source(list(range(100)))


def judge(name, train, test, **options):
    """Return how many test images each epoch trains on, and how well a classifier does that remembers what it saw."""
    held_out, repeated = set(test), list(train.repeat(EPOCHS, **options))
    epochs = [repeated[start : start + len(train)] for start in range(0, len(repeated), len(train))]
    shared = [len(held_out & set(epoch)) for epoch in epochs]
    seen = set(repeated)
    right = np.mean([labels[image] if image in seen else 0 for image in held_out] == labels[list(held_out)])
    orders = len({tuple(epoch) for epoch in epochs})
    print(f"{name}: test images trained on in each epoch {shared}, in all {len(held_out & seen)} of {len(held_out)}, ", end="")
    print(f"right {right:.0%}, different orders {orders}")
    return shared, right, orders


print("grain", version("grain"), "numpy", np.__version__)
images = source.seed(0).shuffle()
train, test = images[:80], images[80:]
assert not set(train) & set(test) and len(train) == 80 and len(test) == 20
assert list(train) == list(train) and list(source.seed(0).shuffle()[:80]) == list(train)  # the same in each run
shared, right, orders = judge("shuffle, slice, repeat", train, test)
assert shared[0] == 0 and min(shared[1:]) > 8 and right == 1 and orders == EPOCHS
loader = iter(train.repeat(2).to_iter_dataset().batch(80))
assert len(set(next(loader)) & set(test)) == 0 and len(set(next(loader)) & set(test)) == shared[1]
twice = list(test.repeat(2))
print("test images that are in both epochs of test.repeat(2):", len(set(twice[:20]) & set(twice[20:])), "of 20")
assert len(set(twice[:20]) & set(twice[20:])) < 15

held = judge("repeat(reseed_each_epoch=False)", train, test, reseed_each_epoch=False)
assert sum(held[0]) == 0 and held[2] == 1
order = [int(image) for image in np.random.default_rng(0).permutation(100)]
first, last = (grain.MapDataset.source(part) for part in (order[:80], order[80:]))
apart = judge("names shuffled first", first.seed(0).shuffle(), last)
assert sum(apart[0]) == 0 and apart[1] < 0.6 and apart[2] == EPOCHS
mixed = grain.MapDataset.source(order)
sliced = judge("slice before shuffle", mixed[:80].seed(0).shuffle(), mixed[80:])
assert sum(sliced[0]) == 0 and sliced[2] == EPOCHS
PYTHON
