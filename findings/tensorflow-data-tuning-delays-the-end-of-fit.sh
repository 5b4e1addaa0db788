#!/usr/bin/env bash
# One would expect `fit` to return when its last epoch is done. On an endless tf.data pipeline it often sits there for seconds
# more, on idle processors: the thread that tunes the pipeline (on by default, even where nothing is AUTOTUNE) sleeps between its
# rounds, twice as long each time, up to a minute by TensorFlow's source, and the end of the iterator waits for it in about
# half of the trainings. The longer the training, the longer the wait: 1 s behind 3 s, 3.4 s behind 8 s, 1.9 s behind 13 s.
# Whoever measures the seconds of a training measures this too: two equal recipes seem to differ by a third. Where the data
# needs no tuning, `options.autotune.enabled = False` ends it.
# Seen with TensorFlow 2.21.0 and Keras 3.15.1 on Linux, 28 November 2026. Source: found where runs of one benchmark fell
# into two groups; a debugger showed who waited for whom.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cat > "$work/end.py" <<'PYTHON'
"""Print the seconds between the end of the last epoch and the return of `fit`, ten times with tuning and ten without."""
import sys
import time

import keras
import numpy as np
import tensorflow as tf

images, labels = np.random.rand(2000, 64, 64, 3).astype(np.float32), np.random.randint(0, 3, 2000)


class End(keras.callbacks.Callback):
    def on_train_end(self, logs=None):
        self.time = time.perf_counter()


def wait(tuned):
    batches = tf.data.Dataset.range(len(images)).shuffle(len(images)).batch(64).repeat()
    batches = batches.map(lambda rows: (tf.gather(images, rows), tf.gather(labels, rows))).prefetch(2)
    options = tf.data.Options()
    options.autotune.enabled = tuned
    network = keras.Sequential(
        [keras.layers.Conv2D(32, 3), keras.layers.Conv2D(16, 3), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)]
    )
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    end = End()
    network.fit(batches.with_options(options), steps_per_epoch=32, epochs=6, verbose=0, callbacks=[end])
    return time.perf_counter() - end.time


waits = {tuned: [wait(tuned) for _ in range(10)] for tuned in (True, False)}
print("TensorFlow", tf.__version__, "Keras", keras.__version__)
for tuned, seconds in waits.items():
    print(f"tuning {'on ' if tuned else 'off'}:", *(f"{value:.2f}" for value in seconds), "s until fit returned")
sys.exit(not (max(waits[True]) > 0.5 > max(waits[False])))
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/end.py" 2> "$work/errors" || { tail -3 "$work/errors"; echo "the behaviour has changed"; exit 1; }
echo "as described: with tuning, fit comes back late"
