"""Runs that vote: the networks of several run folders as one, which answers with the mean of their probabilities."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.batches import Examples
from data.dataset import Dataset
from data.store.store import Store
from study.ensemble import same_images
from study.runs.folder import Run, load_classifier
from study.runs.listing import find
from study.runtime import backend, clock, console, output
from study.runtime.background import start_in_background
from study.settings.as_command import changed
from study.settings.resolve import as_json
from study.settings.source import load_dataset, store_of
from study.settings.train import DEFAULTS, TrainSettings

if TYPE_CHECKING:
    import keras

    from study.inference.engine import EngineChoice

Told = dict[str, Any]


@dataclass(frozen=True)
class Networks:
    """The networks of the runs, taken apart.

    `heads`: of each run. `backbones`: those that differ. `places`: which of all features, those of the backbones one
    behind the other, each head takes.
    """

    heads: Sequence[keras.Model]
    backbones: Sequence[keras.Model]
    places: Sequence[slice]

    @property
    def num_features(self) -> int:
        """Return the features of all backbones together."""
        return sum(backbone.output_shape[-1] for backbone in self.backbones)


def vote(names: Sequence[str], flags: Mapping[str, Any], command: str) -> tuple[Path, Told]:
    """Let the runs of these folders or names vote, and write what they are together as a run folder.

    Args:
        names: of the runs.
        flags: those of `train` that say something here, where they were given.
        command: as it was typed.

    Returns:
        The run folder, and what its `run.json` says of the ensemble beside the figures of each split.

    Raises:
        UserError: the runs do not fit each other, or their images are not what they were.
    """
    runs = [find(name, flags.get("runs", DEFAULTS["runs"])) for name in names]
    same_images.check(runs)
    settings = same_images.common_settings(runs).with_values(**flags)
    output.check_results(settings.run.runs, settings.data.folder, make=False)
    clock.check_for_archives()
    store = store_of(settings.data)
    with start_in_background(lambda check_cancelled: load_dataset(settings, store, check_cancelled)) as loading:
        with contextlib.suppress(TimeoutError):
            same_images.read_again(runs[0], loading, timeout=0.3)  # a folder that is not there is told at once
        backend.start(settings.data.seed, settings.run.deterministic)
        return write_votes(runs, settings, store, loading, command, flags)


def write_votes(
    runs: Sequence[Run],
    settings: TrainSettings,
    store: Store,
    loading: Future[Dataset],
    command: str,
    flags: Mapping[str, Any],
) -> tuple[Path, Told]:
    """Join the networks, judge them together and write the run folder."""
    from models.parts.head import classifier as join
    from study.ensemble.combine import joined_backbone, mean_head
    from study.ensemble.members import MEAN, Ensemble, Member, mean_of_first, shares_of
    from study.ensemble.write import Made, judge_and_write
    from study.inference.frozen import FrozenBackbone
    from study.train import repeat
    from study.train.embed import Embedded
    from study.train.judge import rows_by_split
    from study.train.prepare import stopwatch

    seconds: dict[str, float] = {}
    with stopwatch(seconds, "build the network"):
        networks = taken_apart([load_classifier(run) for run in runs])
    with stopwatch(seconds, "read the images"):
        dataset = same_images.read_again(runs[0], loading)
    console.print(described(runs, networks) + ".")
    pixels = dataset.examples()
    with stopwatch(seconds, "embed"):
        rows = rows_by_split(pixels, settings.data.seed)
        features, engine = features_of(networks, pixels, rows, settings, store)
    by_split = {split: features.inputs[rows] for split, rows in features.indices.items()}
    judging = {split: by_split[split] for split in ("val", "test")}
    members = [
        Member(
            run.folder.name, how_it_learned(run), shares_of(head, {name: of[:, place] for name, of in judging.items()})
        )
        for run, head, place in zip(runs, networks.heads, networks.places, strict=True)
    ]
    head = mean_head(networks.heads, networks.places, networks.num_features)
    ensemble = Ensemble("voting", described(runs, networks), MEAN, members, head, mean_of_first(members))
    backbone = joined_backbone(networks.backbones)
    prepared = same_images.prepared(runs, settings, dataset, join(backbone, head))
    embedded, info = Embedded(features, engine, FrozenBackbone(backbone, store)), same_images.info(runs, settings)
    asked = repeat.asked(flags, settings, "ensemble", (), [run.folder.absolute() for run in runs])
    made = Made(ensemble, prepared, embedded, rows, by_split, asked, info, changed(as_json(settings)))
    return judge_and_write(made, seconds, command, store)


def taken_apart(classifiers: Sequence[keras.Model]) -> Networks:
    """Return heads and backbones, each backbone once: heads on equal ones cost nothing more than one of them."""
    from study.inference.frozen import FrozenBackbone

    heads, known, backbones, first = [], {}, [], 0
    places = []
    for classifier in classifiers:
        _, backbone, head = classifier.layers
        fingerprint = FrozenBackbone(backbone).fingerprint
        if fingerprint not in known:
            known[fingerprint] = slice(first, first + backbone.output_shape[-1])
            first = known[fingerprint].stop
            backbones.append(backbone)
        heads.append(head)
        places.append(known[fingerprint])
    return Networks(heads, backbones, places)


def features_of(
    networks: Networks, pixels: Examples, wanted: Mapping[str, np.ndarray], settings: TrainSettings, store: Store
) -> tuple[Examples, EngineChoice]:
    """Return the features of wanted rows of each split, by all backbones one behind the other, and what ran these."""
    from study.inference.frozen import FrozenBackbone
    from study.inference.joined import embed, one_choice
    from study.train.embed import feature_spec

    rows, found, choices = np.concatenate(list(wanted.values())), [], []
    for backbone in networks.backbones:
        frozen = FrozenBackbone(backbone, store)
        embedded, choice = embed(frozen, replace(pixels, indices=wanted), feature_spec(settings))
        found.append(np.asarray(embedded.inputs[rows]))
        choices.append(choice)
        frozen.release()
    ends = np.cumsum([0, *map(len, wanted.values())])
    indices = {split: np.arange(*ends[place : place + 2]) for place, split in enumerate(wanted)}
    units, seen = (None if known is None else known[rows] for known in (pixels.units, pixels.seen))
    engine = one_choice([f"backbone_{number}" for number, _ in enumerate(choices, 1)], choices)
    return Examples(np.hstack(found), pixels.labels[rows], indices, units=units, seen=seen), engine


def described(runs: Sequence[Run], networks: Networks) -> str:
    """Say who votes, and what a prediction costs."""
    backbones = len(networks.backbones)
    cost = (
        "all on one backbone, so that a prediction costs what that of one run does"
        if backbones == 1
        else f"on {backbones} backbones, all of which run for a prediction"
    )
    return f"{len(runs)} runs vote, with the mean of their probabilities, equal weights; {cost}"


def how_it_learned(run: Run) -> str:
    """`original, scratch, seed 3`."""
    settings = run.info.get("settings", {})
    method = run.info.get("ensemble", {}).get("method") or run.info.get("learning", {}).get("type")
    seed = f"seed {settings['seed']}" if "seed" in settings else ""
    return ", ".join(part for part in (run.info["model"], method, seed) if part)
