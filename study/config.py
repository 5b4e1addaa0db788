"""Every setting, once: its name, default, range and help. The command line, its checks and `run.json` derive from here.

Precedence, field by field: explicit flag; then, where a network learns from photos and random weights, the model's
`SPEC.photos`; then its `SPEC.defaults`; then the default below. A default of None means that the value follows from the
model or the learning type; `resolve` and `stages` fill it in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data import own_function
from data.augment import STRENGTHS, parse_augment
from data.image import RESIZE_RULES
from data.split import parse_ratio
from errors import UserError
from models._recipe import ACTIVATIONS, DETAILS, DROPOUT_PLACES, INITIALIZERS, NORMS, Recipe, check_obeyed
from models._spec import OPTIONS
from study.tta import MOST_VIEWS, parse_tta

if TYPE_CHECKING:
    from models._spec import Spec

SMALLEST_SIZE, LARGEST_SIZE = 32, 1024
OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad", "muon")
SCHEDULES = ("constant", "step", "exponential", "cosine", "one_cycle", "plateau")
WITHOUT_WARMUP = ("one_cycle", "plateau")
WITHOUT_TRAINING = ("augment_preview", "find_learning_rate")  # these end before a run folder is made
# Settings that say something only under some values of another one.
ONLY_UNDER = {
    "focal_gamma": ("loss", ("focal",)),
    "dice_weight": ("loss", ("crossentropy+dice",)),
    "engine": ("learning", ("auto", "transfer", "finetune")),
    "store_limit": ("store", ("on",)),
    "init_std": ("init", ("normal",)),
    "init_value": ("init", ("constant",)),
}
LOSSES = ("crossentropy", "focal", "dice", "crossentropy+dice")
SHAPING = ("activation", "norm", "depth", "width", "coordinates")  # what a network stays once it has learned
MODEL_FOR = {"classify": "original", "segment": "unet"}  # task -> the model that is taken where none is named


def setting(
    default: Any,  # noqa: ANN401 - each field has its own type
    help: str,
    *,
    group: str = "model and output",
    kind: Callable[[str], Any] = str,
    choices: tuple[str, ...] = (),
    low: float = -math.inf,
    high: float = math.inf,
    metavar: str = "",
) -> Any:  # noqa: ANN401
    """Declare one field: `kind` reads its text, `choices` or `low`..`high` bound it."""
    metadata = {"help": help, "group": group, "kind": kind, "choices": choices, "low": low, "high": high}
    return field(default=default, metadata=metadata | {"metavar": metavar})


def parse_class_weight(text: str) -> str | dict[str, float]:
    """Read `none`, `balanced` or `cat=1,dog=0.3`. Raise UserError for anything else."""
    if text in ("none", "balanced"):
        return text
    weights = {}
    for item in text.split(","):
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


@dataclass(frozen=True)
class Settings:
    """Base of each command's settings: checks every field's choices and range when made."""

    def __post_init__(self) -> None:
        """Raise UserError for a value outside its choices or range."""
        for entry in fields(self):
            check(entry, getattr(self, entry.name))


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
        None, "seed of the split alone (default: that of --seed)", group="data", kind=int, low=0, high=2**32 - 1
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
        "none, or increasing sizes to train at, such as 96,128, none above the input's; the last has a fifth of the "
        "epochs and no mixed pictures, the others share the rest alike",
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


@dataclass(frozen=True)
class CompareSettings(Settings):
    """`python main.py compare`: what it has beside the flags that it hands on to every training."""

    vary: tuple[str, ...] = setting(
        (),
        "a flag of train without its dashes, and the values to try; several --vary: every combination. Values of "
        "augment and class-weight hold commas themselves: put ; between them, or give --vary once a value",
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
        None, "of a run of --task segment: folder for the masks, a PNG of each picture's size", metavar="DIR"
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


def flag(name: str) -> str:
    """`batch_size` -> `--batch-size`."""
    return "--" + name.replace("_", "-")


def spelled(value: Any) -> str:  # noqa: ANN401
    """Return a value as its flag takes it: `96,128`, `flip,crop=0.3`."""
    if isinstance(value, Mapping):
        return ",".join(name if name == "flip" else f"{name}={number:g}" for name, number in value.items()) or "none"
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def bounds(low: float, high: float) -> str:
    """`at least 0`, `0 to 0.95`."""
    low, high = (f"{value:,}" if isinstance(value, int) else f"{value:g}" for value in (low, high))
    return f"at least {low}" if high == "inf" else f"{low} to {high}"


def help_text(entry: Field) -> str:
    """Return a field's help with its range and default."""
    meta, default = entry.metadata, entry.default
    notes = [bounds(meta["low"], meta["high"])] if meta["low"] > -math.inf else []
    if default not in (None, ()) and meta["kind"] is not bool:
        notes.append(f"default {':'.join(map(str, default)) if isinstance(default, tuple) else default}")
    return meta["help"] + (f" [{'; '.join(notes)}]" if notes else "")


