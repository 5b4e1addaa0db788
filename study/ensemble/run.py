"""The road of `ensemble` with members of its own: from a folder of images to a run folder, as that of `train`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.dataset import Dataset
from data.store.store import Store
from study.ensemble.boosting import of_mistakes
from study.ensemble.heads import of_bootstrap_samples, of_folds, of_seeds
from study.ensemble.material import Material
from study.ensemble.members import Ensemble
from study.ensemble.stacking import of_kinds
from study.ensemble.write import Made, Told, judge_and_write
from study.runtime import console
from study.settings.train import TrainSettings
from study.train import repeat
from study.train.embed import embed_images
from study.train.judge import features_by_split, rows_by_split
from study.train.plan import print_plan
from study.train.prepare import prepare, stopwatch

METHODS: Mapping[str, Callable[[Material], Ensemble]] = {
    "seeds": of_seeds,
    "folds": of_folds,
    "bagging": of_bootstrap_samples,
    "boosting": of_mistakes,
    "stacking": of_kinds,
}


def train_ensemble(
    method: str,
    members: int,
    settings: TrainSettings,
    command: str,
    store: Store,
    loading: Future[Dataset],
    flags: Mapping[str, Any],
) -> tuple[Path, Told]:
    """Train the members, join them, judge the ensemble, and print what came out.

    Args:
        method: one of `METHODS`.
        members: how many are asked for.
        settings: of every member.
        command: as it was typed.
        store: where pixels and features are kept.
        loading: the data set, which is being read.
        flags: that were given; boosting chooses its penalty where there is no `l2` among them.

    Returns:
        The run folder, and what its `run.json` says of the ensemble beside the figures of each split.

    Raises:
        UserError: something that the user can mend; nothing is left behind.
    """
    seconds: dict[str, float] = {}
    ready = prepare(settings, store, loading, seconds)
    (stage,) = ready.stages
    open_l2 = method == "boosting" and "l2" not in flags
    if method == "boosting":  # what has no value is known not to have been used
        settings = ready.settings.with_values(epochs=None, batch_size=None, learning_rate=None)
        ready = replace(ready, stages=(), settings=settings)
    reason = f"{method} of members on one frozen backbone"
    ready = replace(ready, choice=replace(ready.choice, reason=reason))
    print_plan(ready, open_l2)
    embedded = embed_images(ready, store, seconds)
    with stopwatch(seconds, "train"):
        material = Material.of(ready.dataset, embedded.features, stage, ready.settings, members, flags.get("l2"))
        ensemble = METHODS[method](material)
    console.print(f"{ensemble.described[0].upper()}{ensemble.described[1:]}.")
    if ensemble.l2 is not None:
        ready = replace(ready, settings=ready.settings.with_values(l2=ensemble.l2))
    rows = rows_by_split(ready.pixels, ready.settings.data.seed)
    by_split = features_by_split(rows, ready.pixels, embedded.features, embedded.frozen)
    asked = repeat.asked(flags, ready.settings, "ensemble")
    made = Made(ensemble, ready, embedded, rows, by_split, asked, {}, flags)
    return judge_and_write(made, seconds, command, store)
