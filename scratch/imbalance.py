"""Class imbalance: three ways to let a rare class count as much as a frequent one. n images, n_k of class k, K classes.

    class weights          each image's loss times  n / (K n_k)       their mean over all images is 1
    balanced sampling      draw a class first, each with 1 / K, then one of its images
    minority oversampling  repeat images of each class until it has as many as the largest

On average over many draws, all three ask for the least of the same loss, in which each class has the same share. They
differ in noise: few images with large weights in a batch, or the same few images again and again.

Source: King, Zeng, Logistic regression in rare events data, Political Analysis 9 (2001); He, Garcia, Learning from
imbalanced data, IEEE TKDE 21 (2009), https://doi.org/10.1109/TKDE.2008.239
"""

import numpy as np


def class_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the weight of each class, (K,); labels are int (n,), every class occurs."""
    return len(labels) / (classes * np.bincount(labels, minlength=classes))


def balanced_draw(labels: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` image numbers: a class at random, then an image of it at random."""
    rows = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return np.array([rng.choice(rows[number]) for number in rng.integers(len(rows), size=count)])


def oversample(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return image numbers in which each class occurs as often as the largest: all its images, then repeated ones."""
    most = np.bincount(labels).max()
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        whole, rest = divmod(most, len(rows))
        chosen += [np.tile(rows, whole), rng.choice(rows, rest, replace=False)]
    return np.concatenate(chosen)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), (1668, 4863, 2623))
    weights = class_weights(labels, 3)
    print("images of each class  ", np.bincount(labels))
    print("class weights         ", weights.round(3), "times images:", (weights * np.bincount(labels)).round())
    print("balanced sampling     ", np.bincount(labels[balanced_draw(labels, len(labels), rng)]), "drawn in an epoch")
    print("minority oversampling ", np.bincount(labels[oversample(labels, rng)]), "in an epoch")
