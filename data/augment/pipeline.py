"""What may be done to a training batch: changes after which a label still fits. Validation and test never see them.

Keras' own layers held a small network up: to flip and shift 32 pictures of 80 pixels took 15 ms of a core where to
learn from them takes 19 ms. Here all changes of place are one step: a copy of whole pixels where that is enough,
otherwise one bilinear warp instead of one for each change. All changes of value are one compiled loop: for 64 pictures
of 128 pixels that takes 19 ms, and 139 as twenty operations.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from data.augment.custom import call, load
from data.augment.randaugment import randaugment
from data.augment.values import change_values, compiled_values, compiles, draw_numbers, square
from data.augment.warp import both, warp
from errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import tensorflow as tf

    Augment = Callable[..., tuple[tf.Tensor, ...]]

# Name -> default strength. The flip's probability is fixed at a half; rotation is a share of a full turn; zoom and
# translation are shares of the picture's size, brightness of the range of its values; contrast and saturation change by
# such a share of themselves; crop is the least share of the area that is kept; erase is the probability for a picture,
# cutmix and mixup are those for a batch; randaugment is a tenth of the paper's magnitude.
STRENGTHS = {
    "flip": 1.0,
    "rotation": 0.03,
    "zoom": 0.15,
    "translation": 0.06,
    "crop": 0.3,
    "brightness": 0.2,
    "contrast": 0.2,
    "saturation": 0.3,
    "erase": 0.25,
    "cutmix": 0.5,
    "mixup": 0.5,
    "randaugment": 0.5,
}
DEFAULT_AUGMENT = {name: STRENGTHS[name] for name in ("flip", "translation")}
MIXING = ("cutmix", "mixup")  # these need labels that are shares of classes
VALUES = ("brightness", "contrast", "saturation", "erase", *MIXING)  # these leave every pixel of a picture in its place
CROP_RATIO = 4 / 3  # the most by which a crop's height and width differ
EDGE = 1e-6  # share of a side that a crop keeps off the edge: beyond it, if only by rounding, pixels would be black


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


def augmenter(
    chosen: Mapping[str, float],
    seed: int,
    mirror: np.ndarray | None = None,
    classes: int = 0,
    size: int | None = None,
) -> Augment:
    """Return a function that changes each picture of a batch at random: places, RandAugment, then values.

    Args:
        chosen: what `parse_augment` returned.
        seed: the same seed gives the same changes, batch after batch.
        mirror: class index -> class index of the mirrored picture, int (classes,); a flip then swaps the label too.
        classes: how many there are; needed for labels of mixed pictures.
        size: side of the pictures that come out; by default that of those that go in.

    Returns:
        (pixels, labels) -> (pixels, labels): uint8 or float32 0..255, (batch, side, side, 3), and int32 (batch,). The
        pixels come back as float32, but as they were where only whole ones were moved. With cutmix or mixup the labels
        come back as shares of the classes, float32 (batch, classes). Called with masks too, uint8
        (batch, side, side), it returns them third: changes of place and cutmix do the same to them, with no value
        between two; nothing else changes them, and mixup is not for them.
    """
    import tensorflow as tf

    # Its state is a variable: it goes on from batch to batch and from epoch to epoch, inside tf.data too.
    random = tf.random.Generator.from_seed(seed)

    def augment(pixels: tf.Tensor, labels: tf.Tensor, masks: tf.Tensor | None = None) -> tuple[tf.Tensor, ...]:
        flipped, labels = _flips(labels, chosen, random, mirror)
        side = size or pixels.shape[1]
        if masks is not None:  # a fourth channel goes wherever the picture goes
            pixels = tf.concat([pixels, tf.cast(masks[..., None], pixels.dtype)], axis=3)
        if "crop" in chosen:
            if {"rotation", "zoom", "translation"} & chosen.keys():
                pixels = _place(pixels, tf.zeros_like(flipped), chosen, random)
            pixels = _crop(pixels, flipped, side, chosen["crop"], random)
        else:
            if {"flip", "rotation", "zoom", "translation"} & chosen.keys():
                pixels = _place(pixels, flipped, chosen, random)
            pixels = resized(pixels, side)
        if masks is not None:
            pixels, masks = pixels[..., :3], tf.cast(pixels[..., 3], masks.dtype)
        if "randaugment" in chosen:
            pixels = randaugment(pixels, chosen["randaugment"], random)
        if any(name in chosen for name in MIXING):
            labels = tf.one_hot(labels, classes) if labels.dtype.is_integer else labels
        if any(name in chosen for name in VALUES):
            drawn = draw_numbers(tf.shape(pixels)[0], chosen, random)
            change = compiled_values() if compiles() else change_values
            pixels, labels = change(tf.cast(pixels, tf.float32), labels, drawn)
            if masks is not None and "cutmix" in drawn:
                masks = tf.where(square(drawn["cutmix"], side)[..., 0], masks[::-1], masks)
        return (pixels, labels) if masks is None else (pixels, labels, masks)

    return augment


def resized(pixels: tf.Tensor, size: int) -> tf.Tensor:
    """Scale pictures, (batch, side, side, 3), to another side, antialiased; at their own nothing is done."""
    import tensorflow as tf

    if pixels.shape[1] == size:
        return pixels
    return both(
        pixels,
        lambda pictures: tf.image.resize(pictures, (size, size), antialias=True),
        lambda masks: tf.image.resize(masks, (size, size), "nearest"),
    )


def _flips(
    labels: tf.Tensor, chosen: Mapping[str, float], random: tf.random.Generator, mirror: np.ndarray | None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return which pictures are mirrored, each with probability 1/2, bool (batch,), and the labels that then fit."""
    import tensorflow as tf

    if "flip" not in chosen:
        return tf.zeros(tf.shape(labels)[:1], tf.bool), labels
    flipped = random.uniform(tf.shape(labels)[:1]) < 0.5
    if mirror is None:
        return flipped, labels
    return flipped, tf.where(flipped, tf.gather(tf.constant(mirror, labels.dtype), labels), labels)


