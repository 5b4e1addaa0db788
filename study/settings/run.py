"""The model, what computes it, and where the result goes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from data import own_code
from study.runtime.hardware import BACKENDS, HEADS
from study.settings.declare import Settings, setting
from study.settings.parsers import parse_run_name, parse_time_limit

CALLBACK = ("callback", "name")  # the setting, and what it names


@dataclass(frozen=True)
class RunSettings(Settings):
    """The model, what computes it, and where the result goes."""

    model: str = setting(
        "original",
        "model, one of `summary`'s table (with --data efficientnet_lite, unless other flags are for random weights)",
        metavar="NAME",
        basic=True,
    )
    engine: str = setting(
        "auto",
        "what runs a frozen backbone",
        choices=("auto", "openvino", "tensorflow"),
        inspected=False,
        requires=("learning", ("auto", "transfer", "finetune")),
    )
    precision: str = setting(
        "auto",
        "of a frozen backbone and of training; auto: the faster of float32 and bfloat16, of a backbone bfloat16 only "
        "where the features of the first 64 training images hardly change; int8: of a backbone under transfer; final "
        "figures are always of float32",
        choices=("auto", "float32", "bfloat16", "int8"),
        inspected=False,
    )
    backend: str = setting(
        "tensorflow",
        "what computes a network that learns, by default what KERAS_BACKEND says, and openvino for a head alone, which "
        "spares TensorFlow's start; jax and torch have to be installed; where TensorFlow is installed too, batches are "
        "its own",
        choices=(*BACKENDS, HEADS),
        varied=False,
        inspected=False,
    )
    processes: int = setting(
        1,
        "with --backend jax: how many processes learn one network together, each from its share of every batch; they "
        "are started here, unless SLURM or KERAS_DISTRIBUTION_PROCESS_ID says which of them this is",
        kind=int,
        low=1,
        high=4096,
        inspected=False,
        compared=False,
    )
    deterministic: bool = setting(
        False,
        "equal bits for equal seed, processor and number of cores: nothing is chosen by its speed (--precision float32 "
        "unless another is given), and only operations that repeat are taken",
        kind=bool,
        varied=False,
        inspected=False,
    )
    runs: str = setting(
        "runs",
        "folder that holds the run folders",
        metavar="DIR",
        basic=True,
        path=True,
        inspected=False,
        compared=False,
    )
    name: str | None = setting(
        None,
        "a name for the run, which --run and --weights then take instead of its folder",
        kind=parse_run_name,
        metavar="NAME",
        inspected=False,
        compared=False,
    )
    resume: str | None = setting(
        None,
        "go on with a training that was stopped, by its name in `runs`; auto: with the one of these very settings, if "
        "there is one",
        metavar="NAME",
        inspected=False,
        compared=False,
    )
    fresh: bool = setting(
        False,
        "begin a training anew that was stopped: its checkpoints are removed",
        kind=bool,
        inspected=False,
        compared=False,
    )
    finish: bool = setting(
        False,
        "with --resume: end the training where it was stopped, with the best epoch so far; it can still go on later",
        kind=bool,
        inspected=False,
        compared=False,
    )
    checkpoint_minutes: float = setting(
        10.0,
        "minutes between two checkpoints within an epoch; there is one after every epoch too, as far as that takes "
        "less than a hundredth of the time; 0: none at all",
        kind=float,
        low=0,
        high=1440,
        inspected=False,
        compared=False,
    )
    time_limit: str | None = setting(
        None,
        "end the training, with its best epoch, before the whole command takes longer: 90s, 20m, 1.5h; an epoch at "
        "least is trained; the outcome then depends on how fast the machine is",
        group="optimisation",
        kind=parse_time_limit,
        metavar="TIME",
        inspected=False,
        compared=False,
    )
    crossval: int | None = setting(
        None,
        "after the training, cross-validate all images in so many folds with the same settings, for a figure beside "
        "that of the test split: under transfer in seconds, else a training for each fold",
        kind=int,
        low=2,
        high=1000,
        metavar="FOLDS",
        inspected=False,
        compared=False,
    )
    language: str = setting(
        "en",
        "of the report",
        choices=("en", "ja"),
        inspected=False,
        compared=False,
    )
    augment_preview: bool = setting(
        False,
        "train nothing: draw some training images before and after augmentation, print the file's path",
        group="regularisation",
        kind=bool,
        inspected=False,
        compared=False,
    )
    tensorboard: str | None = setting(
        None,
        "new folder for event files of TensorBoard: the figures of each epoch",
        metavar="DIR",
        path=True,
        inspected=False,
        compared=False,
    )
    callback: str | None = setting(
        None,
        "a keras.callbacks.Callback of your own, package.module:name or path/to/file.py:name: a class, or a function "
        "that returns one; it is told of every epoch",
        kind=partial(own_code.parse, setting=CALLBACK[0], noun=CALLBACK[1]),
        metavar="NAME",
        inspected=False,
        compared=False,
    )
    verbose: bool = setting(
        False,
        "print a line for every epoch of the head, and the figures behind what was chosen",
        kind=bool,
        inspected=False,
        compared=False,
    )
    find_learning_rate: bool = setting(
        False,
        "train nothing: raise the rate over some iterations, draw the loss over it, try a rate, print the one to take",
        group="optimisation",
        kind=bool,
        inspected=False,
        compared=False,
    )
