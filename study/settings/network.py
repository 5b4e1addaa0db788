"""What a network that starts from random weights is made of; of `train` and `summary`. None: the model's own."""

from __future__ import annotations

from dataclasses import dataclass

from models.parts.options import ACTIVATIONS, INITIALIZERS, NORMS
from study.settings.declare import Settings, setting
from study.settings.parsers import parse_depth


@dataclass(frozen=True)
class NetworkSettings(Settings):
    """What a network that starts from random weights is made of; of `train` and `summary`. None: the model's own."""

    activation: str | None = setting(
        None,
        "activation function after every layer but the last",
        group="network",
        choices=ACTIVATIONS,
        with_weights="brought",
    )
    init: str | None = setting(
        None,
        "how kernels begin; glorot, he, lecun: normal, as wide as the layer's inputs ask for. All but those three hold "
        "for the last layer too, which else keeps Glorot's",
        group="network",
        choices=INITIALIZERS,
        with_weights="refused",
    )
    init_std: float = setting(
        0.01,
        "of --init normal: the standard deviation",
        group="network",
        kind=float,
        low=0,
        high=100,
        requires=("init", ("normal",)),
    )
    init_value: float = setting(
        0.01,
        "of --init constant: the value",
        group="network",
        kind=float,
        low=-100,
        high=100,
        requires=("init", ("constant",)),
    )
    norm: str | None = setting(
        None,
        "normalisation after every convolution. batch: each channel over the batch; layer: each pixel over its "
        "channels; instance, group: each channel, or group of channels, of each image",
        group="network",
        choices=NORMS,
        with_weights="brought",
    )
    depth: int | None = setting(
        None,
        "layers with kernels, 6n + 2 of them",
        group="network",
        kind=parse_depth,
        metavar="N",
        low=8,
        high=1202,
        with_weights="brought",
    )
    width: int | None = setting(
        None,
        "filters of the first stage, by which those of the others go; 0, original alone: plain blocks, which have "
        "fixed widths (default of original: 64, residual blocks, with --data, else 0)",
        group="network",
        kind=int,
        low=0,
        high=1024,
        with_weights="brought",
    )
    coordinates: bool = setting(
        False,
        "tell each pixel where it is, by two more channels, x and y",
        group="network",
        kind=bool,
        with_weights="brought",
    )

    def describe(self, random_weights: bool, whitened: bool) -> list[tuple[str, str]]:
        """Return what the plan says of it, as (key, text): nothing where the model alone says what it is made of.

        Args:
            random_weights: whether it begins from those.
            whitened: whether its first filters come from the images.
        """
        detail = {"normal": f" {self.init_std:g}", "constant": f" {self.init_value:g}"}.get(self.init, "")
        parts = [
            self.activation and f"activation {self.activation}",
            self.init and random_weights and f"initial weights {self.init}{detail}",
            whitened and "first filters from the images",
            self.norm and f"normalisation {self.norm}",
            self.depth and f"depth {self.depth}",
            self.coordinates and "with coordinates",
        ]
        made = ", ".join(part for part in parts if part)
        return [("network", made)] if made else []
