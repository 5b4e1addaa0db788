"""Hyper-parameter search: trials judged on validation, then the best setting trained anew beside the defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from data.dataset import Dataset
from data.store.store import Store
from errors import UserError
from study.experiments.jobs import Job, jobs_at_once, wait_for_earlier
from study.runtime import console, output
from study.runtime.background import raise_early, start_in_background
from study.runtime.locks import holding
from study.runtime.signals import naming
from study.search.anew import found_by, judge_on_folds, split_flags, train_anew
from study.search.asked import Asked, folder_for, reason_against, settle
from study.search.space import Space
from study.search.study import Search, noted, open_study, ranked, state_of, take_up_killed, worker_of
from study.search.verdict import Judgement
from study.settings import conflicts
from study.settings.commands import TuneSettings
from study.settings.source import load_dataset, store_of
from study.settings.stages import stages_of

TRIALS = 100


def tune(own: TuneSettings, texts: Mapping[str, str], command: str) -> tuple[dict[str, Any], str, str]:
    """Search, train the best setting and the defaults anew, write the page; return result, next command and why.

    Args:
        own: settings of the search.
        texts: flags of train that all trials share, as typed.
        command: as it was typed.

    Raises:
        UserError: something that the user can mend, or every trial failed.
    """
    from study.runtime import backend
    from study.search import report as tune_report

    asked = settle(own, texts, command)
    settings = asked.settings
    conflicts.check_installed(settings)
    output.check_results(own.runs, settings.data.folder, make=False)
    store = store_of(settings.data)
    against = reason_against(asked.space.names, settings)
    in_process = settings.learning.kind == "transfer" and not against
    with start_in_background(lambda check_cancelled: load_dataset(settings, store, check_cancelled)) as reading:
        raise_early(reading)
        if in_process:
            backend.start(settings.data.seed, settings.run.deterministic)
        dataset = reading.result()
    if settings.learning.kind == "transfer" and against:
        console.print(f"every trial is a process of its own, as {against}")
    out = folder_for(asked, dataset)
    out.mkdir(parents=True, exist_ok=True)
    told = f"Another tune is at work in {out}. Wait for it to end, or give another --runs DIR."
    with holding(out / ".lock", 0, told), naming(command):
        search, fresh = search_in(asked, dataset, store, out, in_process)
        ended = ranked(search.trials())
        best = asked.space.texts(ended[0].params)
        judged = fresh(best) if fresh else None
        runs = train_anew(asked, best, split_flags(dataset, out), out)
        found = found_by(asked, search, dataset, runs, judged)
        record = tune_report.Record(asked, search, dataset, found, best, runs, out)
        tune_report.write(record)
    if store.trouble:
        console.print(store.trouble)
    tune_report.print_results(record)
    return tune_report.values(record), *tune_report.next_step(record)


def search_in(
    asked: Asked, dataset: Dataset, store: Store, out: Path, in_process: bool
) -> tuple[Search, Callable[[Mapping[str, str]], Judgement] | None]:
    """Run the trials that are missing; return the search, and what judges a setting on images that chose nothing.

    Raises:
        UserError: every trial failed.
    """
    run, first, fresh = with_heads(asked, dataset, store) if in_process else with_trainings(asked, dataset, out)
    study = open_study(out, asked.own.storage, out.name, first)
    total = asked.own.trials or (len(asked.space.grid()) if asked.own.sampler == "grid" else TRIALS)
    seed = asked.settings.data.seed
    search = Search(study, asked.space, asked.own.sampler, seed, total, worker_of(out), asked.own.storage is None)
    going_on, failed = take_up_killed(search)
    if going_on:
        console.print(f"{going_on} trial(s) were under way when an earlier tune was killed: they go on")
    if failed:
        console.print(f"{failed} trial(s) had no settings yet when an earlier tune was killed: they count as failed")
    console.print(f"{total:,} trials, {search.count():,} of them done before, in {out}")
    try:
        with console.bar("tune", max(0, total - search.count())) as advance:
            run(search, announcer(search, advance, not in_process))
    except KeyboardInterrupt:
        console.print(f"{search.count():,} of {total:,} trials are done and kept.")
        raise
    if not ranked(search.trials()):
        failed = [noted(trial)["why"] for trial in search.trials() if state_of(trial) == "failed"]
        if not failed:  # of a storage that others use too
            raise UserError("Other processes are at work on all trials. Start this again when one of them has ended.")
        raise UserError(f"None of {len(failed):,} trials ended well, the last one since: {failed[-1]}")
    return search, fresh


Runner = Callable[[Search, Callable[[], None]], None]


def with_heads(asked: Asked, dataset: Dataset, store: Store) -> tuple[Runner, int, Callable[..., Judgement]]:
    """Return what runs trials of heads in this process, their first rung, and what judges a setting on fresh folds."""
    from study.search import heads as tune_heads

    settings = asked.settings
    features = tune_heads.features_for(dataset, settings, store)
    rung = tune_heads.first_rung(len(features.train), settings)

    def run(search: Search, told: Callable[[], None]) -> None:
        tune_heads.run_trials(search, features, settings.data.seed, asked.settled, rung, told)

    def fresh(best: Mapping[str, str]) -> Judgement | None:
        return judge_on_folds(features, dataset, asked, best)

    return run, rung, fresh


def with_trainings(asked: Asked, dataset: Dataset, out: Path) -> tuple[Runner, int, None]:
    """Return what runs each trial as a process, and the epochs of the first training of each."""
    from study.search.runs import Trainings, rungs_of

    left = sorted((out / "trials").glob("*/*.lock"))
    wait_for_earlier([Job("", (), lock.with_suffix(".log")) for lock in left], "tune", "")
    epochs = stages_of(asked.settings.optimization, asked.settings.learning.kind)[-1].epochs
    names = asked.space.names  # where each trial has epochs of its own, or of each size, few of them say little
    whole = {"epochs", "learning", "model"} & {*names} or "progressive" in (*names, *asked.texts)
    rungs = [epochs] if whole else rungs_of(epochs)

    split = split_flags(dataset, out)

    def flags(chosen: Mapping[str, str]) -> dict[str, str]:
        return asked.flags(chosen) | split

    def run(search: Search, told: Callable[[], None]) -> None:
        Trainings(search, flags, rungs, out, told).run(jobs_at_once(asked.own.jobs))

    return run, rungs[0], None


def announcer(search: Search, advance: Callable[[], None], every: bool) -> Callable[[], None]:
    """Return what prints how trials ended: all of them, or those that are the best so far and those that failed."""
    seen = {trial.number for trial in search.trials() if state_of(trial) != "running"}

    def told() -> None:
        advance()
        trials = search.trials()
        best = ranked(trials)[:1]
        for trial in trials:
            if trial.number in seen or state_of(trial) in ("running", "killed"):
                continue
            seen.add(trial.number)
            is_best = trial in best
            if every or is_best or state_of(trial) == "failed":
                console.print(describe(trial, search.space, is_best))

    return told


def describe(trial: Any, space: Space, is_best: bool) -> str:  # noqa: ANN401 - Optuna's
    """`trial 7: validation 98.6 %, loss 0.0411, the best so far: learning-rate=0.003 …`."""
    said, texts = noted(trial), " ".join(f"{k.replace('_', '-')}={v}" for k, v in space.texts(trial.params).items())
    if state_of(trial) == "failed":
        return f"trial {trial.number}: failed: {said['why']}; {texts}"
    pruned = f"pruned after {said['epochs']} epochs, " if state_of(trial) == "pruned" else ""
    figures = f"validation {100 * said['accuracy']:.1f} %, loss {said['loss']:.4f}"
    return f"trial {trial.number}: {pruned}{figures}{', the best so far' if is_best else ''}: {texts}"