def read(entry: Field, text: str) -> Any:  # noqa: ANN401
    """Turn a flag's text into the field's value. Raise UserError where it is none."""
    kind = entry.metadata["kind"]
    try:
        return kind(text)
    except ValueError as error:
        noun = {int: "a whole number", float: "a number"}.get(kind, "another form")
        raise UserError(f"{flag(entry.name)} takes {noun}. Received: {text}") from error


def check(entry: Field, value: Any) -> None:  # noqa: ANN401
    """Raise UserError where a field's value is outside its choices or range."""
    choices, low, high = (entry.metadata[key] for key in ("choices", "low", "high"))
    if choices and value is not None and value not in choices:
        raise UserError(f"{flag(entry.name)} takes {', '.join(choices)}. Received: {value}")
    if isinstance(value, int | float) and not low <= value <= high:
        raise UserError(f"{flag(entry.name)} takes {bounds(low, high)}. Received: {value}")
    if value == "":
        raise UserError(f"{flag(entry.name)} is empty: give a value or leave it out.")


def resolve(explicit: Mapping[str, Any], spec_defaults: Mapping[str, Any]) -> TrainSettings:
    """Explicit flags over the model's own defaults over the general ones.

    A model's own warm-up is dropped where a schedule was asked for that knows none, and its learning rate where
    another optimiser was.

    Raises:
        UserError: values that do not go together.
    """
    dropped: dict[str, Any] = {"warmup": 0.0} if explicit.get("schedule") in WITHOUT_WARMUP else {}
    own_optimizer = spec_defaults.get("optimizer", "adam")
    if explicit.get("optimizer", own_optimizer) != own_optimizer:
        dropped["learning_rate"] = None
    settings = TrainSettings(**{**spec_defaults, **dropped, **explicit})
    if settings.warmup and settings.schedule in WITHOUT_WARMUP:
        raise UserError(
            f"--warmup goes with --schedule {', '.join(name for name in SCHEDULES if name not in WITHOUT_WARMUP)}. "
            f"Received: --schedule {settings.schedule} --warmup {settings.warmup:g}"
        )
    refuse_idle(settings, explicit)
    if settings.find_learning_rate and "learning_rate" in explicit:
        raise UserError("--find-learning-rate looks for what --learning-rate says. Leave one of the two out.")
    if settings.find_learning_rate and settings.augment_preview:
        raise UserError("--find-learning-rate and --augment-preview each end the command. Leave one of the two out.")
    sizes, size = settings.progressive, settings.image_size
    if sizes and size and sizes[-1] > size:
        raise UserError(
            f"--progressive takes sizes up to the image size, {size}. Received: {','.join(map(str, sizes))}"
        )
    return settings


def refuse_idle(settings: Settings, explicit: Mapping[str, Any]) -> None:
    """Raise UserError for an explicit flag that says nothing under the value of another one."""
    for name in explicit.keys() & ONLY_UNDER.keys():
        other, values = ONLY_UNDER[name]
        if getattr(settings, other) not in values:
            given = getattr(settings, other)
            raise UserError(
                f"{flag(name)} goes with {flag(other)} {', '.join(values)}. "
                f"Received: {f'{flag(other)} {given}' if given else f'no {flag(other)}'}; leave {flag(name)} out."
            )


def recipe_of(settings: NetworkSettings) -> Recipe:
    """Return what the settings ask of a network."""
    shared = {entry.name: getattr(settings, entry.name) for entry in fields(NetworkSettings)}
    at = getattr(settings, "dropout_at", None)
    dropout = None if at is None else settings.dropout if at != "head" else 0.0
    return Recipe(**shared, dropout=dropout)


def with_model(explicit: Mapping[str, Any]) -> dict[str, Any]:
    """Add the model to the explicit flags where none is named: the one for their task."""
    return {"model": MODEL_FOR.get(explicit.get("task", "classify"), TrainSettings.model), **explicit}


def defaults_of(spec: Spec, explicit: Mapping[str, Any]) -> dict[str, Any]:
    """Return what suits a model, given the explicit flags; `resolve` lays those over it.

    Its settings for photos are for learning from random weights, and so are its learning rate and its dropout inside
    the network. An earlier run, as weights, brings the shape of its network.

    Raises:
        UserError: an option of the network that the model cannot obey, or that weights have settled already.
    """
    asked = {name: explicit[name] for name in (*OPTIONS, *DETAILS) if name in explicit and name != "dropout"}
    if asked.get("dropout_at") == "head":
        del asked["dropout_at"]  # every model has that
    check_obeyed(explicit.get("model", TrainSettings.model), spec, asked)
    chosen = {"image_size": spec.image_size, **spec.defaults}
    pretrained = spec.weights[0] if spec.weights and explicit.get("learning") != "scratch" else "none"
    begins = explicit.get("weights", pretrained)
    if begins != "none":
        if "init" in asked:
            raise UserError(f"--init is for random weights. Received: --weights {begins}; leave one of the two out.")
        chosen = {name: value for name, value in chosen.items() if name not in ("learning_rate", "dropout_at")}
        chosen |= _shape_of(Path(begins), spec)
    elif explicit.get("data") is not None:
        chosen |= spec.photos
    if "progressive" in explicit:
        chosen["image_size"] = max(chosen["image_size"], *explicit["progressive"], 0)
    elif "progressive" in chosen and "image_size" in explicit:
        chosen["progressive"] = fitted(chosen["progressive"], explicit["image_size"])
    return chosen