def _place(
    pixels: tf.Tensor, flipped: tf.Tensor, chosen: Mapping[str, float], random: tf.random.Generator
) -> tf.Tensor:
    """Change where things are by the cheaper of two ways."""
    return (_warp if {"rotation", "zoom"} & chosen.keys() else _move)(pixels, flipped, chosen, random)


def _move(pixels: tf.Tensor, flipped: tf.Tensor, chosen: Mapping[str, float], random: tf.random.Generator) -> tf.Tensor:
    """Flip, and shift by whole pixels; what comes in at an edge is the picture's own reflection.

    A shift of 1.3 pixels becomes 1 or, in three cases of ten, 2, so that small strengths on small pictures count. Whole
    pixels need no arithmetic and keep the picture as sharp as those of validation.
    """
    import tensorflow as tf

    count, size = tf.shape(pixels)[0], pixels.shape[1]
    reach = chosen.get("translation", 0.0) * size
    shift = random.uniform((count, 2, 1), -reach, reach) + random.uniform((count, 2, 1))
    at = tf.range(size) - tf.cast(tf.floor(shift), tf.int32)  # (batch, y and x, size)
    at %= 2 * size
    at = tf.minimum(at, 2 * size - 1 - at)  # cba|abc|cba
    columns = tf.where(flipped[:, None], size - 1 - at[:, 1], at[:, 1])
    rows = tf.reshape(tf.gather(pixels, at[:, 0], batch_dims=1), (-1, size, pixels.shape[3]))
    moved = tf.gather(rows, tf.repeat(columns, size, axis=0), batch_dims=1)
    return tf.reshape(moved, tf.shape(pixels))


