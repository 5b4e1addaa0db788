#!/usr/bin/env bash
# One would expect clone.set_weights(model.get_weights()) to make two networks answer alike. A Normalization layer computes
# with a mean and a standard deviation that it derives from its weights when it is adapted or loaded; set_weights fills the
# weights and does not derive them again. The clone's weights equal the original's, and it normalises nothing: a value 100
# stays 100 instead of about 0. load_weights from a .weights.h5 file is not affected.
# Whoever fills one network with the weights of another (a copy of EfficientNet, which holds such a layer, or an average of
# several trainings) feeds all later layers values far from what they learned. Call finalize_state() on the layer, before
# the first predict: what predict has compiled keeps the old values even then.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 27 November 2026. Source: https://github.com/keras-team/keras/pull/20163,
# of the same cause where weights came from old .h5 files.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
normalization = keras.layers.Normalization()
normalization.adapt(rng.normal(100, 20, (1000, 3)).astype(np.float32))
model = keras.Sequential([keras.Input((3,)), normalization])
pixels = np.full((1, 3), 100, np.float32)


def answer(network):
    return network.predict(pixels, verbose=0)[0]


clone = keras.models.clone_model(model)
clone.set_weights(model.get_weights())
model.save_weights("model.weights.h5")
loaded = keras.models.clone_model(model)
loaded.load_weights("model.weights.h5")
print("keras", keras.__version__, "tensorflow", tf.__version__)
print("model", answer(model), "after load_weights", answer(loaded), "after set_weights", answer(clone))
assert all(np.array_equal(*pair) for pair in zip(model.get_weights(), clone.get_weights(), strict=True))
assert np.abs(answer(model)).max() < 0.2
np.testing.assert_array_equal(answer(loaded), answer(model))
np.testing.assert_array_equal(answer(clone), pixels[0])
clone.layers[0].finalize_state()
another = keras.models.clone_model(model)
another.set_weights(model.get_weights())
another.layers[0].finalize_state()
print("finalize_state after the first predict", answer(clone), "before it", answer(another))
np.testing.assert_array_equal(answer(clone), pixels[0])
np.testing.assert_array_equal(answer(another), answer(model))
PYTHON
