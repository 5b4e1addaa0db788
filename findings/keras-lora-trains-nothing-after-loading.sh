#!/usr/bin/env bash
# One would expect it not to matter whether a network is given its LoRA adapters before or after its weights are loaded, and
# training with LoRA to go on from a checkpoint. A layer with adapters that loads weights sets both of its factors to 0, since
# files hold their product added to the kernel. The gradient of each factor is multiplied by the other one: both are 0 for ever,
# and the kernel itself is frozen. Only biases and the like still train, so that the loss goes down a little and nobody asks.
# It happens to load_weights after enable_lora, of the pretrained weights (loss 0.75 in place of 0.07 below) as of a checkpoint,
# and to load_model, which switches LoRA on again: compiled anew there, say for another learning rate, it trains no adapter.
# With the optimizer of before, its momentum pushes the factors off 0 again.
# Load first and call enable_lora after it; ask after an epoch whether lora_kernel_b is still 0. To go on from a file, load it
# into a network without adapters, and add new ones.
# Seen with Keras 3.15.1 on JAX 0.10.2, numpy 2.4.6, 30 November 2026. Source: seen by running; load_own_variables in Keras'
# src/layers/core/dense.py; https://github.com/keras-team/keras/issues/23244 says that saving merges the factors
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


def build():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(32, "relu"), keras.layers.Dense(5, "softmax")]
    return keras.Sequential([keras.Input((16,)), *layers])


def adapt(model):
    for layer in model.layers:
        layer.enable_lora(4)
    return model


def load(model, file):
    model.load_weights(file)
    return model


def train(name, model, epochs=20):
    """Return the last loss, and the largest number in any factor."""
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    losses = model.fit(images, labels, epochs=epochs, verbose=0).history["loss"]
    lora = [layer for layer in model.layers if layer.lora_enabled]
    factors = [np.abs(value.numpy()).max() for layer in lora for value in (layer.lora_kernel_a, layer.lora_kernel_b)]
    print(f"{name}: loss {losses[0]:.3f} to {losses[-1]:.3f}, largest number in a factor {max(factors, default=0):.3f}")
    return losses[-1], max(factors, default=0)


print("keras", keras.__version__, "jax", jax.__version__)
base = build()
train("without adapters, one epoch", base, 1)
base.save_weights("base.weights.h5")
tuned = adapt(load(build(), "base.weights.h5"))
good = train("load_weights, then enable_lora", tuned)
tuned.save_weights("tuned.weights.h5")
tuned.save("tuned.keras")
bad = train("enable_lora, then load_weights", load(adapt(build()), "base.weights.h5"))
assert good[0] < 0.15 and good[1] > 0.5
assert bad[0] > 4 * good[0] and bad[1] == 0
assert train("a checkpoint loaded into a network with adapters", load(adapt(build()), "tuned.weights.h5"))[1] == 0
loaded = keras.models.load_model("tuned.keras", compile=False)
assert all(layer.lora_enabled for layer in loaded.layers)
assert train("load_model, compiled anew", loaded)[1] == 0
assert train("the checkpoint, then enable_lora", adapt(load(build(), "tuned.weights.h5")))[1] > 0.05
PYTHON
