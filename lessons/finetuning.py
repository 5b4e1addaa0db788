"""Transfer and fine-tuning as a lesson needs them: a pretrained network, its frozen features, a head, tuning."""

from __future__ import annotations

import keras
import numpy as np

import models
from models.parts.head import unfreeze
from scratch import train
from scratch.affine import Affine
from scratch.optimizers import Adam

BATCH = 16
HEAD_RATE = 0.005


def per_class(rows: np.ndarray, labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return `count` of the rows of each class, drawn by a seed.

    Args:
        rows: to choose from.
        labels: the class of every image, of which `rows` are numbers.
        count: of a class.
        seed: another seed, other rows.

    Raises:
        ValueError: a class has fewer rows.
    """
    rng, classes = np.random.default_rng(seed), np.unique(labels[rows])
    members = [rows[labels[rows] == one] for one in classes]
    if min(map(len, members)) < count:
        raise ValueError(f"received count={count}; right is at most {min(map(len, members))}, the rarest class")
    return np.concatenate([rng.permutation(of_class)[:count] for of_class in members])


def network(classes: int, image_size: int, model: str = "efficientnet_lite") -> keras.Model:
    """Return a classifier whose backbone has its ImageNet weights and learns, all but its BatchNormalization layers."""
    backbone = models.build(model, image_size, "imagenet")
    unfreeze(backbone)
    return models.classifier(backbone, classes)


def embed(classifier: keras.Model, pixels: np.ndarray) -> np.ndarray:
    """Return what the backbone of a classifier makes of images, float32 (n, features)."""
    return classifier.layers[1].predict(pixels.astype(np.float32), batch_size=64, verbose=0)


def head(features: np.ndarray, labels: np.ndarray, classes: int, seed: int, epochs: int = 30) -> Affine:
    """Return one layer of plain NumPy, trained by softmax and cross-entropy to tell classes by features."""
    rng = np.random.default_rng(seed)
    layer = Affine(features.shape[1], classes, rng)
    pairs = features, np.eye(classes, dtype=np.float32)[labels]
    train.fit([layer], pairs, pairs, Adam(HEAD_RATE), epochs, rng)
    return layer


def accuracy(layer: Affine, features: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of images of which the head is right."""
    return float(np.mean(layer.forward(features).argmax(axis=1) == labels))


def put_head(classifier: keras.Model, layer: Affine) -> None:
    """Give the classifier the head that NumPy trained."""
    classifier.layers[2].set_weights([layer.params["w"], layer.params["b"]])


class Tuner:
    """Fine-tune one network again and again, each time from the weights that it came with; it is compiled once.

    Args:
        classifier: of `network`.
        train: pixels and labels to learn from.
        validation: pixels and labels to be judged by.
    """

    def __init__(
        self, classifier: keras.Model, train: tuple[np.ndarray, np.ndarray], validation: tuple[np.ndarray, np.ndarray]
    ) -> None:
        self.classifier, self.first = classifier, classifier.get_weights()
        self.train, self.validation = ((x.astype(np.float32), y) for x, y in (train, validation))
        loss = "sparse_categorical_crossentropy"
        classifier.compile(keras.optimizers.Adam(), loss, metrics=["accuracy"])
        classifier.optimizer.build(classifier.trainable_variables)

    def judge(self) -> float:
        """Return the accuracy of the network as it is, on validation."""
        return self.classifier.evaluate(*self.validation, batch_size=64, verbose=0)[1]

    def reset(self, layer: Affine) -> None:
        """Take the network back to its first weights, with this head, and the optimiser to a fresh one."""
        self.classifier.set_weights(self.first)
        put_head(self.classifier, layer)
        for variable in self.classifier.optimizer.variables:
            variable.assign(np.zeros(variable.shape))

    def tune(self, layer: Affine, rate: float, epochs: int, seed: int) -> list[float]:
        """Train backbone and head together at a learning rate: accuracy on validation before, and after each epoch."""
        self.reset(layer)
        self.classifier.optimizer.learning_rate = rate
        keras.utils.set_random_seed(seed)
        seen = [self.judge()]
        for _ in range(epochs):
            self.classifier.fit(*self.train, batch_size=BATCH, verbose=0)
            seen.append(self.judge())
        return seen

    def by_batch_statistics(self, layer: Affine, size: int, seed: int) -> float:
        """Return the accuracy on validation where BatchNormalization uses the statistics of each batch, as in training.

        Args:
            layer: the head, which was trained on features by the stored statistics.
            size: images of a batch.
            seed: of which images share one.
        """
        self.reset(layer)
        pixels, labels = self.validation
        kinds = keras.layers.BatchNormalization
        normalising = [one for one in self.classifier.layers[1].layers if isinstance(one, kinds)]
        order = np.random.default_rng(seed).permutation(len(labels))
        for one in normalising:
            one.trainable = True
        found = [
            np.asarray(self.classifier.layers[1](pixels[order[first : first + size]], training=True))
            for first in range(0, len(order), size)
        ]
        for one in normalising:
            one.trainable = False
        self.reset(layer)
        return accuracy(layer, np.concatenate(found), labels[order])


def alike(vectors: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of vectors whose nearest other one is of the same class."""
    squares = (vectors.astype(np.float64) ** 2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    np.fill_diagonal(distances, np.inf)
    return float(np.mean(labels[distances.argmin(axis=1)] == labels))
