"""Changes of the values of a batch, as one compiled loop: colour, holes, mixed images."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import tensorflow as tf

COLOUR = ("saturation", "contrast", "brightness")  # the changes of colour, in the order in which they are made
LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)
ERASED = 127.5  # grey of an erased square
LARGEST_MIX = 0.5  # share of another image that mixup lays over one
LARGEST_PATCH = 0.5  # share of an image's area that another may cover
LARGEST_HOLE = 0.25  # share of an image's area that may be erased


def draw_parameters(
    count: tf.Tensor, strengths: Mapping[str, float], random: tf.random.Generator
) -> dict[str, tf.Tensor]:
    """Return the random numbers of the changes of value: name -> float32 (batch, …), what `augment_values` takes."""
    import tensorflow as tf

    def uniform(reach: float) -> tf.Tensor:
        return random.uniform((count, 1, 1, 1), -reach, reach)

    parameters = {name: uniform(strengths[name]) for name in COLOUR if name in strengths}
    for name, per_image, largest in (("erase", True, LARGEST_HOLE), ("cutmix", False, LARGEST_PATCH)):
        if name in strengths:
            happens = random.uniform((count,) if per_image else ()) < strengths[name]
            side = tf.sqrt(random.uniform((count,), 0, largest)) * tf.cast(happens, tf.float32)
            centre = random.uniform((count, 2)) * (1 - side[:, None]) + side[:, None] / 2
            parameters[name] = tf.concat([side[:, None], centre], axis=1)
    if "mixup" in strengths:
        happens = tf.cast(random.uniform(()) < strengths["mixup"], tf.float32)
        parameters["mixup"] = random.uniform((count,), 0, LARGEST_MIX) * happens
    return parameters


def augment_values(
    images: tf.Tensor, soft_labels: Mapping[str, tf.Tensor], parameters: Mapping[str, tf.Tensor]
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Change the values of images, and of mixed ones the labels.

    Saturation stretches an image around its greys, contrast each of its channels around their mean, by 1 + what was
    drawn; brightness adds that share of 255. Erasing (https://arxiv.org/abs/1708.04896) paints a square grey. CutMix
    (https://arxiv.org/abs/1905.04899) pastes a square of another image and mixup (https://arxiv.org/abs/1710.09412)
    lays the two over one another; all labels are mixed by the shares of the two. Unlike the paper's, CutMix's square
    lies wholly within the image, where the paper's centre is anywhere and the square is cut at the border, and it
    covers nothing to a half of the area, where the paper's covers nothing to all: the image keeps the larger part.

    Args:
        images: float32 0..255, (batch, size, size, 3).
        soft_labels: key of the batch -> float32 (batch, classes); none where nothing is mixed.
        parameters: what `draw_parameters` returned.

    Returns:
        Images and soft labels, of the same shapes.
    """
    import tensorflow as tf

    if "saturation" in parameters:
        grey = tf.reduce_mean(images, axis=3, keepdims=True)
        images = grey + (images - grey) * (1 + parameters["saturation"])
    if "contrast" in parameters:
        mean = tf.reduce_mean(images, axis=(1, 2), keepdims=True)
        images = mean + (images - mean) * (1 + parameters["contrast"])
    if "brightness" in parameters:
        images += 255 * parameters["brightness"]
    if parameters.keys() & set(COLOUR):
        images = tf.clip_by_value(images, 0, 255)
    if "erase" in parameters:
        images = tf.where(square_mask(parameters["erase"], images.shape[1]), ERASED, images)
    if "cutmix" in parameters:
        inside = square_mask(parameters["cutmix"], images.shape[1])
        share = tf.reduce_mean(tf.cast(inside, tf.float32), axis=(1, 2))
        images = tf.where(inside, images[::-1], images)
        soft_labels = {key: labels + (labels[::-1] - labels) * share for key, labels in soft_labels.items()}
    if "mixup" in parameters:
        share = parameters["mixup"][:, None]
        images += (images[::-1] - images) * share[:, None, None]
        soft_labels = {key: labels + (labels[::-1] - labels) * share for key, labels in soft_labels.items()}
    return images, dict(soft_labels)


def square_mask(parameters: tf.Tensor, size: int) -> tf.Tensor:
    """Return which pixels lie in a square of side `parameters[:, 0]` around `parameters[:, 1:]`, all shares: (batch, y,
    x, 1)."""
    import tensorflow as tf

    centres = (tf.range(size, dtype=tf.float32) + 0.5) / size
    rows, columns = (tf.abs(centres - parameters[:, axis, None]) < parameters[:, 0, None] / 2 for axis in (1, 2))
    return (rows[:, :, None] & columns[:, None, :])[..., None]


@cache
def compiled_augment_values() -> Callable:
    """Return `augment_values` as one fused loop."""
    import tensorflow as tf

    return tf.function(augment_values, jit_compile=True, reduce_retracing=False)


@cache
def can_compile() -> bool:
    """Return whether this build of TensorFlow can compile at all: that for Windows cannot."""
    import tensorflow as tf

    try:
        with tf.init_scope():  # within a pipeline it would become a part of the graph, and never fail
            tf.function(lambda x: x + 1, jit_compile=True)(tf.zeros(1))
    except tf.errors.OpError:
        return False
    return True
