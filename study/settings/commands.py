"""The settings of every command but `train`, and which of `train`'s some of them take."""

from __future__ import annotations

from dataclasses import Field, dataclass, fields

from data.resize import RESIZE_RULES
from study.settings.data import (
    data_now,
    exclusion,
    grouping,
    label_file,
    label_task,
    repair,
    split_file,
    split_ratio,
    store_limit,
    store_switch,
    value_range,
)
from study.settings.declare import Settings, name_of, setting
from study.settings.experiments import CompareSettings as CompareSettings
from study.settings.experiments import CrossvalSettings as CrossvalSettings
from study.settings.experiments import EnsembleSettings as EnsembleSettings
from study.settings.experiments import TuneSettings as TuneSettings
from study.settings.export import ExportSettings as ExportSettings
from study.settings.network import NetworkSettings
from study.settings.page import PageSettings as PageSettings
from study.settings.parsers import LARGEST_SIZE, MAX_VIEWS, SMALLEST_SIZE, parse_shard, parse_tta
from study.settings.serve import ServeSettings as ServeSettings
from study.settings.train import FIELDS, TrainSettings

HEADINGS = (
    *(
        "comparison",
        "cross-validation",
        "ensemble",
        "search",
        "model and output",
        "data",
        "learning",
        "optimisation",
        "regularisation",
    ),
    *("loss", "task", "network"),
)


@dataclass(frozen=True)
class InspectSettings(Settings):
    """`python main.py inspect`: what it has beside the flags of train that make and feed a network."""

    paths: tuple[str, ...] = setting(
        (), "images, or folders of them, for the maps (default: one of each class, of the validation split)"
    )
    run: str | None = setting(
        None,
        "run, by folder or name, whose network is looked at (default: a new network, by the flags below)",
        metavar="RUN",
    )
    steps: int = setting(20, "iterations of training along which gradients are measured", kind=int, low=1, high=10_000)
    layer: str | None = setting(
        None, "layer of Grad-CAM (default: the last one as large as the last convolution's output)", metavar="NAME"
    )
    page: str | None = setting(
        None,
        "instead of the folder, write one page on which a reader clicks through the layers of --run and sees how each "
        "value comes about",
        metavar="FILE.html",
    )
    language: str = setting("en", "with --page: of the page", choices=("en", "ja"))
    runs: str = setting("runs", "folder that holds the run folders, where --run names one", metavar="DIR")
    inspects: str = setting("inspects", "folder that holds what inspect writes, a folder each", metavar="DIR")


@dataclass(frozen=True)
class PredictSettings(Settings):
    """`python main.py predict`."""

    paths: tuple[str, ...] = setting(
        (), "files, folders, or - for a list on standard input; none: the run's test split"
    )
    tta: str = setting(
        "none",
        f"predict by the mean over views of each image: flip: it and its mirror image; 2 to {MAX_VIEWS}: those, then "
        "its middle and corners, then their mirror images",
        kind=parse_tta,
        metavar="none|flip|N",
    )
    right: float = setting(
        0.99,
        "share of the answers that must be right, by what the run shows on validation images or, where these are few, "
        "out of fold; less sure ones are called unsure",
        kind=float,
        low=0.5,
        high=0.9999,
    )
    part: str = setting("test", "without PATH: the split of the run's own data to predict for", choices=("val", "test"))
    model: str | None = setting(None, "take the newest run of this model", metavar="NAME")
    run: str | None = setting(
        None, "run, by its folder or name (default: the newest that beats the commonest class)", metavar="RUN"
    )
    labelled: bool = setting(
        False,
        "PATH are folders with one sub-folder for each class, or tables path,label: also print the report of every "
        "class, and with --csv FILE.csv write it to FILE-report.json",
        kind=bool,
    )
    csv: str | None = setting(
        None, "also write the predictions to this file: CSV, or Parquet where it ends in .parquet", metavar="FILE"
    )
    boxes: str | None = setting(
        None,
        "of a run of --crop-to box: CSV file path,left,top,right,bottom of the images to predict for",
        metavar="FILE.csv",
    )
    resume: bool = setting(
        False,
        "with --csv, for very many images: go on where an earlier start ended, killed or not; what is done stands in "
        "FILE.progress",
        kind=bool,
    )
    resume_by: str = setting(
        "time",
        "with --resume: which files are done already: those of the same path, of the same path, size and time, or of "
        "the same content, wherever they lie",
        choices=("path", "time", "content"),
    )
    shard: str | None = setting(
        None,
        "with --csv: predict for the K-th of N parts of the images, each in a process or on a machine of its own; "
        "as --resume",
        kind=parse_shard,
        metavar="K/N",
    )
    merge: bool = setting(
        False, "PATH are the tables of all shards: write them as one to --csv FILE, and predict nothing", kind=bool
    )
    page: str | None = setting(
        None, "also write a page of the images and predictions, the least sure first", metavar="FILE.html"
    )
    language: str = setting("en", "with --page: of the page", choices=("en", "ja"))
    sort: str | None = setting(
        None, "copy the files into a sub-folder of this folder for each class, and unsure and unlike", metavar="DIR"
    )
    sort_as: str = setting("copy", "with --sort: copies, or symbolic links to the files", choices=("copy", "link"))
    masks: str | None = setting(
        None, "of a run of --task segment: new or empty folder for the masks, as large as the images", metavar="DIR"
    )
    data: str | None = data_now("without PATH: ")
    strict: bool = setting(False, "exit with code 4 where a file could not be used", kind=bool)
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
        None,
        "folder with one sub-folder of images a class, or a table path,label; without it, animals drawn by code",
        group="data",
    )
    task: str = label_task()
    labels: str | None = setting(
        None, "CSV file folder,class: renames, merges, leaves out classes, as in training", group="data"
    )
    fixes: str | None = repair()
    group: str | None = grouping()
    resize: str = setting("crop", "how training would make an image square", group="data", choices=RESIZE_RULES)
    range: tuple[float, float] | None = value_range()
    store: str = store_switch()
    store_limit: float = store_limit()
    out: str | None = setting(
        None, "folder for check.html and check.csv (default: checks/<date and time>)", metavar="DIR"
    )
    strict: bool = setting(False, "exit with code 3 where a finding is severe", kind=bool)


