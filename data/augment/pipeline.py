"""What may be done to a training batch: changes after which a label still fits. Validation and test never see them.

Keras' own layers held a small network up: to flip and shift 32 images of 80 pixels took 15 ms of a core where to
learn from them takes 19 ms. Here all changes of place are one step: a copy of whole pixels where that is enough,
otherwise one bilinear warp instead of one for each change. All changes of value are one compiled loop: for 64 images
of 128 pixels that takes 19 ms, and 139 as twenty operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.augment.custom import apply, load
from data.augment.geometry import random_affine, random_resized_crop, resize, transform_batch
from data.augment.photometric import augment_values, can_compile, compiled_augment_values, draw_parameters, square_mask
from data.augment.randaugment import randaugment
from data.augment.shared_generator import SharedGenerator
from data.soft_labels import flip_labels, to_soft_labels
from errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import tensorflow as tf

    from data.augment.geometry import Batch

    Augment = Callable[[Batch], Batch]

# Name -> default strength. The flip's probability is fixed at a half; rotation is a share of a full turn; zoom and
# translation are shares of the image's size, brightness of the range of its values; contrast and saturation change by
# such a share of themselves; crop is the least share of the area that is kept; erase is the probability for an image,
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
# these leave every pixel of an image in its place
PHOTOMETRIC = ("brightness", "contrast", "saturation", "erase", *MIXING)


def parse_augment(text: str) -> dict[str, float]:
    """Read `flip,rotation=0.05` into name -> strength; `none` is empty. Raise UserError for anything else."""
    if text == "none":
        return {}
    strengths = {}
    for item in text.split(","):
        name, _, strength = item.strip().partition("=")
        if name not in STRENGTHS:
            raise UserError(f"`augment` takes none or some of {', '.join(STRENGTHS)}. Received: {name or text}")
        strengths[name] = _parse_strength(name, strength)
    return strengths


def _parse_strength(name: str, text: str) -> float:
    if not text:
        return STRENGTHS[name]
    try:
        strength = float(text)
    except ValueError:
        strength = -1.0
    if not 0 < strength < 1 or name == "flip":
        allowed = "no strength" if name == "flip" else "a strength above 0, below 1"
        raise UserError(f"`augment` {name} takes {allowed}. Received: {text}")
    return strength


def augmenter(
    strengths: Mapping[str, float],
    seed: int,
    flipped_classes: np.ndarray | None = None,
    classes: int = 0,
    size: int | None = None,
    auxiliary_classes: int = 0,
    shard: tuple[int, int] = (0, 1),
) -> Augment:
    """Return a function that changes each image of a batch at random: places, RandAugment, then values.

    Args:
        strengths: what `parse_augment` returned.
        seed: the same seed gives the same changes, batch after batch.
        flipped_classes: class index -> class index of the mirrored image, int (classes,); a flip then swaps "labels"
            too.
        classes: how many there are; needed for the labels of mixed images.
        size: side of the images that come out; by default that of those that go in.
        auxiliary_classes: how many different "auxiliary" labels there are; needed for those of mixed images.
        shard: number and count of processes, where a batch is a share of the whole: its images change as they would
            there, but are mixed with those of the share.

    Returns:
        A function of a batch (`data.batches`) that returns another, of the same keys:

        "images", uint8 or float32 0..255, (batch, side, side, 3): come back as float32, but as they were where only
        whole ones were moved.
        "labels", int32 (batch,), or soft labels, float32 (batch, classes): with cutmix or mixup they come back as soft
        labels; they are those of the mirrored image where there are such.
        "segmentation_masks", uint8 (batch, side, side): changes of place and cutmix do the same to them, with no value
        between two; nothing else changes them, and mixup is not for them.
        "auxiliary", int32 (batch,): with cutmix or mixup they come back as soft labels, float32 (batch,
        auxiliary_classes), whose sum is how much of the label is known, 0..1.

        Its attribute `random` is the generator of its random numbers.
    """
    import tensorflow as tf

    # Its state is a variable: it goes on from batch to batch and from epoch to epoch, inside tf.data too.
    random = tf.random.Generator.from_seed(seed)
    if shard[1] > 1:
        random = SharedGenerator(random, *shard)
    outputs = {"labels": classes, "auxiliary": auxiliary_classes}

    def augment(batch: Batch) -> Batch:
        batch = {key: tf.convert_to_tensor(values) for key, values in batch.items()}
        batch = _change_places(batch, strengths, random, flipped_classes, size)
        if "randaugment" in strengths:
            batch["images"] = randaugment(batch["images"], strengths["randaugment"], random)
        return _change_values(batch, strengths, random, outputs)

    augment.random = random
    return augment


def _change_places(
    batch: Batch,
    strengths: Mapping[str, float],
    random: tf.random.Generator,
    flipped_classes: np.ndarray | None,
    size: int | None,
) -> Batch:
    """Flip, turn, shift, zoom, crop and resize, in as few steps as that takes."""
    import tensorflow as tf

    count, before = tf.shape(batch["images"])[0], batch["images"].shape[1]
    flipped = random.uniform((count,)) < 0.5 if "flip" in strengths else tf.zeros((count,), tf.bool)
    if "flip" in strengths and flipped_classes is not None:
        batch["labels"] = flip_labels(batch["labels"], flipped, flipped_classes)
    side = size or before
    if "crop" in strengths:
        if {"rotation", "zoom", "translation"} & strengths.keys():
            batch = transform_batch(random_affine(tf.zeros_like(flipped), before, strengths, random), batch)
        return transform_batch(random_resized_crop(flipped, side, strengths["crop"], random), batch)
    if {"flip", "rotation", "zoom", "translation"} & strengths.keys():
        batch = transform_batch(random_affine(flipped, before, strengths, random), batch)
    return transform_batch(lambda pixels, method: resize(pixels, side, method), batch)


def _change_values(
    batch: Batch, strengths: Mapping[str, float], random: tf.random.Generator, outputs: Mapping[str, int]
) -> Batch:
    """Change colours, erase squares and mix images; `outputs`: kind of label -> how many classes it has."""
    import tensorflow as tf

    if not any(name in strengths for name in PHOTOMETRIC):
        return batch
    mixing = any(name in strengths for name in MIXING)
    soft = {key: to_soft_labels(batch[key], outputs[key]) for key in outputs if mixing and key in batch}
    parameters = draw_parameters(tf.shape(batch["images"])[0], strengths, random)
    photometric = compiled_augment_values() if can_compile() else augment_values
    batch["images"], soft = photometric(tf.cast(batch["images"], tf.float32), soft, parameters)
    if "cutmix" in parameters and "segmentation_masks" in batch:
        masks = batch["segmentation_masks"]
        square = square_mask(parameters["cutmix"], masks.shape[1])[..., 0]
        batch["segmentation_masks"] = tf.where(square, masks[::-1], masks)
    return batch | soft


def with_custom_function(augment: Augment | None, path: str) -> Augment:
    """Return a function of a batch that does what `augment` does and lets the user's own function change the images."""
    import tensorflow as tf

    function = load(path)

    def augmented(batch: Batch) -> Batch:
        batch = augment(batch) if augment else batch
        images = tf.cast(batch["images"], tf.float32)
        changed = tf.numpy_function(lambda values: apply(path, function, values), [images], tf.float32)
        return {**batch, "images": tf.ensure_shape(changed, images.shape)}

    augmented.random = getattr(augment, "random", None)
    return augmented


