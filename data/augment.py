"""What may be done to a training batch: small changes that keep the class. Validation and test are never augmented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import tensorflow as tf

    Augment = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]

# Name -> default strength: the flip's probability is fixed at a half; rotation is a share of a full turn; zoom,
# translation, brightness and contrast are shares of the picture's size or of the range of its values.
STRENGTHS = {"flip": 1.0, "rotation": 0.03, "zoom": 0.15, "translation": 0.06, "brightness": 0.2, "contrast": 0.2}
DEFAULT_AUGMENT = {name: STRENGTHS[name] for name in ("flip", "translation")}


def parse_augment(text: str) -> dict[str, float]:
    """Read `flip,rotation=0.05` into name -> strength; `none` is empty. Raise UserError for anything else."""
    if text == "none":
        return {}
    chosen = {}
    for item in text.split(","):
        name, _, strength = item.strip().partition("=")
        if name not in STRENGTHS:
            raise UserError(f"--augment takes none or some of {', '.join(STRENGTHS)}. Received: {name or text}")
        chosen[name] = _parse_strength(name, strength)
    return chosen


def _parse_strength(name: str, text: str) -> float:
    if not text:
        return STRENGTHS[name]
    try:
        strength = float(text)
    except ValueError:
        strength = -1.0
    if not 0 < strength < 1 or name == "flip":
        allowed = "no strength" if name == "flip" else "a strength above 0, below 1"
        raise UserError(f"--augment {name} takes {allowed}. Received: {text}")
    return strength


def augmenter(chosen: Mapping[str, float], seed: int, mirror: np.ndarray | None = None) -> Augment:
    """Return a function that changes each picture of a batch at random.

    Args:
        chosen: what `parse_augment` returned.
        seed: the same seed gives the same changes, batch after batch.
        mirror: class index -> class index of the mirrored picture, int (classes,); a flip then swaps the label too.

    Returns:
        (pixels, labels) -> (pixels, labels): float32 0..255, (batch, size, size, 3), and int32 (batch,).
    """
    import keras

    layers = keras.layers
    make = {
        "flip": lambda _: layers.RandomFlip("horizontal", seed=seed),
        "rotation": lambda s: layers.RandomRotation(s, fill_mode="reflect", seed=seed + 1),
        "zoom": lambda s: layers.RandomZoom((-s, s), fill_mode="reflect", seed=seed + 2),
        "translation": lambda s: layers.RandomTranslation(s, s, fill_mode="reflect", seed=seed + 3),
        "brightness": lambda s: layers.RandomBrightness(s, seed=seed + 4),
        "contrast": lambda s: layers.RandomContrast(s, seed=seed + 5),
    }
    swap = "flip" in chosen and mirror is not None
    steps = [make[name](strength) for name, strength in chosen.items() if not (swap and name == "flip")]

    def augment(pixels: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if swap:
            pixels, labels = flip_and_swap(pixels, labels, mirror, seed)
        for step in steps:
            pixels = step(pixels, training=True)
        return pixels, labels

    return augment


def flip_and_swap(pixels: tf.Tensor, labels: tf.Tensor, mirror: np.ndarray, seed: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Mirror each picture with probability 1/2, and then take the label of its mirror image."""
    import tensorflow as tf

    flipped = tf.random.uniform(tf.shape(labels), seed=seed) < 0.5
    pixels = tf.where(flipped[:, None, None, None], tf.reverse(pixels, axis=[2]), pixels)
    return pixels, tf.where(flipped, tf.gather(tf.constant(mirror, labels.dtype), labels), labels)
