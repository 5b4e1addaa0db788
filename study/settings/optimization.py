"""How steps are made of gradients, and how many."""

from __future__ import annotations

from dataclasses import dataclass

from study.settings.declare import Settings, setting
from study.settings.parsers import parse_progressive

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad", "muon")
SCHEDULES = ("constant", "step", "exponential", "cosine", "one_cycle", "plateau")
WITHOUT_WARMUP = ("one_cycle", "plateau")


@dataclass(frozen=True)
class OptimizationSettings(Settings):
    """How steps are made of gradients, and how many."""

    epochs: int | None = setting(
        None,
        "most epochs of each stage (default: the model's, else scratch 20, head 100, finetune 8)",
        group="optimisation",
        kind=int,
        low=1,
        high=100_000,
        inspected=False,
        basic=True,
    )
    batch_size: int | None = setting(
        None,
        "images per iteration (default: the model's, else scratch 32, head 256, finetune 16)",
        group="optimisation",
        kind=int,
        low=1,
        high=65_536,
        basic=True,
    )
    learning_rate: float | None = setting(
        None,
        "the highest of the stage; --schedule says how it goes on (default: the model's, else by optimiser and stage)",
        group="optimisation",
        kind=float,
        low=1e-12,
        high=100,
        basic=True,
    )
    schedule: str = setting(
        "cosine",
        "of the learning rate: cosine to 0, exponential to 1/100, step: to a tenth after each third of the iterations, "
        "one_cycle: up over 30 %, then a cosine down, plateau: times 0.3 where validation stagnates",
        group="optimisation",
        choices=SCHEDULES,
        inspected=False,
    )
    warmup: float = setting(
        0.0,
        "share of all iterations in which the learning rate first rises from 0",
        group="optimisation",
        kind=float,
        low=0,
        high=0.9,
        inspected=False,
    )
    progressive: tuple[int, ...] = setting(
        (),
        "none, or increasing sizes to train at, such as 96,128, none above the input's; the last has a seventh of the "
        "epochs and no mixed images, the others share the rest alike; of three or more the first mixes none either",
        group="optimisation",
        kind=parse_progressive,
        metavar="LIST",
        inspected=False,
    )
    optimizer: str = setting(
        "adam",
        "rule that turns gradients into steps; muon: kernels inside the network by Muon, those of convolutions as "
        "matrices, the last layer and all else by AdamW",
        group="optimisation",
        choices=OPTIMIZERS,
    )
    clip_norm: float = setting(
        0.0,
        "longest gradient, over all weights together; a longer one is shortened to this; 0: off",
        group="optimisation",
        kind=float,
        low=0,
        high=1000,
    )
    ema: float = setting(
        0.0,
        "momentum of an average of the weights over the iterations, which is evaluated and kept; it remembers about "
        "the last 1 / (1 - X) iterations: 100 at 0.99, which is 2 epochs of 50 iterations; 0: off",
        group="optimisation",
        kind=float,
        low=0,
        high=0.99999,
        inspected=False,
    )
    keep_diverged: bool = setting(
        False,
        "keep a run whose objective (loss, weights and penalties) ends above its start or is no number; else that ends "
        "with code 2",
        group="optimisation",
        kind=bool,
        inspected=False,
    )

    def describe_steps(self, learning_rate: float, per_epoch: int) -> str:
        """Say how the weights move in a stage of such a learning rate and so many iterations an epoch."""
        rising = f", risen to over the first {100 * self.warmup:g} % of the iterations" if self.warmup else ""
        text = f"{self.optimizer} at learning rate {learning_rate:g}{rising}, schedule {self.schedule}"
        text += f", gradients clipped to {self.clip_norm:g}" if self.clip_norm else ""
        if not self.ema:
            return text
        memory = 1 / (1 - self.ema)
        text += f", weights averaged with momentum {self.ema:g}, over about the last {memory:,.0f} iterations"
        return text + f" ({memory / per_epoch:.1f} epochs)"