def _warp(pixels: tf.Tensor, flipped: tf.Tensor, chosen: Mapping[str, float], random: tf.random.Generator) -> tf.Tensor:
    """Rotate, zoom, shift and flip around the centre, in one bilinear interpolation of the reflected picture.

    A pixel at p, counted from the centre, shows what was at `zoom * R(angle) p - shift`; a flip turns p's sign in x.
    """
    import tensorflow as tf

    count, size = tf.shape(pixels)[0], pixels.shape[1]
    angle, zoom, move = (chosen.get(name, 0.0) for name in ("rotation", "zoom", "translation"))
    angle = random.uniform((count,), -angle, angle) * 2 * math.pi
    zoom = random.uniform((count,), 1 - zoom, 1 + zoom)
    shift_x, shift_y = (random.uniform((count,), -move, move) * size for _ in range(2))
    cos, sin, sign = zoom * tf.cos(angle), zoom * tf.sin(angle), tf.where(flipped, -1.0, 1.0)
    centre = (size - 1) / 2
    left, top = centre - centre * (sign * cos - sin) - shift_x, centre - centre * (sign * sin + cos) - shift_y
    return warp(pixels, tf.stack([sign * cos, -sin, left, sign * sin, cos, top], axis=1))


def _crop(pixels: tf.Tensor, flipped: tf.Tensor, size: int, least: float, random: tf.random.Generator) -> tf.Tensor:
    """Cut a box of `least` to all of the area at a random place and scale it to `size`; a box may run backwards.

    Such boxes are how networks on ImageNet are kept from learning by heart (https://arxiv.org/abs/1409.4842, 6).
    """
    import tensorflow as tf

    count, reach = tf.shape(pixels)[0], math.log(CROP_RATIO)
    area, ratio = random.uniform((count,), least, 1), tf.exp(random.uniform((count,), -reach, reach))
    ratio = tf.clip_by_value(ratio, area, 1 / area)  # no side is longer than the picture's: the area would shrink
    height, width = tf.minimum(tf.sqrt(area / ratio), 1), tf.minimum(tf.sqrt(area * ratio), 1)
    top, left = random.uniform((count,)) * (1 - height), random.uniform((count,)) * (1 - width)
    from_x, to_x = tf.where(flipped, left + width, left), tf.where(flipped, left, left + width)
    boxes = tf.stack([top, from_x, top + height, to_x], axis=1)
    boxes = tf.clip_by_value(boxes, EDGE, 1 - EDGE)
    crop = partial(tf.image.crop_and_resize, boxes=boxes, box_indices=tf.range(count), crop_size=(size, size))
    return both(pixels, crop, partial(crop, method="nearest"))


def after(augment: Augment | None, path: str) -> Augment:
    """Return a function of a batch that does what `augment` does and lets the user's own function change the result."""
    import tensorflow as tf

    function = load(path)

    def augmented(pixels: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if augment:
            pixels, labels = augment(pixels, labels)
        pixels = tf.cast(pixels, tf.float32)
        changed = tf.numpy_function(lambda batch: call(path, function, batch), [pixels], tf.float32)
        return tf.ensure_shape(changed, pixels.shape), labels

    return augmented


def build(
    chosen: Mapping[str, float],
    custom_function: str | None,
    seed: int,
    mirror: np.ndarray | None = None,
    classes: int = 0,
    size: int | None = None,
    number: int = 0,
    mixing: bool = True,
) -> Augment | None:
    """Return a function of a batch of pixels and labels, or None where nothing is changed.

    Args:
        chosen: name -> strength, what `parse_augment` returned.
        custom_function: of the user's own, as `custom.parse` returned it; it comes last.
        seed: of the training.
        mirror: class index -> class index of the mirrored picture, where a flip changes the label.
        classes: how many there are.
        size: side of the pictures that come out, where it is another.
        number: of the phase, else one would see the changes of the one before.
        mixing: whether pictures may be mixed with others.
    """
    chosen = {name: strength for name, strength in chosen.items() if mixing or name not in MIXING}
    augment = augmenter(chosen, seed + number, mirror, classes, size) if chosen or size else None
    return after(augment, custom_function) if custom_function else augment


def describe(chosen: Mapping[str, float], custom_function: str | None) -> str:
    """`flip 1, translation 0.06, then noise.py:add`; `none`."""
    own = f"then {custom_function}" if custom_function else ""
    names = [f"{name} {strength:g}" for name, strength in chosen.items()]
    return ", ".join([*names, *filter(None, [own])]).removeprefix("then ") or "none"
