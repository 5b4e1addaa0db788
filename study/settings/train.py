"""Every setting, once: its name, default, range and help. The command line, its checks and `run.json` derive from here.

Which flag wins over which default stands in `study.settings.resolve`; how a field is declared and read in
`study.settings.declare`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data.augment import custom
from data.augment.pipeline import STRENGTHS, parse_augment
from data.image import RESIZE_RULES
from data.split import parse_ratio
from models.parts.recipe import ACTIVATIONS, DROPOUT_PLACES, INITIALIZERS, NORMS
from study import tasks
from study.settings.declare import Settings, setting
from study.settings.parsers import (
    LARGEST_SIZE,
    SMALLEST_SIZE,
    parse_class_weight,
    parse_progressive,
)

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad", "muon")
SCHEDULES = ("constant", "step", "exponential", "cosine", "one_cycle", "plateau")
WITHOUT_WARMUP = ("one_cycle", "plateau")
WITHOUT_TRAINING = ("augment_preview", "find_learning_rate")  # these end before a run folder is made
LOSSES = ("crossentropy", "focal", "dice", "crossentropy+dice")


def store_switch() -> Any:  # noqa: ANN401
    """Declare `--store`, the same for every command that computes what can be kept."""
    help = "on: keep pixels and features for later runs; off: stream the images"
    return setting("on", help, group="data", choices=("on", "off"))


def store_limit() -> Any:  # noqa: ANN401
    """Declare `--store-limit`."""
    help = "gigabytes that the store may take; what was not used for longest goes first"
    return setting(10.0, help, group="data", kind=float, low=0.01, high=100_000)


@dataclass(frozen=True)
class NetworkSettings(Settings):
    """What a network that starts from random weights is made of; of `train` and `summary`. None: the model's own."""

    activation: str | None = setting(None, "behind every layer but the last", group="network", choices=ACTIVATIONS)
    init: str | None = setting(
        None,
        "how kernels begin; glorot, he, lecun: normal, as wide as the layer's inputs ask for. All but those three hold "
        "for the last layer too, which else keeps Glorot's",
        group="network",
        choices=INITIALIZERS,
    )
    init_std: float = setting(
        0.01, "of --init normal: the standard deviation", group="network", kind=float, low=0, high=100
    )
    init_value: float = setting(0.01, "of --init constant: the value", group="network", kind=float, low=-100, high=100)
    norm: str | None = setting(
        None,
        "normalisation behind every convolution. batch: each channel over the batch; layer: each pixel over its "
        "channels; instance, group: each channel, or group of channels, of each picture",
        group="network",
        choices=NORMS,
    )
    depth: int | None = setting(
        None, "layers with kernels, 6n + 2 of them", group="network", kind=int, low=8, high=1202
    )
    width: int | None = setting(
        None,
        "filters of the first stage, by which those of the others go; 0, original alone: plain blocks, which have "
        "fixed widths (default of original: 64, residual blocks, with --data, else 0)",
        group="network",
        kind=int,
        low=0,
        high=1024,
    )
    coordinates: bool = setting(
        False, "tell each pixel where it is, by two more channels, x and y", group="network", kind=bool
    )


