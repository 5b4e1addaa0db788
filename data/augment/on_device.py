"""Changes of a batch by Keras' operations, on the device that learns: what `numpy_draws` drew is done to its images.

The same as `geometry`, `photometric` and `randaugment` do by TensorFlow. An image is moved as its rows and columns are:
a box is a product with one matrix of weights for its rows and one for its columns.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
from keras import ops

from data.augment.numpy_draws import NAMES
from data.augment.photometric import COLOUR, ERASED, LUMINANCE
from data.augment.randaugment import DRAWS, MAX_BITS, MAX_BLEND

Tensors = Mapping[str, keras.KerasTensor]


def change(images: keras.KerasTensor, drawn: Tensors, size: int | None = None) -> keras.KerasTensor:
    """Move the pixels of images, then change their values.

    Args:
        images: 0..255, (batch, side, side, 3).
        drawn: what `numpy_draws.draw` returned.
        size: side of the images that come out; by default that of those that go in.

    Returns:
        float32 0..255, (batch, size, size, 3).
    """
    drawn = tensors(drawn)
    images = move(ops.cast(images, "float32"), drawn, size or images.shape[1])
    for number in range(DRAWS if "operation" in drawn else 0):
        images = randaugment(images, *(drawn[name][:, number] for name in ("operation", "amount", "matrices")))
    return change_values(images, drawn)


def move(pixels: keras.KerasTensor, drawn: Tensors, size: int, method: str = "bilinear") -> keras.KerasTensor:
    """Move pixels, float32 (batch, side, side, channels), and scale them to `size`; "nearest" mixes no values."""
    pixels, drawn = ops.convert_to_tensor(pixels), tensors(drawn)
    if "matrix" in drawn:
        pixels = warp(pixels, drawn["matrix"], method)
    elif "source" in drawn:
        rows, columns = drawn["source"][:, 0, :, None, None], drawn["source"][:, 1, None, :, None]
        pixels = ops.take_along_axis(ops.take_along_axis(pixels, rows, axis=1), columns, axis=2)
    if "box" in drawn:
        return cut_out(pixels, drawn["box"], size, method)
    if pixels.shape[1] == size:
        return pixels
    return ops.image.resize(pixels, (size, size), method, antialias=method == "bilinear")


def tensors(drawn: Tensors) -> Tensors:
    """Return what was drawn as tensors: PyTorch's do not calculate with NumPy's arrays."""
    return {name: ops.convert_to_tensor(values) for name, values in drawn.items()}


def warp(pixels: keras.KerasTensor, matrix: keras.KerasTensor, method: str = "bilinear") -> keras.KerasTensor:
    """Do what `data.augment.warp.warp` does."""
    return ops.image.affine_transform(pixels, ops.pad(matrix, ((0, 0), (0, 2))), method, fill_mode="reflect")


def cut_out(pixels: keras.KerasTensor, box: keras.KerasTensor, size: int, method: str) -> keras.KerasTensor:
    """Scale a box of each image, as `data.augment.geometry.random_resized_crop` does."""
    side, first, length = pixels.shape[1], box[:, :2, None], box[:, 2:, None] - box[:, :2, None]
    steps = ops.arange(size, dtype="float32")
    if size < side:  # antialiased: a triangle as wide as the pixels are apart
        source = side * (first + length * (steps + 0.5) / size) - 0.5  # (batch, y and x, size)
        reach = ops.maximum(ops.abs(length) * side / size, 1)[..., None]
    else:
        source, reach = (side - 1) * (first + length * steps / max(size - 1, 1)), 1.0
    if method == "nearest":
        nearest = ops.clip(ops.cast(ops.floor(source + 0.5), "int32"), 0, side - 1)
        return move(pixels, {"source": nearest}, size)
    weights = ops.maximum(1 - ops.abs(source[..., None] - ops.arange(side, dtype="float32")) / reach, 0)
    weights = weights / ops.sum(weights, axis=-1, keepdims=True)
    rows = ops.einsum("byv,bvuc->byuc", weights[:, 0], pixels)
    return ops.einsum("bxu,byuc->byxc", weights[:, 1], rows)


def change_values(images: keras.KerasTensor, drawn: Tensors) -> keras.KerasTensor:
    """Do to images, float32 0..255, what `data.augment.photometric.augment_values` does; labels are mixed elsewhere."""
    amount = {name: values[:, None, None, None] for name, values in drawn.items() if len(values.shape) == 1}
    if "saturation" in drawn:
        grey = ops.mean(images, axis=3, keepdims=True)
        images = grey + (images - grey) * (1 + amount["saturation"])
    if "contrast" in drawn:
        mean = ops.mean(images, axis=(1, 2), keepdims=True)
        images = mean + (images - mean) * (1 + amount["contrast"])
    if "brightness" in drawn:
        images = images + 255 * amount["brightness"]
    if drawn.keys() & set(COLOUR):
        images = ops.clip(images, 0, 255)
    if "erase" in drawn:
        images = ops.where(square(drawn["erase"])[..., None], ERASED, images)
    if "cutmix" in drawn:
        images = ops.where(square(drawn["cutmix"])[..., None], ops.flip(images, axis=0), images)
    if "mixup" in drawn:
        images = images + (ops.flip(images, axis=0) - images) * amount["mixup"]
    return images


def square(lines: keras.KerasTensor) -> keras.KerasTensor:
    """Return which pixels lie in it, bool (batch, size, size), by its rows and columns, bool (batch, 2, size)."""
    return ops.logical_and(lines[:, 0, :, None], lines[:, 1, None, :])


def randaugment(
    images: keras.KerasTensor, operation: keras.KerasTensor, amount: keras.KerasTensor, matrix: keras.KerasTensor
) -> keras.KerasTensor:
    """Do to each image, float32 0..255, one change, of its place in the list, as `data.augment.randaugment` does."""
    images, amount = warp(images, matrix), amount[:, None, None, None]
    channels, grey = (1, 2), ops.sum(images * ops.array(LUMINANCE), axis=3, keepdims=True)
    padded = ops.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), "symmetric")
    around = ops.average_pool(padded, 3, 1, "valid", data_format="channels_last")
    plain = {  # a factor of 1 leaves the image, 0 gives this
        "brightness": 0.0,
        "colour": grey,
        "contrast": ops.mean(grey, axis=channels, keepdims=True),
        "sharpness": (9 * around + 4 * images) / 13,
    }
    step = 2 ** ops.round(MAX_BITS * ops.abs(amount))
    low, high = (find(images, axis=channels, keepdims=True) for find in (ops.min, ops.max))
    changed = {
        **{
            name: ops.clip(value + (images - value) * (1 + MAX_BLEND * amount), 0, 255) for name, value in plain.items()
        },
        "solarize": ops.where(images > 255 * (1 - ops.abs(amount)), 255 - images, images),
        "posterize": ops.floor(images / step) * step,
        "auto contrast": ops.where(high > low, (images - low) * 255 / ops.maximum(high - low, 1e-3), images),
        "equalize": equalize(images),
    }
    for name, result in changed.items():
        images = ops.where((operation == NAMES.index(name))[:, None, None, None], result, images)
    return ops.clip(images, 0, 255)


def equalize(images: keras.KerasTensor) -> keras.KerasTensor:
    """Give each channel as many dark as bright pixels: a value becomes the share of pixels below it, of 255."""
    count, height, width, channels = images.shape
    rows = ops.reshape(ops.transpose(ops.cast(images, "int32"), (0, 3, 1, 2)), (count * channels, height * width))
    places = ops.reshape(rows + 256 * ops.arange(count * channels, dtype="int32")[:, None], (-1,))
    counts = ops.segment_sum(ops.ones_like(places), places, 256 * count * channels)
    counts = ops.reshape(counts, (count * channels, 256))
    below = ops.cumsum(counts, axis=1) - counts
    others = ops.take_along_axis(below, ops.max(rows, axis=1, keepdims=True), axis=1)  # below the brightest: it is 255
    equal = ops.cast(ops.take_along_axis(below, rows, axis=1), "float32") * 255
    equal = equal / ops.cast(ops.maximum(others, 1), "float32")
    equal = ops.where(others > 0, equal, ops.cast(rows, "float32"))
    return ops.transpose(ops.reshape(equal, (count, channels, height, width)), (0, 2, 3, 1))