@dataclass(frozen=True)
class ExportDataSettings(Settings):
    """`python main.py export-data`."""

    data: str | None = setting(
        None, "data set, in any form that train takes; without it, animals drawn by code", group="data"
    )
    out: str | None = setting(None, "new or empty folder to write to", metavar="DIR")
    format: str = setting(
        "imagefolder",
        "imagefolder: a folder of image files for each split, with metadata.jsonl; parquet: Parquet files",
        choices=("imagefolder", "parquet"),
    )
    task: str = label_task()
    split: tuple[int, int, int] = split_ratio()
    split_file: str | None = split_file()
    seed: int = setting(0, "seed of the split", group="data", kind=int, low=0, high=2**32 - 1)
    group: str | None = grouping()
    labels: str | None = label_file()
    exclude: str | None = exclusion()
    fixes: str | None = repair()
    store: str = store_switch()
    store_limit: float = store_limit()


@dataclass(frozen=True)
class RunsSettings(Settings):
    """`python main.py runs`."""

    paths: tuple[str, ...] = setting(
        (),
        "none: list all; diff: compare two; best: name the best by validation; remove: remove run folders",
        metavar="[diff A B|best|remove RUN ...]",
    )
    data: str | None = setting(None, "only runs that learned from this folder or table", metavar="DIR")
    runs: str = setting("runs", "folder that holds the run folders", metavar="DIR")


@dataclass(frozen=True)
class LessonsSettings(Settings):
    """`python main.py lessons`."""

    paths: tuple[str, ...] = setting((), "the lesson to open in Jupyter; none: list all", metavar="[NUMBER]")
    language: str = setting("en", "of the notebooks and the list", choices=("en", "ja"))


@dataclass(frozen=True)
class StoreSettings(Settings):
    """`python main.py store`."""

    clear: bool = setting(False, "empty it; pixels and features are computed again when they are needed", kind=bool)


def entries(settings: type[Settings] | type[TrainSettings]) -> list[Field]:
    """Return a command's settings in the order of the headings of its help."""
    own = FIELDS.values() if settings is TrainSettings else fields(settings)
    return sorted(own, key=lambda entry: HEADINGS.index(entry.metadata["group"]))


def compare_fields() -> list[Field]:
    """Return the settings that `compare` takes beside its own: those of train, but where runs go and no training."""
    return [entry for entry in entries(TrainSettings) if entry.metadata["compared"]]


def crossval_fields() -> list[Field]:
    """Return the settings of train that `crossval` takes beside its own: those of `compare`, but for the split."""
    return [entry for entry in compare_fields() if name_of(entry) not in ("split", "split_file", "split_seed")]


def ensemble_fields() -> list[Field]:
    """Return the settings of train that `ensemble` takes beside its own: all but those for a single network."""
    single = ("augment_preview", "find_learning_rate", "crossval", "language", "resume", "fresh", "finish")
    single += ("checkpoint_minutes", "time_limit", "tensorboard", "callback", "processes")
    return [entry for entry in entries(TrainSettings) if name_of(entry) not in single]


def tune_fields() -> list[Field]:
    """Return the settings of train that `tune` takes beside its own, which has a sampler of another kind."""
    return [entry for entry in compare_fields() if name_of(entry) != "sampler"]


def inspect_fields() -> list[Field]:
    """Return the settings of train that `inspect` takes beside its own: all that a few plain iterations obey."""
    return [entry for entry in entries(TrainSettings) if entry.metadata["inspected"]]
