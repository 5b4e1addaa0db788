"""LeNet on the drawings, by NumPy (`scratch/`) and by Keras: the same layers, first weights, optimiser and schedule.

    python benchmarks/lenet.py          about two minutes

32 px, RGB, split as `train` splits them; the figures are of the validation part. Keras shuffles and flips by itself,
so the two end at different, equally good weights.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow is imported
sys.path.insert(0, str(Path(__file__).parent.parent))
from scratch import lenet, train
from scratch.activations import Activation
from scratch.affine import Affine, Flatten
from scratch.augmentation import crop, flip
from scratch.conv import Conv
from scratch.layer import Layer
from scratch.normalization import BatchNorm
from scratch.optimizers import Adam
from scratch.pooling import AveragePool, MaxPool
from scratch.schedules import one_cycle
from study.settings.source import load_dataset
from study.settings.train import TrainSettings

if TYPE_CHECKING:
    import keras

EPOCHS, BATCH, RATE, SHIFT = 25, 32, 4e-3, 2

Part = tuple[np.ndarray, np.ndarray]


def drawings() -> dict[str, Part]:
    """Part -> images from -1 to 1, (N, 32, 32, 3), and targets, (N, 3)."""
    examples = load_dataset(TrainSettings.of(image_size=lenet.SIDE)).examples()
    x, t = (
        lenet.scaled(np.asarray(examples.inputs)),
        np.eye(max(examples.labels) + 1, dtype=np.float32)[examples.labels],
    )
    return {split: (x[rows], t[rows]) for split, rows in examples.indices.items()}


def by_numpy(layers: list[Layer], splits: dict[str, Part], epochs: int = EPOCHS, seed: int = 0) -> float:
    """Train the layers in place; return the validation accuracy."""
    rng = np.random.default_rng(seed)
    steps = epochs * -(-len(splits["train"][0]) // BATCH)
    schedule = one_cycle(RATE, steps)
    with threadpool_limits(1):  # a second thread gains a tenth here, and loses minutes waiting where cores are busy
        history = train.fit(
            layers,
            splits["train"],
            splits["val"],
            Adam(),
            epochs,
            rng,
            BATCH,
            schedule=schedule,
            augment=lambda x: crop(flip(x, rng), rng, SHIFT),
        )
    return history[-1].validation_accuracy


def twin(layers: list[Layer], shape: tuple[int, ...], dtype: str = "float32") -> keras.Sequential:
    """The Keras model of the same layers and weights, for images of this shape."""
    import keras

    of = keras.layers
    kinds = {
        Conv: lambda layer: of.Conv2D(
            layer.params["b"].size, *layer.window[:1], strides=layer.window[1], padding=layer.window[2], dtype=dtype
        ),
        Affine: lambda layer: of.Dense(layer.params["b"].size, dtype=dtype),
        Flatten: lambda layer: of.Flatten(dtype=dtype),
        MaxPool: lambda layer: of.MaxPooling2D(*layer.window, dtype=dtype),
        AveragePool: lambda layer: of.AveragePooling2D(*layer.window, dtype=dtype),
        BatchNorm: lambda layer: of.BatchNormalization(momentum=layer.momentum, dtype=dtype),
        Activation: lambda layer: of.Activation(layer.name, dtype=dtype),
    }
    model = keras.Sequential([keras.Input(shape), *(kinds[type(layer)](layer) for layer in layers)])
    for ours, theirs in zip(layers, model.layers, strict=True):
        moving = [ours.moving_mean, ours.moving_variance] if isinstance(ours, BatchNorm) else []
        theirs.set_weights([*ours.params.values(), *moving])
    return model


def by_keras(model: keras.Sequential, splits: dict[str, Part]) -> float:
    """The same training by `fit`; return the validation accuracy."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    x, t = splits["train"]
    schedule = one_cycle(RATE, EPOCHS * -(-len(x) // BATCH))

    class EachStep(keras.callbacks.Callback):
        step = 0

        def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
            self.model.optimizer.learning_rate = schedule(self.step)
            self.step += 1

    def augment(x: tf.Tensor, t: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        padded = tf.pad(tf.image.random_flip_left_right(x), ((SHIFT,) * 2, (SHIFT,) * 2, (0, 0)), "SYMMETRIC")
        return tf.image.random_crop(padded, x.shape), t

    batches = tf.data.Dataset.from_tensor_slices((x, t)).shuffle(len(x)).map(augment).batch(BATCH).prefetch(1)
    model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    model.fit(batches, epochs=EPOCHS, verbose=0, callbacks=[EachStep()])
    return model.evaluate(*splits["val"], verbose=0)[1]


def main() -> None:
    """Print one line for each form of LeNet and each side."""
    parts = drawings()
    shape = parts["train"][0].shape[1:]
    print("  ".join(f"{name} {len(images)}" for name, (images, _) in parts.items()), f" {EPOCHS} epochs")
    for name, make in (("1998", lenet.lenet), ("modern", lenet.modern)):
        layers = make(shape[-1], parts["train"][1].shape[1], np.random.default_rng(0))
        model = twin(layers, shape)  # before training: it takes the first weights
        for label, run in (
            ("NumPy", lambda layers=layers: by_numpy(layers, parts)),
            ("Keras", lambda model=model: by_keras(model, parts)),
        ):
            start = time.perf_counter()
            accuracy = run()
            seconds = time.perf_counter() - start
            print(f"{name:7} {label}  {100 * accuracy:5.1f} % of validation right  {seconds:5.1f} s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    main()