def build(
    strengths: Mapping[str, float],
    custom_function: str | None,
    seed: int,
    flipped_classes: np.ndarray | None = None,
    classes: int = 0,
    size: int | None = None,
    number: int = 0,
    mixing: bool = True,
    auxiliary_classes: int = 0,
    shard: tuple[int, int] = (0, 1),
) -> Augment | None:
    """Return a function of a batch, as `augmenter` does, or None where nothing is changed.

    Args:
        strengths: name -> strength, what `parse_augment` returned.
        custom_function: of the user's own, as `custom.parse` returned it; it comes last.
        seed: of the training.
        flipped_classes: class index -> class index of the mirrored image, where a flip changes the label.
        classes: how many there are.
        size: side of the images that come out, where it is another.
        number: of the phase, else one would see the changes of the one before.
        mixing: whether images may be mixed with others.
        auxiliary_classes: how many different auxiliary labels there are.
        shard: number and count of processes that learn together.
    """
    strengths = chosen(strengths, mixing)
    augment = (
        augmenter(strengths, seed + number, flipped_classes, classes, size, auxiliary_classes, shard)
        if strengths or size
        else None
    )
    return with_custom_function(augment, custom_function) if custom_function else augment


def chosen(strengths: Mapping[str, float], mixing: bool) -> dict[str, float]:
    """Return the strengths of what is done, without mixing those of the rest."""
    return {name: strength for name, strength in strengths.items() if mixing or name not in MIXING}


def describe(strengths: Mapping[str, float], custom_function: str | None) -> str:
    """`flip 1, translation 0.06, then noise.py:add`; `none`."""
    custom = f"then {custom_function}" if custom_function else ""
    names = [f"{name} {strength:g}" for name, strength in strengths.items()]
    return ", ".join([*names, *filter(None, [custom])]).removeprefix("then ") or "none"
