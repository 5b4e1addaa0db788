#!/usr/bin/env bash
# One would expect a network whose weights are bfloat16, by set_floatx("bfloat16"), set_dtype_policy("bfloat16") or a layer's
# dtype, to train a little less exactly than one of float32. With Adam and AdamW, the usual choice, not a single weight changes.
# Keras casts beta_2, 0.999, to the type of the weight, where it is 1; the correction for the first steps, sqrt(1 - beta_2 ^
# step), is 0 then at every step, and the whole update is multiplied by it. Nadam divides by that 0, and all weights are NaN.
# Nothing is said of it: the loss stands at its first value, which looks like a learning rate that is too low (ten times as
# much makes no difference), and a network that was trained before just keeps its figures, as if fine-tuning brought nothing.
# RMSprop, Lion, Adamax and SGD train in bfloat16, and so does Adam with beta_2=0.99.
# Use "mixed_bfloat16", which keeps the weights in float32, and ask after the first epoch whether the weights have changed.
# Seen with Keras 3.15.1 on JAX 0.10.2, 30 November 2026. Sources:
# https://github.com/keras-team/keras-hub/issues/2629, https://github.com/keras-team/keras/pull/21238 (of Lamb, not merged),
# update_step in Keras' src/optimizers/adam.py
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 jax==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu venv/bin/python - <<'PYTHON'
import jax
import keras
import numpy as np

rng = np.random.default_rng(0)
images = rng.normal(size=(600, 16)).astype("float32")
labels = (images @ rng.normal(size=(16, 5))).argmax(1)


def train(policy, optimizer):
    """Return by how much the weights moved at most, and the accuracy after ten epochs."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(5)])
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    start = [weight.astype("float32") for weight in model.get_weights()]
    losses = model.fit(images, labels, epochs=10, verbose=0).history["loss"]
    moved = max(np.abs(end.astype("float32") - begin).max() for end, begin in zip(model.get_weights(), start))
    right = (model.predict(images, verbose=0).argmax(1) == labels).mean()
    name = f"{type(optimizer).__name__} at {float(optimizer.learning_rate):.2g}"
    print(f"{policy}, {name}: loss {losses[0]:.3f} to {losses[-1]:.3f}, weights moved by {moved:.3f}, accuracy {right:.0%}")
    return moved, right


print("keras", keras.__version__, "jax", jax.__version__)
for policy in ("float32", "mixed_bfloat16"):
    assert train(policy, keras.optimizers.Adam(0.01))[1] > 0.95
for optimizer in (keras.optimizers.RMSprop, keras.optimizers.Lion):
    assert train("bfloat16", optimizer(0.01))[1] > 0.95
assert train("bfloat16", keras.optimizers.Adam(0.01, beta_2=0.99))[1] > 0.95
for optimizer in (keras.optimizers.Adam, keras.optimizers.AdamW):
    for rate in (0.01, 0.1):
        moved, right = train("bfloat16", optimizer(rate))
        assert moved == 0 and right < 0.4
assert np.isnan(train("bfloat16", keras.optimizers.Nadam(0.01))[0])
PYTHON
