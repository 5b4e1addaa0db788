#!/usr/bin/env bash
# One would expect each batch of a PyDataset that draws its augmentations by np.random to be another draw, however many workers
# make them. With use_multiprocessing=True the workers are copies of the process, its random state included: each goes on with
# the same numbers, so that several batches in a row are augmented alike: flipped, turned and cut by the same amounts. Every
# epoch starts new copies, which begin with the same state again: the second epoch repeats draws of the first. With
# threads, or one worker, every draw is another.
# Training looks as it always does; it sees a fraction of the augmentation that was paid for, and overfits sooner.
# Draw from a generator that is made of the batch's index and the epoch, np.random.default_rng((seed, epoch, index)).
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, Linux, 30 November 2026; numpy 2.4.6. Where processes are not forked
# (Windows, macOS, Python 3.14) their states differ. Source: https://github.com/pytorch/pytorch/issues/5059 for PyTorch, which
# has seeded its own workers since; init_pool_generator in Keras' src/trainers/data_adapters/py_dataset_adapter.py
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cd "$work"
cat > draws.py <<'PYTHON'
import multiprocessing
import time

import keras
import numpy as np

BATCHES = 16


class Drawn(keras.utils.PyDataset):
    """Each batch is the number that would decide its augmentation."""

    def __len__(self):
        return BATCHES

    def __getitem__(self, index):
        time.sleep(0.05)  # as reading and augmenting a batch would take
        return np.full((1, 1), np.random.random(), np.float32), np.zeros((1, 1), np.float32)


def epochs(**how):
    """Return what the batches of two epochs were drawn as."""
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Identity()(inputs))
    data = Drawn(workers=4, **how)
    return [model.predict(data, verbose=0).ravel().tolist() for _ in range(2)]


if __name__ == "__main__":
    multiprocessing.set_start_method("fork", force=True)
    print("keras", keras.__version__)
    for how in ({"use_multiprocessing": False}, {"use_multiprocessing": True}):
        first, second = epochs(**how)
        print(f"{how}: of {BATCHES} batches {len({*first})} differ; {len({*first} & {*second})} draws of the first epoch "
              "come again in the second")
        if not how["use_multiprocessing"]:
            assert len({*first}) == BATCHES and not {*first} & {*second}
    assert len({*first}) < BATCHES and {*first} & {*second}
PYTHON
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= timeout 300 venv/bin/python draws.py