def fitted(sizes: tuple[int, ...], image_size: int) -> tuple[int, ...]:
    """Return those of a model's sizes that `image_size` leaves room for; a single one would be no progress."""
    kept = tuple(size for size in sizes if size < image_size)
    if len(kept) < len(sizes):
        kept = (*kept, image_size)
    return kept if len(kept) > 1 else ()


def _shape_of(weights: Path, spec: Spec) -> dict[str, Any]:
    """Return the options that made the network of a run folder or of its saved model; none where it does not tell."""
    run = weights if weights.is_dir() else weights.parent
    try:
        made = json.loads((run / "run.json").read_text(encoding="utf-8"))["settings"]
        return {name: made[name] for name in SHAPING if name in spec.obeys and made.get(name) is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def seed_of_split(settings: TrainSettings) -> int:
    """Return what the split goes by."""
    return settings.seed if settings.split_seed is None else settings.split_seed


def as_json(settings: Settings) -> dict[str, Any]:
    """Return the settings as a plain dict for `run.json`; paths absolute, so that another folder finds them."""
    values = asdict(settings)
    for name in ("data", "split_file", "labels", "exclude", "runs", "weights", "masks", "auxiliary"):
        if values.get(name) and (name not in ("weights", "auxiliary") or Path(values[name]).exists()):
            values[name] = str(Path(values[name]).absolute())
    return values


@dataclass(frozen=True)
class Stage:
    """One call of Keras' `fit`: the head on features, the unfrozen network, or all from scratch."""

    name: str
    epochs: int
    batch_size: int
    learning_rate: float


LAST_SIZE_SHARE = 0.2  # of the epochs; the reference divided 55 epochs into 45 at 96 pixels and 10 at 128


@dataclass(frozen=True)
class Phase:
    """Epochs of a stage at one size of the pictures: those from `first` to before `end`, counted from 0.

    Args:
        size: side of the training pictures in pixels.
        first: its first epoch.
        end: the epoch after its last one.
        last: whether it is the stage's last phase.
    """

    size: int
    first: int
    end: int
    last: bool


def phases(epochs: int, sizes: tuple[int, ...], image_size: int) -> list[Phase]:
    """Divide epochs among sizes: the last has `LAST_SIZE_SHARE`, one at least, the others share the rest alike.

    Without sizes all are at `image_size`. A size for which no epoch is left is passed over.
    """
    if not sizes:
        return [Phase(image_size, 0, epochs, last=True)]
    before = epochs - max(1, round(LAST_SIZE_SHARE * epochs)) if len(sizes) > 1 else 0
    ends = [round(before * number / (len(sizes) - 1)) for number in range(1, len(sizes))] + [epochs]
    starts = [0, *ends[:-1]]
    return [
        Phase(size, first, end, last=end == epochs)
        for size, first, end in zip(sizes, starts, ends, strict=True)
        if end > first
    ]


STAGES = {"scratch": ("scratch",), "transfer": ("head",), "finetune": ("head", "finetune")}
EPOCHS = {"scratch": 20, "head": 100, "finetune": 8}
BATCH_SIZE = {"scratch": 32, "head": 256, "finetune": 16}
ADAM_RATE = {"scratch": 2e-3, "head": 2e-3, "finetune": 5e-5}
LEARNING_RATE = {
    "sgd": {"scratch": 1e-1, "head": 1e-1, "finetune": 1e-2},
    "momentum": {"scratch": 2e-2, "head": 1e-2, "finetune": 1e-3},
    "nesterov": {"scratch": 2e-2, "head": 1e-2, "finetune": 1e-3},
    "adam": ADAM_RATE,
    "adamw": ADAM_RATE,
    "rmsprop": ADAM_RATE,
    "adagrad": {"scratch": 2e-2, "head": 5e-2, "finetune": 1e-3},
    "muon": ADAM_RATE,  # Keras scales Muon's steps to the length of Adam's (https://arxiv.org/abs/2502.16982)
}


def decay_of(optimizer: str, weight_decay: float | None) -> float:
    """Return the weight decay: that asked for, else the optimiser's own."""
    if weight_decay is not None:
        return weight_decay
    return 0.004 if optimizer == "adamw" else 0.0


def stages(settings: TrainSettings, learning: str) -> list[Stage]:
    """Return the stages of a learning type with every value settled.

    `--learning-rate` is that of the last stage: a head in front of fine-tuning keeps its own.
    """
    settled = []
    for name in STAGES[learning]:
        asked = settings.learning_rate if name == STAGES[learning][-1] else None
        rate = asked or LEARNING_RATE[settings.optimizer][name]
        settled.append(Stage(name, settings.epochs or EPOCHS[name], settings.batch_size or BATCH_SIZE[name], rate))
    return settled
