#!/usr/bin/env bash
# One would expect use_ema=True with SwapEMAWeights() and EarlyStopping(restore_best_weights=True) to leave the averaged
# weights of the best epoch, for their loss is what was reported and compared. EarlyStopping copies the network when the
# averages have been swapped out again, and puts that copy back after Keras has written the averages into the network at
# the end: what remains are raw weights, which no reported loss belongs to. Here the best val_loss is 1.155, evaluate 1.218.
# SwapEMAWeights(swap_on_epoch=True) before EarlyStopping gives what was reported; the other way round does not.
# The documentation names that order for ModelCheckpoint, not for this callback. Compare evaluate() with the best val_loss.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 27 November 2026. Source: seen by running;
# https://keras.io/api/callbacks/swap_ema_weights/
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
x = rng.normal(size=(64, 3)).astype(np.float32)
y = x @ np.float32([[1], [2], [3]]) + rng.normal(size=(64, 1)).astype(np.float32)


def train(callbacks):
    """Return the best validation loss that was reported, and the loss of what is left on the same data."""
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    network.compile(keras.optimizers.SGD(0.3, use_ema=True, ema_momentum=0.95), "mse")
    history = network.fit(
        x, y, batch_size=8, epochs=6, validation_data=(x, y), callbacks=callbacks, shuffle=False, verbose=0
    )
    return min(history.history["val_loss"]), network.evaluate(x, y, verbose=0)


def stopping():
    return keras.callbacks.EarlyStopping("val_loss", patience=6, restore_best_weights=True)


swap = keras.callbacks.SwapEMAWeights
found = {
    "SwapEMAWeights()": train([swap()]),
    "SwapEMAWeights(), EarlyStopping": train([swap(), stopping()]),
    "EarlyStopping, SwapEMAWeights(swap_on_epoch=True)": train([stopping(), swap(swap_on_epoch=True)]),
    "SwapEMAWeights(swap_on_epoch=True), EarlyStopping": train([swap(swap_on_epoch=True), stopping()]),
}
print("keras", keras.__version__, "tensorflow", tf.__version__)
for name, (best, left) in found.items():
    print(f"{name}: best val_loss {best:.3f}, evaluate afterwards {left:.3f}")
same = [abs(best - left) < 1e-3 for best, left in found.values()]
assert same == [True, False, False, True]
assert len({round(best, 3) for best, _ in found.values()}) == 1
PYTHON
