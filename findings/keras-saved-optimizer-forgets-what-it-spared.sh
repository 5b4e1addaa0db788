#!/usr/bin/env bash
# One would expect a model that is saved with its optimizer and loaded again to train on as before. What was kept from weight
# decay by exclude_from_weight_decay is not in the file, nor in get_config(): iterations, moments and the decay's strength come
# back, the exclusions do not, and the loaded optimizer decays everything.
# A training that was interrupted and goes on from a .keras file pulls biases and the scales of normalisation to 0 from then on,
# and so does a search that rebuilds its optimizers by from_config. Losses stay plausible; nothing is said.
# Call exclude_from_weight_decay again after loading (with words, or with variables of the loaded model), before the first fit.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 30 November 2026. Source: the review that made it a method for this reason,
# https://github.com/keras-team/keras/pull/16274
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$work"
export KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
venv/bin/python - 2> errors <<'PYTHON' || { tail -5 "$work/errors"; exit 1; }
import warnings

import keras
import numpy as np

warnings.simplefilter("error", UserWarning)  # there are none
images, targets = np.zeros((32, 4), np.float32), np.zeros((32, 2), np.float32)  # all gradients are 0: only decay changes weights


def scale(model, fits):
    model.fit(images, targets, epochs=fits, batch_size=8, shuffle=False, verbose=0)
    return float(np.mean(model.get_layer("norm").gamma)), float(np.mean(model.get_layer("head").kernel))


model = keras.Sequential([
    keras.Input((4,)),
    keras.layers.LayerNormalization(name="norm"),
    keras.layers.Dense(2, kernel_initializer="ones", name="head"),
])
optimizer = keras.optimizers.AdamW(learning_rate=0.1, weight_decay=0.2)
optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
model.compile(optimizer, "mse")
print("keras", keras.__version__)
found = {"before": scale(model, 5)}
model.save("model.keras")
loaded, mended = (keras.models.load_model("model.keras") for _ in range(2))
assert int(loaded.optimizer.iterations) == 20 and loaded.optimizer.weight_decay == 0.2  # the rest is there
found["the same model, trained on"] = scale(model, 5)
found["saved, loaded, trained on"] = scale(loaded, 5)
mended.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
found["loaded, excluded again, trained on"] = scale(mended, 5)
for name, (gamma, kernel) in found.items():
    print(f"{name}: the normalisation's scale is {gamma:.2f}, the head's kernel {kernel:.2f}")
gammas, kernels = zip(*found.values())
assert np.allclose(gammas, [1, 1, 0.98**20, 1])
assert np.allclose(kernels, [0.98**20] + 3 * [0.98**40])
PYTHON
