"""Runs that are to vote must see the same images in the same way, and keep the same ones for the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.dataset import Dataset, synthetic_images
from data.split import SplitEntry, contents_learned_by
from data.subsets import OtherImagesError
from errors import UserError
from study import tasks
from study.ensemble.settle import OF_RUNS
from study.runs.folder import Run, size_of
from study.runs.listing import fingerprint_of
from study.runs.remedies import AGAIN, put_back
from study.settings.learning_type import LearningChoice
from study.settings.resolve import as_json, from_json
from study.settings.train import DEFAULTS, FIELDS, TrainSettings

if TYPE_CHECKING:
    import keras

    from study.train.prepare import Prepared

READ_AS = ("image_size", "resize", "pixel_range")  # what images are before a network sees them


def check(runs: Sequence[Run]) -> None:
    """Raise UserError where runs cannot vote together."""
    first, *others = runs
    if not others:
        raise UserError(f"A vote takes two runs or more. Received: {first.folder}")
    if len({run.folder.resolve() for run in runs}) < len(runs):
        twice = next(
            run.folder for run in runs if [one.folder.resolve() for one in runs].count(run.folder.resolve()) > 1
        )
        raise UserError(f"{twice} is named twice: each run has one vote.")
    for run in runs:
        if (task := run.task) != "classify":
            raise UserError(f"A vote is of runs of --task classify. Received: {run.folder}, of --task {task}")
        if "crop" in run.info:
            raise UserError(f"A vote is of runs that see whole images. Received: {run.folder}, of --crop-to")
    for run in others:
        pair, both = (first, run), f"{first.folder} and {run.folder}"
        if run.info["class_names"] != first.info["class_names"]:
            raise UserError(f"{both} tell other classes: a vote takes runs of the same ones.")
        if fingerprint_of(run) != fingerprint_of(first):
            raise UserError(
                f"{both} are of other images or another split, so a test image of one may have been learned by the "
                f"other. Train them with --split-file {first.folder / 'split.csv'}, or one --split-seed."
            )
        for name in READ_AS:
            one, other = (text_of(size_of(entry) if name == "image_size" else entry.info.get(name)) for entry in pair)
            if one != other:
                raise UserError(
                    f"{both} read images in different ways ({name.replace('_', ' ')} {one} and {other}), and one "
                    "network gets an image in one way: train them with the same."
                )
        if "image_sizes" in first.info and run.info["model"] != first.info["model"]:
            raise UserError(
                f"{both} join different models, each at a size of its own: train them with one --image-size."
            )


def text_of(value: object) -> str:
    """Return what a run notes of how it reads images, as text."""
    if isinstance(value, tuple):
        return " with ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{kind} {ends[0]:g}:{ends[1]:g}" for kind, ends in sorted(value.items())) or "of their own"
    return str(value or "of their own")


def common(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the settings on which all runs agree, as `run.json` has them."""
    all_settings = [run.info.get("settings", {}) for run in runs]
    first = all_settings[0]
    names = [name for name in first if name in FIELDS and name not in OF_RUNS]
    return {name: first[name] for name in names if all(other.get(name) == first[name] for other in all_settings)}


def common_settings(runs: Sequence[Run]) -> TrainSettings:
    """Return these as settings, with what the images of the first run need to be read again and divided as they were.

    Raises:
        UserError: they cannot be read.
    """
    first = runs[0]
    folder = first.info["data"].get("table") or (None if first.drawn else first.info["data"]["folder"])
    reading = {name: first.info["settings"][name] for name in ("label", "group", "exclude", "fixes", "range")
               if name in first.info.get("settings", {})}  # fmt: skip
    labels = first.folder / "labels.csv"
    values = common(runs) | reading
    values |= {
        "data": folder,
        "image_size": None if "image_sizes" in first.info else first.info["image_size"],
        "resize": first.info["resize"],
        "labels": str(labels) if labels.is_file() else None,
        "split_file": None if first.info["data"].get("ready_made") else str(first.folder / "split.csv"),
    }
    return from_json(values, first.folder / "run.json")


def read_again(run: Run, loading: Future[Dataset], timeout: float | None = None) -> Dataset:
    """Wait for the images that a run learned from.

    Raises:
        UserError: they cannot be read, or are not what they were.
        TimeoutError: they are not there in `timeout` seconds.
    """
    data = run.info["data"]
    try:
        dataset = loading.result(timeout)
    except OtherImagesError as error:  # of the split of the run, for which nobody gave a --split-file
        place = synthetic_images() if run.drawn else Path(data.get("table") or data["folder"])
        raise changed_since(run, place) from error
    if dataset.fingerprint() != data.get("fingerprint"):
        raise changed_since(run, dataset.table or dataset.root)
    return dataset


def changed_since(run: Run, place: Path) -> UserError:
    """Return what is to be said where the images of a run, in a folder or table, are not what they were."""
    back = put_back(run, place)
    return UserError(
        f"The images or labels in {place} are not what they were when {run.folder} was trained, so its test split is "
        f"no more. {back}{'' if back.endswith(AGAIN) else f', or {AGAIN}'}."
    )


def models_of(runs: Sequence[Run]) -> str:
    """`original`, or `original+residual` of different ones."""
    return "+".join(dict.fromkeys(run.info["model"] for run in runs))


def prepared(runs: Sequence[Run], settings: TrainSettings, dataset: Dataset, classifier: keras.Model) -> Prepared:
    """Return what a training begins with, as far as there is such a thing where nothing is trained."""
    from study.train.prepare import Prepared

    kinds = {run.info.get("learning", {}).get("type", "scratch") for run in runs}
    choice = LearningChoice(
        kinds.pop() if len(kinds) == 1 else "several", "", "that of the runs; a vote trains nothing"
    )
    outputs = tasks.get("classify").outputs(dataset.class_names)
    contaminated = learned_before(runs, dataset.entries)
    return Prepared(settings, dataset, dataset.examples(), outputs, classifier, choice, (), None, contaminated)


def learned_before(runs: Sequence[Run], entries: Sequence[SplitEntry]) -> int:
    """Count the validation and test images that the weights of any run had learned from before, each image once.

    Of a run whose earlier run is gone or another now, only the number is known: no fewer are counted.
    """
    noted, learned = 0, set()
    for run in runs:
        own = run.info["data"].get("held_out_but_learned_before") or 0
        known = contents_learned_by(str(run.info.get("settings", {}).get("weights", ""))) if own else set()
        if sum(entry.split != "train" and entry.sha256 in known for entry in entries) == own:
            learned |= known
        noted = max(noted, own)
    return max(noted, sum(entry.split != "train" and entry.sha256 in learned for entry in entries))


OF_ONE_TRAINING = {"resume", "fresh", "finish", "time_limit"}  # settings that say nothing of several runs


def info(runs: Sequence[Run], settings: TrainSettings) -> dict[str, Any]:
    """Return what `run.json` says in its own way of a vote: the models, and only those settings that hold for all."""
    kept = {*common(runs), *OF_RUNS, "data", "image_size", "resize", "split_file", "split_seed"} - OF_ONE_TRAINING
    own: Mapping[str, Any] = as_json(settings)
    return {
        "model": models_of(runs),
        "settings": {name: own[name] for name in DEFAULTS if name in kept},
    }
