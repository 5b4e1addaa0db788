#!/usr/bin/env bash
# One would expect LabelSpreading and LabelPropagation, which carry the labels of a few images over to the others that are like
# them, to leave an image without a label that nothing reaches, or to say so. They give it the first class of the alphabet: no
# class has a share of it, and the largest of nothing is the first. `transduction_`, the labels that one came for, says "cat"
# of all those images, without a word; predict does so too, beside a warning of NumPy's about a division.
# With the default kernel (rbf, gamma=20) that is nearly every image: e^(-20 d^2) is 0 from a distance of 7 on, and pixels
# from 0 to 255 or embeddings lie farther apart. Here are 200 images of three classes in plain clusters, 30 of them labelled:
# all others are called "cat", and all new ones; by kernel="knn" all are right. With knn it is a class that nobody labelled
# yet, or any group by itself, that becomes "cat".
# Take as unknown what has no share: label_distributions_.sum(1) == 0. Standardise the features, or choose gamma by the
# distances that there are, or kernel="knn".
# Seen with scikit-learn 1.9.1, numpy 2.4.6, 30 November 2026. Source: https://github.com/scikit-learn/scikit-learn/issues/34351,
# which is open
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
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

NAMES = np.array(["cat", "dog", "horse"])
rng = np.random.default_rng(0)
truth = rng.integers(0, 3, 200)
centres = rng.integers(60, 196, (3, 64))
images = (centres[truth] + rng.normal(0, 15, (200, 64))).clip(0, 255).round()
labels = np.where(np.arange(200) < 30, truth, -1)
new = (centres[truth] + rng.normal(0, 15, (200, 64))).clip(0, 255).round()


def judge(name, classifier, labels):
    """Return the labels of the images without one, which of them nothing reached, the labels of new images, and warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # there are none
        classifier.fit(images, labels)
    reached = classifier.label_distributions_.sum(1) > 0
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        answers = classifier.predict(new)
    hidden = labels == -1
    names, ours = classifier.transduction_[hidden], truth[hidden]
    counts = {str(word): int((NAMES[names] == word).sum()) for word in NAMES}
    print(
        f"{name}: {counts}, right {np.mean(names == ours):.0%}; nothing reached {np.mean(~reached[hidden]):.0%}; "
        f"new images right {np.mean(answers == truth):.0%}, first class {np.mean(answers == 0):.0%}"
    )
    for warning in told:
        print("    on predict:", warning.message)
    return names, reached[hidden], answers, ours


print("scikit-learn", sklearn.__version__, "numpy", np.__version__)
for kind in (LabelSpreading, LabelPropagation):
    names, reached, answers, ours = judge(kind.__name__, kind(), labels)
    assert not reached.any() and (names == 0).all() and (answers == 0).all()
    names, reached, answers, ours = judge(f"{kind.__name__}, gamma=0.0001", kind(gamma=0.0001), labels)
    assert reached.all() and np.mean(names == ours) > 0.95
    names, reached, answers, ours = judge(f"{kind.__name__}, knn", kind(kernel="knn"), labels)
    assert reached.all() and np.mean(names == ours) > 0.95
    two = np.where(labels == 2, -1, labels)  # nobody labelled a horse
    names, reached, answers, ours = judge(f"{kind.__name__}, knn, no horse labelled", kind(kernel="knn"), two)
    assert not reached[ours == 2].any() and (names[ours == 2] == 0).all() and np.mean((names == ours)[ours < 2]) > 0.95
PYTHON
