#!/usr/bin/env bash
# One would expect a training that BackupAndRestore resumes after an interruption to go on as if nothing had happened.
# Weights and epoch do; ModelCheckpoint(save_best_only=True) beside it begins with no best value, so that the
# first epoch after the resumption counts as the best so far and replaces a better file, however much worse it is.
# Here the file held a network of loss 0.006; after an interruption the file "best.keras" holds one of 1.034.
# On machines that may be taken away the best network of a night is lost. Pass initial_value_threshold the best value so
# far (evaluate the file), or put the epoch into the file's name.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 27 November 2026. Source: https://github.com/keras-team/keras/issues/17012
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

inputs, wanted, judged = np.ones((4, 1), np.float32), np.full((4, 1), 3, np.float32), np.ones((4, 1), np.float32)


class Interrupted(Exception):
    pass


class Interrupt(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 4:
            raise Interrupted


def train(*more):
    """Train on answers of 3 and judge by answers of 1: the validation loss falls, then rises."""
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    network.compile(keras.optimizers.SGD(0.1), "mse")
    seen = keras.callbacks.History()
    callbacks = [
        keras.callbacks.ModelCheckpoint("best.keras", monitor="val_loss", save_best_only=True),
        keras.callbacks.BackupAndRestore("backup"),
        seen,
        *more,
    ]
    try:
        network.fit(inputs, wanted, validation_data=(inputs, judged), epochs=6, callbacks=callbacks, verbose=0)
    except Interrupted:
        pass
    kept = keras.saving.load_model("best.keras").evaluate(inputs, judged, verbose=0)
    return seen.epoch, seen.history["val_loss"], kept


tf.get_logger().setLevel("ERROR")  # else it advises against making networks in a loop
print("keras", keras.__version__, "tensorflow", tf.__version__)
first, resumed = train(Interrupt()), train()
for name, (epochs, losses, kept) in {"interrupted": first, "resumed": resumed}.items():
    print(f"{name}: epochs {epochs}, val_loss {[round(loss, 3) for loss in losses]}; best.keras has {kept:.3f}")
assert (first[0], resumed[0]) == ([0, 1, 2, 3], [4, 5])
assert np.isclose(first[2], min(first[1]), atol=1e-6)
assert min(resumed[1]) > 100 * first[2]
assert np.isclose(resumed[2], min(resumed[1]), atol=1e-6)
PYTHON
