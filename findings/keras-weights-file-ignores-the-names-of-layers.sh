#!/usr/bin/env bash
# One would expect load_weights to put each layer's weights into the layer of the same name, as layers are named for, or to
# refuse a file of other names. A .weights.h5 file of Keras 3 knows layers by their kind and their place: dense, dense_1,
# conv2d, conv2d_1. A network whose two branches were swapped in the code, or that got a layer of the same shape in between,
# so takes every weight into the wrong layer without a word, and load_weights(by_name=True) is refused for such files.
# It shows where a branch is reordered between training and use, such as two heads: animal and coat, each of three classes.
# Load whole models (.keras, which bring their layers along), or compare a prediction before and after.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 30 November 2026. Source: _save_container_state in its src/saving/saving_lib.py,
# which says that names are not used since they are often made up by the program.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import keras
import numpy as np


def build(heads):
    """Return a network with these two heads, in this order."""
    inputs = keras.Input((8,))
    return keras.Model(inputs, [keras.layers.Dense(3, name=name)(inputs) for name in heads])


def answers(model, image):
    """Return name of a head -> what it answers."""
    return dict(zip(model.output_names, model.predict(image, verbose=0)))


print("keras", keras.__version__)
trained, later = build(["animal", "coat"]), build(["coat", "animal"])
trained.save_weights("trained.weights.h5")
later.load_weights("trained.weights.h5")
image = np.ones((1, 8), np.float32)
before, after = answers(trained, image), answers(later, image)
print("animal before", before["animal"].round(2), "and after", after["animal"].round(2))
print("coat   before", before["coat"].round(2), "and after", after["coat"].round(2))
assert np.allclose(after["coat"], before["animal"]) and np.allclose(after["animal"], before["coat"])
assert not np.allclose(after["animal"], before["animal"])
try:
    later.load_weights("trained.weights.h5", by_name=True)
except ValueError as error:
    print("by_name=True:", str(error).splitlines()[0][:90])
else:
    raise SystemExit("by_name=True was expected to be refused")
PYTHON
