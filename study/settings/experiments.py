"""The settings of the commands that train many networks, beside those of `train` that they hand on."""

from __future__ import annotations

from dataclasses import dataclass

from study.settings.declare import Settings, setting


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
        5,
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
class CrossvalSettings(Settings):
    """`python main.py crossval`: what it has beside the flags that it hands on to the training of every fold."""

    folds: int = setting(
        5, "folds, each of which is held out once", group="cross-validation", kind=int, low=2, high=1000
    )
    repeats: int | None = setting(
        None,
        "how often the images are divided anew, with --seed, --seed + 1, … (default: 3 under transfer, else 1)",
        group="cross-validation",
        kind=int,
        low=1,
        high=1000,
    )
    leave_one_out: bool = setting(
        False,
        "hold out one image after another, with its near duplicates and its group; for at most 1,000 images",
        group="cross-validation",
        kind=bool,
    )
    early_stopping: bool = setting(
        False,
        "under transfer: let the fold that is held out choose the epoch, which flatters the figures; else every head "
        "learns for a number of epochs that is fixed beforehand",
        group="cross-validation",
        kind=bool,
    )
    jobs: int | None = setting(
        None,
        "from scratch and in fine-tuning: trainings at once (default: one for two cores)",
        group="cross-validation",
        kind=int,
        low=1,
        high=256,
    )
    runs: str = setting("runs", "folder that holds what crossval writes, a folder each", metavar="DIR")


@dataclass(frozen=True)
class EnsembleSettings(Settings):
    """`python main.py ensemble`: what it has beside the flags of train that say what its members learn, and how."""

    paths: tuple[str, ...] = setting(
        (),
        "runs, by folder or name, that vote; none: the members are trained on one frozen backbone",
        group="ensemble",
        metavar="[RUN ...]",
    )
    method: str | None = setting(
        None,
        "voting: of runs. Of members that are trained: seeds: other initial weights and order; folds: each leaves out "
        "a fold of the training images; bagging: bootstrap samples of them; boosting: AdaBoost; stacking: different "
        "kinds of classifiers under a logistic regression (default: voting of runs, else bagging)",
        group="ensemble",
        choices=("voting", "seeds", "folds", "bagging", "boosting", "stacking"),
    )
    members: int = setting(
        10,
        "members of seeds, folds, bagging and boosting; stacking has one of each kind",
        group="ensemble",
        kind=int,
        low=2,
        high=100,
    )


@dataclass(frozen=True)
class TuneSettings(Settings):
    """`python main.py tune`: what it has beside the flags that it hands on to every trial."""

    trials: int | None = setting(
        None,
        "trials in all, earlier ones of the same search included (default: 100, or every point of a grid)",
        group="search",
        kind=int,
        low=1,
        high=100_000,
    )
    space: str | None = setting(
        None,
        "TOML file with a table for each flag to search: [learning-rate] with low, high, log = true, or choices "
        "(default: learning rate, penalty, dropout, label smoothing, from scratch batch size)",
        group="search",
        metavar="FILE",
    )
    sampler: str = setting(
        "tpe",
        "how settings are drawn; tpe: where earlier ones were good; random; grid: every combination",
        group="search",
        choices=("tpe", "random", "grid"),
    )
    storage: str | None = setting(
        None,
        "address of a database for several machines at the same search, as Optuna takes it, such as "
        "sqlite:///tune.db (default: a journal file in the folder of the search)",
        group="search",
        metavar="URL",
    )
    jobs: int | None = setting(
        None,
        "trainings at once, where each is a process (default: one for two cores)",
        group="search",
        kind=int,
        low=1,
        high=256,
    )
    runs: str = setting("runs", "folder that holds the folder of the search", metavar="DIR")
