#!/usr/bin/env bash
# One would expect the ONNX file of a scikit-learn classifier to give its labels and probabilities, up to rounding, or the
# conversion to fail. For TunedThresholdClassifierCV, which exists to put the threshold of a rare class elsewhere than at 0.5,
# skl2onnx writes the classifier inside and forgets the threshold: the label is cut at 0.5 again. Here 88 % of the rare images
# are found in Python and 66 % by the file. Others differ as silently: KNeighborsClassifier(weights="distance") gives all
# neighbours equal weights, for the distances are negative by then and limited to 0.000001 (43 and 21 % found);
# LinearDiscriminantAnalysis of two classes has every logit doubled, so that 0.18 becomes 0.05; and
# OneVsRestClassifier(LinearSVC()) of two classes cuts its score at 0.5 in place of 0 (67 and 47 %).
# A threshold chosen with care, or calibrated probabilities, so are lost on the way to the server, where nobody compares.
# Run the file on a few hundred images beside the classifier, labels and probabilities both; apply thresholds in your own code.
# Seen with skl2onnx 1.20.0, onnx 1.23.2, onnxruntime 1.32.0, scikit-learn 1.9.1, numpy 2.4.6, 30 November 2026. Sources: its
# operator_converters/tuned_threshold_classifier.py, added by https://github.com/onnx/sklearn-onnx/pull/1107, and
# nearest_neighbours.py; https://github.com/onnx/sklearn-onnx/issues/1116 on linear discriminants, which is closed
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 \
    scikit-learn==1.9.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import numpy as np
import onnxruntime
import skl2onnx
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

warnings.simplefilter("error", UserWarning)  # there are none
rng = np.random.default_rng(0)
images = rng.normal(size=(1000, 6)).astype(np.float32)
labels = (images @ rng.normal(size=6) + rng.normal(size=1000) > 2.5).astype(int)  # 16 % are of the rare class
train, test = slice(0, 500), slice(500, None)


def convert(classifier):
    """Return the classifier, its labels of the test images, and labels and probabilities by its ONNX file."""
    classifier.fit(images[train], labels[train])
    file = skl2onnx.to_onnx(classifier, images[:1], options={"zipmap": False}).SerializeToString()
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    found, scores = session.run(None, {"X": images[test]})
    theirs = classifier.predict(images[test])
    rare = labels[test] == 1
    print(
        f"{type(classifier).__name__}: {np.mean(found == theirs):.1%} of the labels agree; of the rare images "
        f"{theirs[rare].mean():.0%} are found, by the file {found[rare].mean():.0%}"
    )
    return classifier, theirs, found, scores


print("skl2onnx", skl2onnx.__version__, "onnxruntime", onnxruntime.__version__, "scikit-learn", sklearn.__version__)
_, theirs, found, _ = convert(LogisticRegression())
assert (theirs == found).all()

tuned, theirs, found, scores = convert(TunedThresholdClassifierCV(LogisticRegression(), scoring="balanced_accuracy"))
print(f"    threshold {tuned.best_threshold_:.2f}; by the file a label is 1 from {scores[found == 1, 1].min():.2f} on")
assert tuned.best_threshold_ < 0.3 and ((scores[:, 1] > 0.5) == found).all() and (theirs != found).mean() > 0.05

nearest, theirs, found, scores = convert(KNeighborsClassifier(4, weights="distance"))
distances, rows = nearest.kneighbors(images[test])
off = {}
for name, weights in (("1 / distance", 1 / distances), ("equal", np.ones_like(distances))):
    shares = (weights * labels[train][rows]).sum(1) / weights.sum(1)
    off[name] = [float(np.abs(of - shares).max()) for of in (nearest.predict_proba(images[test])[:, 1], scores[:, 1])]
    print(f"    weights {name}: scikit-learn differs by {off[name][0]:.3f}, the file by {off[name][1]:.3f}")
assert off["1 / distance"][0] < 1e-6 and off["1 / distance"][1] > 0.05 and off["equal"][1] < 1e-3

linear, _, _, scores = convert(LinearDiscriminantAnalysis())
score = linear.decision_function(images[test])
print(f"    {linear.predict_proba(images[501:502])[0, 1]:.2f} in Python is {scores[1, 1]:.2f} by the file")
assert np.allclose(scores[:, 1], 1 / (1 + np.exp(-2 * score)), atol=1e-4)

several, theirs, found, scores = convert(OneVsRestClassifier(LinearSVC()))
assert (theirs != found).any() and (found == (several.decision_function(images[test]) > 0.5)).mean() > 0.99
PYTHON
