"""Every setting, once: its name, default, range and help. The command line, its checks and `run.json` derive from here.

Which flag wins over which default stands in `study.precedence`; how a field is declared and read in `study.options`.
"""

from __future__ import annotations

import math
from dataclasses import Field, dataclass, fields
from typing import Any

from data import own_function
from data.augment import STRENGTHS, parse_augment
from data.folder import composed
from data.image import RESIZE_RULES
from data.split import parse_ratio
from errors import UserError
from models._recipe import ACTIVATIONS, DROPOUT_PLACES, INITIALIZERS, NORMS
from study.options import Settings, setting
from study.tta import MOST_VIEWS, parse_tta

SMALLEST_SIZE, LARGEST_SIZE = 32, 1024
OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad", "muon")
SCHEDULES = ("constant", "step", "exponential", "cosine", "one_cycle", "plateau")
WITHOUT_WARMUP = ("one_cycle", "plateau")
WITHOUT_TRAINING = ("augment_preview", "find_learning_rate")  # these end before a run folder is made
LOSSES = ("crossentropy", "focal", "dice", "crossentropy+dice")
MODEL_FOR = {"classify": "original", "segment": "unet"}  # task -> the model that is taken where none is named


def parse_class_weight(text: str) -> str | dict[str, float]:
    """Read `none`, `balanced` or `cat=1,dog=0.3`. Raise UserError for anything else."""
    if text in ("none", "balanced"):
        return text
    weights = {}
    for item in composed(text).split(","):
        name, _, number = item.rpartition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            weights[name.strip()] = -1.0
        if not name.strip() or not 0 < weights[name.strip()] < math.inf:
            raise UserError(
                "--class-weight takes none, balanced, or names with weights above 0 such as cat=1,dog=0.3. "
                f"Received: {item}"
            )
    return weights


def parse_progressive(text: str) -> tuple[int, ...]:
    """Read `none` or increasing sizes such as `96,128`. Raise UserError for anything else."""
    if text == "none":
        return ()
    try:
        sizes = tuple(int(item) for item in text.split(","))
    except ValueError:
        sizes = (0,)
    if sizes[0] < SMALLEST_SIZE or sizes[-1] > LARGEST_SIZE or sorted(set(sizes)) != list(sizes):
        raise UserError(
            f"--progressive takes none or increasing sizes, {SMALLEST_SIZE} to {LARGEST_SIZE:,} pixels, such as "
            f"96,128. Received: {text}"
        )
    return sizes


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
        kind=own_function.parse,
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
        choices=tuple(MODEL_FOR),
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


@dataclass(frozen=True)
class CompareSettings(Settings):
    """`python main.py compare`: what it has beside the flags that it hands on to every training."""

    vary: tuple[str, ...] = setting(
        (),
        "a flag of train without its dashes, and the values to try; several --vary: every combination. Values of "
        "augment, class-weight and progressive hold commas themselves: put ; between them, or give --vary once a value",
        group="comparison",
        metavar="FLAG=A,B",
    )
    seeds: int = setting(
        3,
        "trainings of each combination, with --seed, --seed + 1, …; all on one split",
        group="comparison",
        kind=int,
        low=1,
        high=1000,
    )
    jobs: int | None = setting(
        None,
        "trainings at once (default: one for two cores); several have fewer threads each, which rounds differently",
        group="comparison",
        kind=int,
        low=1,
        high=256,
    )
    out: str | None = setting(
        None,
        "folder for the runs, compare.html and compare.csv (default: one below compares that the same command finds "
        "again)",
        group="comparison",
        metavar="DIR",
    )


