#!/usr/bin/env bash
# One would expect TensorBoard's own reader of event files to give back each epoch that Keras' callback wrote. EventAccumulator
# keeps 10,000 values of a scalar and 10 of a tensor, and TensorFlow 2 writes every scalar as a tensor: Scalars() knows no tag,
# and Tensors() gives 10 of 100 epochs, drawn at random, the last one always among them. Nothing tells that there were more.
# A table of "the best epoch of each run" made that way has the best of ten: here 88.6 % in epoch 67 instead of 95.0 % in 61, and
# runs are ranked by luck. TensorBoard's page itself draws all of them up to 1,000.
# EventAccumulator(path, size_guidance={"tensors": 0}) keeps all; better, write a CSV beside it (CSVLogger).
# Seen with TensorBoard 2.21.0, Keras 3.15.1 on TensorFlow 2.21.0, 30 November 2026. Source:
# https://github.com/tensorflow/tensorboard#is-my-data-being-downsampled-am-i-really-seeing-all-the-data and
# https://github.com/tensorflow/tensorboard/issues/5395
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 tensorboard==2.21.0
cd "$work"
export KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
venv/bin/python - 2> errors <<'PYTHON' || { tail -5 "$work/errors"; exit 1; }
import keras
import numpy as np
import tensorboard
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

EPOCHS, BEST = 100, 61
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
callback = keras.callbacks.TensorBoard("logs", write_graph=False)
callback.set_model(model)
callback.on_train_begin()
for epoch in range(EPOCHS):  # a curve that rises to 95 % and falls again
    callback.on_epoch_end(epoch, {"loss": 1.0, "val_accuracy": 0.95 - 0.0107 * abs(epoch - BEST)})
callback.on_train_end()


def read(**options):
    events = EventAccumulator("logs/validation", **options).Reload()
    assert events.Tags()["scalars"] == []
    found = {event.step: float(tf.make_ndarray(event.tensor_proto)) for event in events.Tensors("epoch_accuracy")}
    best = max(found, key=found.get)
    print(f"{options or 'as it is'}: {len(found)} epochs, {sorted(found)[:12]}..., the best is {best} with {found[best]:.1%}")
    return found, best


print("tensorboard", tensorboard.__version__, "keras", keras.__version__)
few, best_of_few = read()
every, best = read(size_guidance={"tensors": 0})
assert len(few) == 10 and EPOCHS - 1 in few and best_of_few == 67
assert len(every) == EPOCHS and best == BEST
assert max(every.values()) - max(few.values()) > 0.05
assert np.isclose(every[BEST], 0.95)
PYTHON
