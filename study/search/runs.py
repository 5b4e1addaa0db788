"""The trials of `tune` from scratch and in fine-tuning: a process for each, of few epochs first."""

from __future__ import annotations

import math
import shutil
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from errors import UserError
from study.experiments.jobs import Job, run_while
from study.experiments.plan import part_arguments
from study.experiments.result import Result, read_result
from study.runs import folder as run_folder
from study.search.study import FACTOR, STOPPED, Score, Search
from study.tasks import crossentropy

if TYPE_CHECKING:
    import optuna

Flags = Callable[[Mapping[str, str]], Mapping[str, str]]
RUNGS = 3  # of successive halving: a ninth of the epochs, a third, all


@dataclass
class Running:
    """A trial and its trainings so far; `texts`: its flags, `rungs`: the epochs of the trainings to come."""

    trial: optuna.Trial
    texts: Mapping[str, str]
    rungs: deque[int | None]
    began: float = field(default_factory=time.perf_counter)


def rungs_of(epochs: int) -> list[int]:
    """Return the epochs of a trial's trainings: each a third of the next, the last all of them."""
    found = [epochs]
    while len(found) < RUNGS and found[0] >= FACTOR:
        found.insert(0, found[0] // FACTOR)
    return found


class Trainings:
    """Runs trials as trainings in processes of their own.

    Args:
        search: what is searched.
        flags: what a trial chose -> the other flags of its trainings, as texts.
        epochs: of each training of a trial, the last in full; a single one where nothing is ended early.
        out: the folder of the search.
        told: called after each trial.
    """

    def __init__(self, search: Search, flags: Flags, epochs: list[int], out: Path, told: Callable[[], None]) -> None:
        self.search, self.flags, self.epochs, self.out, self.told = search, flags, epochs, out, told
        self.going_on: deque[Running] = deque()
        self.running: dict[Job, Running] = {}

    def run(self, at_once: int) -> None:
        """Run trials until there are enough. Ctrl-C marks as stopped those under way."""
        try:
            run_while(self.following, at_once, self.finished)
        except BaseException:
            for one in [*self.running.values(), *self.going_on]:
                self.search.fail(one.trial, STOPPED)
            raise

    def folder_of(self, one: Running) -> Path:
        """Return the folder of run folders of a trial."""
        return self.out / "trials" / f"{one.trial.number:05}"

    def left_of(self, trial: optuna.Trial) -> list[int]:
        """Return the epochs of a trial's trainings to come: one that was killed has passed some."""
        passed = self.search.passed(trial)
        return [epochs for epochs in self.epochs if epochs not in passed]

    def following(self) -> Job | None:
        """Return the next training: that of a trial that goes on, else of a new one."""
        if self.going_on:
            one = self.going_on.popleft()
        elif asked := self.search.ask():
            one = Running(*asked, deque(self.left_of(asked[0])))
        else:
            return None
        folder, epochs = self.folder_of(one), one.rungs[0]
        folder.mkdir(parents=True, exist_ok=True)
        own = {"runs": str(folder), "keep_diverged": "on"}  # one that diverged is a bad trial, not a failure
        if len(one.rungs) > 1:
            own["epochs"] = str(epochs)
        label = f"trial {one.trial.number}" + (f", {epochs} epochs" if len(self.epochs) > 1 else "")
        arguments = part_arguments({**self.flags(one.texts), **one.texts, **own})
        job = Job(label, tuple(arguments), folder / f"train-{epochs}.log")
        self.running[job] = one
        return job

    def finished(self, job: Job, why: str | None) -> None:
        """Tell the study how a training ended, and let its trial go on where others are not clearly better."""
        one = self.running.pop(job)
        epochs = one.rungs.popleft()
        try:
            result = None if why else read_result(run_folder.newest_run(self.folder_of(one), None))
        except UserError as error:
            result, why = None, str(error)
        if result is None:
            self.search.fail(one.trial, f"{why} (all it printed: {job.log})")
        else:
            self.judge(one, score_of(result), epochs, result)
        if result is not None:  # with what it says of the test split, which nobody has read
            shutil.rmtree(self.folder_of(one), ignore_errors=True)
        if one not in self.going_on:
            self.told()

    def judge(self, one: Running, score: Score, epochs: int, result: Result) -> None:
        """End a trial, as finished or pruned, or let it go on."""
        noted = {"epochs": len(result.epochs), "seconds": round(time.perf_counter() - one.began, 3)}
        if not one.rungs:
            self.search.finish(one.trial, score, **noted)
            return
        one.trial.report(score.loss, epochs)
        if one.trial.should_prune():
            self.search.prune(one.trial, score, **noted)
        else:
            self.going_on.append(one)


def score_of(result: Result) -> Score:
    """Return how good a run is on its validation split; a loss that is no number counts as the worst."""
    loss = result.loss if math.isfinite(result.loss) else crossentropy.MOST
    return Score(result.accuracy, loss, result.images)