@dataclass(frozen=True)
class TrainSettings(NetworkSettings):
    """`python main.py train`."""

    model: str = setting("original", "model, one of `summary`'s table", metavar="NAME")
    data: str | None = setting(
        None, "folder with one sub-folder of images a class; without it, animals drawn by code", group="data"
    )
    split: tuple[int, int, int] = setting((8, 1, 1), "train:val:test", group="data", kind=parse_ratio, metavar="A:B:C")
    split_file: str | None = setting(None, "split.csv of an earlier run; its assignments are kept", group="data")
    labels: str | None = setting(
        None,
        "CSV file folder,class: renames, merges, leaves out classes; a row left<->right names mirror classes",
        group="data",
    )
    label: str = setting("class", "of the drawings: what to learn", group="data", choices=("class", "facing", "coat"))
    exclude: str | None = setting(
        None, "check.csv with a filled drop column: those pictures are left out", group="data"
    )
    seed: int = setting(
        0, "seed of the split, the initial weights and the shuffling", group="data", kind=int, low=0, high=2**32 - 1
    )
    split_seed: int | None = setting(
        None,
        "seed of the split alone (default: that of --seed); train/val/test folders of your own need none",
        group="data",
        kind=int,
        low=0,
        high=2**32 - 1,
    )
    image_size: int | None = setting(
        None,
        "side of the input in pixels (default: the model's)",
        group="data",
        kind=int,
        low=SMALLEST_SIZE,
        high=LARGEST_SIZE,
    )
    resize: str = setting("crop", "how a picture becomes square", group="data", choices=RESIZE_RULES)
    store: str = store_switch()
    store_limit: float = store_limit()
    learning: str = setting(
        "auto",
        "scratch: all from random weights; transfer: the head on a frozen backbone; finetune: head, then all; "
        "auto: by images per class",
        group="learning",
        choices=("auto", "scratch", "transfer", "finetune"),
    )
    weights: str | None = setting(
        None,
        "imagenet, none, a .weights.h5 or .keras file, or a run folder (default: the model's pretrained ones)",
        group="learning",
        metavar="WEIGHTS",
    )
    epochs: int | None = setting(
        None,
        "most epochs of each stage (default: scratch 20, head 100, finetune 8, or the model's for photos)",
        group="optimisation",
        kind=int,
        low=1,
        high=100_000,
    )
    batch_size: int | None = setting(
        None,
        "images per iteration (default: the model's for photos, else scratch 32, head 256, finetune 16)",
        group="optimisation",
        kind=int,
        low=1,
        high=65_536,
    )
    learning_rate: float | None = setting(
        None,
        "the highest of the stage; --schedule says how it goes on (default: by optimiser and stage)",
        group="optimisation",
        kind=float,
        low=1e-12,
        high=100,
    )
    schedule: str = setting(
        "cosine",
        "of the learning rate: cosine to 0, exponential to 1/100, step: to a tenth after each third of the iterations, "
        "one_cycle: up over 30 %, then a cosine down, plateau: times 0.3 where validation stagnates",
        group="optimisation",
        choices=SCHEDULES,
    )
    warmup: float = setting(
        0.0,
        "share of all iterations in which the learning rate first rises from 0",
        group="optimisation",
        kind=float,
        low=0,
        high=0.9,
    )
    progressive: tuple[int, ...] = setting(
        (),
        "none, or increasing sizes to train at, such as 96,128, none above the input's; the last has a seventh of the "
        "epochs and no mixed pictures, the others share the rest alike; of three or more the first mixes none either",
        group="optimisation",
        kind=parse_progressive,
        metavar="LIST",
    )
    optimizer: str = setting(
        "adam",
        "rule that turns gradients into steps; muon: dense kernels by Muon, all else by AdamW",
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
        "momentum of an average of the weights over the iterations, such as 0.99, which is judged and kept; 0: off",
        group="optimisation",
        kind=float,
        low=0,
        high=0.99999,
    )
    patience: int = setting(
        8,
        "epochs without a better validation loss before training ends; 0: never",
        group="optimisation",
        kind=int,
        low=0,
    )
    l1: float = setting(
        0.0,
        "penalty: this times the sum of the weights' amounts, biases not; with --l2 an elastic net",
        group="regularisation",
        kind=float,
        low=0,
        high=10,
    )
    l2: float = setting(
        1e-4,
        "penalty: this times the sum of squared weights, biases not",
        group="regularisation",
        kind=float,
        low=0,
        high=10,
    )
    weight_decay: float | None = setting(
        None,
        "share of each weight taken off in an iteration, times the learning rate; biases and normalisation not "
        "(default: adamw 0.004, others 0)",
        group="regularisation",
        kind=float,
        low=0,
        high=10,
    )
    label_smoothing: float = setting(
        0.0,
        "share of each label that is spread over all classes",
        group="regularisation",
        kind=float,
        low=0,
        high=0.99,
    )
    dropout: float = setting(
        0.2, "share of features dropped where --dropout-at says", group="regularisation", kind=float, low=0, high=0.95
    )
    dropout_at: str = setting(
        "head",
        "head: before the last layer; blocks: inside the network, whole maps of each block or, where there are some, "
        "values of hidden dense layers; both",
        group="regularisation",
        choices=DROPOUT_PLACES,
    )
    augment: dict[str, float] | None = setting(
        None,
        f"none, or some of {', '.join(STRENGTHS)}, each with =STRENGTH if wanted "
        "(default: flip,translation; transfer none)",
        group="regularisation",
        kind=parse_augment,
        metavar="LIST",
    )
    class_weight: str | dict[str, float] = setting(
        "none",
        "none, balanced (rarer classes count more), or cat=1,dog=0.3 (others count 1)",
        group="regularisation",
        kind=parse_class_weight,
        metavar="WEIGHTS",
    )
    sampler: str = setting(
        "natural",
        "balanced: every class is drawn equally often",
        group="regularisation",
        choices=("natural", "balanced"),
    )
    loss: str = setting(
        "crossentropy",
        "what training makes small; the loss that is reported and judged is cross-entropy always",
        group="loss",
        choices=LOSSES,
    )
    focal_gamma: float = setting(
        2.0,
        "of --loss focal: how little pictures count that are right already; 0: cross-entropy",
        group="loss",
        kind=float,
        low=0,
        high=10,
    )
    dice_weight: float = setting(
        0.5,
        "of --loss crossentropy+dice: the share of Dice, the rest is cross-entropy",
        group="loss",
        kind=float,
        low=0,
        high=1,
    )
    augment_with: str | None = setting(
        None,
        "a function of your own, package.module:function or path/to/file.py:function: gets each training batch after "
        "--augment, float32 (n, side, side, 3) 0..255, and returns the same shape",
        group="regularisation",
        kind=custom.parse,
        metavar="FUNCTION",
    )
    augment_preview: bool = setting(
        False,
        "train nothing: draw some training pictures before and after augmentation, print the file's path",
        group="regularisation",
        kind=bool,
    )
    find_learning_rate: bool = setting(
        False,
        "train nothing: raise the rate over some iterations, draw the loss over it, print the rate to take",
        group="optimisation",
        kind=bool,
    )
    task: str = setting(
        "classify",
        "classify: what is the picture of; segment: what is every pixel of, which takes masks and -m unet",
        group="task",
        choices=tasks.available(),
    )
    masks: str | None = setting(
        None,
        "folder with a mask for each picture of --data: a PNG of the same path and size, 0 for background",
        group="task",
        metavar="DIR",
    )
    mask_values: str = setting(
        "own",
        "what a value of --masks that is not 0 means; own: the picture's own class; index: 1 the first class, 2 the "
        "second, in the order of their names",
        group="task",
        choices=("own", "index"),
    )
    auxiliary: str = setting(
        "none",
        "a second task, learned beside the class and not saved: none, coat (of the drawings), mask (of the drawings or "
        "--masks), or a CSV file path,label with a second label of some pictures",
        group="task",
        metavar="coat|mask|FILE",
    )
    auxiliary_weight: float = setting(
        0.3, "of the second task's loss; the class's has 1", group="task", kind=float, low=0, high=100
    )
    engine: str = setting("auto", "what runs a frozen backbone", choices=("auto", "openvino", "tensorflow"))
    precision: str = setting(
        "auto",
        "of a frozen backbone and of training; auto: the faster one; the final validation and test are always float32",
        choices=("auto", "float32", "bfloat16"),
    )
    runs: str = setting("runs", "folder that holds the run folders", metavar="DIR")
    first_layer: str = setting(
        "random",
        "the filters of the first convolution. random: they begin by --init; pca: with the principal components of the "
        "training pictures, each with both signs (default of original with --data: pca)",
        group="network",
        choices=("random", "pca"),
    )