@dataclass(frozen=True)
class InspectSettings(Settings):
    """`python main.py inspect`: what it has beside the flags of train that make and feed a network."""

    paths: tuple[str, ...] = setting(
        (), "pictures, or folders of them, for the maps (default: one of each class, of the validation part)"
    )
    run: str | None = setting(
        None, "run folder whose network is looked at (default: a new network, by the flags below)", metavar="RUN"
    )
    steps: int = setting(20, "iterations of training along which gradients are measured", kind=int, low=1, high=10_000)
    layer: str | None = setting(
        None, "layer of Grad-CAM (default: the last one as large as the last convolution's output)", metavar="NAME"
    )
    inspects: str = setting("inspects", "folder that holds what inspect writes, a folder each", metavar="DIR")


@dataclass(frozen=True)
class PredictSettings(Settings):
    """`python main.py predict`."""

    paths: tuple[str, ...] = setting((), "files, folders, or - for a list on standard input; none: the run's test part")
    tta: str = setting(
        "none",
        f"answer by the mean over views of each picture: flip: it and its mirror image; 2 to {MOST_VIEWS}: those, then "
        "its middle and corners, then their mirror images",
        kind=parse_tta,
        metavar="none|flip|N",
    )
    part: str = setting("test", "without PATH: the part of the run's own data to answer for", choices=("val", "test"))
    model: str | None = setting(None, "take the newest run of this model", metavar="NAME")
    run: str | None = setting(None, "run folder (default: the newest one)", metavar="RUN")
    csv: str | None = setting(None, "also write the answers to this file", metavar="FILE")
    masks: str | None = setting(
        None, "of a run of --task segment: new or empty folder for the masks, as large as the pictures", metavar="DIR"
    )
    runs: str = setting("runs", "folder that holds the run folders", metavar="DIR")


@dataclass(frozen=True)
class SummarySettings(NetworkSettings):
    """`python main.py summary`."""

    model: str | None = setting(None, "model to describe; without it, a table of all models", metavar="NAME")
    image_size: int | None = setting(
        None, "side of the input in pixels (default: the model's)", kind=int, low=SMALLEST_SIZE, high=LARGEST_SIZE
    )


@dataclass(frozen=True)
class CheckSettings(Settings):
    """`python main.py check`."""

    data: str | None = setting(
        None, "folder with one sub-folder of images a class; without it, animals drawn by code", group="data"
    )
    labels: str | None = setting(
        None, "CSV file folder,class: renames, merges, leaves out classes, as in training", group="data"
    )
    resize: str = setting("crop", "how training would make a picture square", group="data", choices=RESIZE_RULES)
    store: str = store_switch()
    store_limit: float = store_limit()
    out: str | None = setting(
        None, "folder for check.html and check.csv (default: checks/<date and time>)", metavar="DIR"
    )
    strict: bool = setting(False, "exit with code 3 where a finding is severe", kind=bool)


@dataclass(frozen=True)
class StoreSettings(Settings):
    """`python main.py store`."""

    clear: bool = setting(False, "empty it; pixels and features are computed again when they are needed", kind=bool)


def shown(settings: type[Settings]) -> list[Field]:
    """Return a command's settings in the order of its help: those of the network last, though inherited first."""
    network = {entry.name for entry in fields(NetworkSettings)}
    return sorted(fields(settings), key=lambda entry: entry.name in network)


def handed_on() -> list[Field]:
    """Return the settings that `compare` takes beside its own: those of train, but where runs go and no training."""
    left_out = ("runs", *WITHOUT_TRAINING)
    return [entry for entry in shown(TrainSettings) if entry.name not in left_out]


NOT_INSPECTED = (
    *("learning", "epochs", "schedule", "warmup", "progressive", "ema", "patience"),
    *("augment", "augment_with", "class_weight", "sampler", "engine", "precision", "runs", *WITHOUT_TRAINING),
    *("task", "masks", "mask_values", "auxiliary", "auxiliary_weight"),
)


def inspected() -> list[Field]:
    """Return the settings of train that `inspect` takes beside its own: all that a few plain iterations obey."""
    return [entry for entry in shown(TrainSettings) if entry.name not in NOT_INSPECTED]
