"""The study behind `tune`: where its trials are kept, which one comes next, and which a killed process left behind.

Optuna is asked for a trial and told how it ended; it runs nothing by itself, and no heartbeat is needed: a process
works alone in its folder, so a trial that this folder has under way when it is opened was killed. It goes on, with the
settings that it had drawn; one that had not drawn them all counts as if it had never been.
"""

from __future__ import annotations

import json
import os
import platform
import random
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import UserError
from study.search.space import Space

if TYPE_CHECKING:
    import optuna

JOURNAL = "journal.log"
STOPPED = "stopped"
DRAWN, UNDRAWN = "drawn", "undrawn"  # whether a trial got all its settings before its process was killed
FACTOR = 3  # of successive halving: of those that reach a rung, the best third goes on


@dataclass(frozen=True)
class Score:
    """How good a trial is on the validation split, of `images`; the loss is a number, whatever happened.

    Optuna draws, and ends early, by the loss: of a few hundred images one more or less decides an accuracy, and a
    search that is drawn to such luck finds settings that are worse than the defaults (`benchmarks/tune.py --criteria`).
    """

    accuracy: float
    loss: float
    images: int


@dataclass(frozen=True)
class Search:
    """A study and what is searched in it.

    Args:
        study: Optuna's.
        space: what is searched.
        sampler: how: "tpe", "random" or "grid".
        seed: of the sampler, beside the number of trials so far.
        total: trials in all.
        worker: names this folder on this machine.
        alone: whether nobody else can be at work in the study.
        left: trials that a killed process had under way, to go on with first.
    """

    study: optuna.Study
    space: Space
    sampler: str
    seed: int
    total: int
    worker: str
    alone: bool
    left: list[optuna.trial.FrozenTrial] = field(default_factory=list)

    @cached_property
    def points(self) -> list[dict[str, Any]]:
        """Return the points of the grid, in an order that makes the first of them a fair sample."""
        points = self.space.grid()
        random.Random(self.seed).shuffle(points)
        return points

    def trials(self) -> list[optuna.trial.FrozenTrial]:
        """Return all trials, those of other machines too."""
        return self.study.get_trials(deepcopy=False)

    def count(self) -> int:
        """Return how many trials ended or are under way; one that was killed or stopped is none."""
        return sum(counts(trial) for trial in self.trials())

    def ask(self) -> tuple[optuna.Trial, dict[str, str]] | None:
        """Return the next trial and its flags; None where there are enough, or the grid has no point left."""
        if self.left:
            from optuna.trial import Trial

            trial = Trial(self.study, self.left.pop(0)._trial_id)
            return trial, self.space.draw(trial)  # what it has drawn before
        if self.count() >= self.total:
            return None
        if self.sampler == "grid":
            if not self.enqueue():
                return None
        else:
            # A seeded sampler that is made anew begins anew: by the number of trials, a resumed study goes on.
            drawn = sum(UNDRAWN not in trial.user_attrs for trial in self.trials())
            self.study.sampler = make_sampler(self.sampler, self.seed + drawn)
        trial = self.study.ask()
        trial.set_user_attr("by", {"worker": self.worker, "host": platform.node(), "pid": os.getpid()})
        texts = self.space.draw(trial)
        trial.set_user_attr(DRAWN, True)
        return trial, texts

    def passed(self, trial: optuna.Trial) -> set[int]:
        """Return the epochs behind which a trial was compared with others already."""
        return set(next(one for one in self.trials() if one.number == trial.number).intermediate_values)

    def enqueue(self) -> bool:
        """Have the next point of the grid wait to be asked for, unless one does. Say whether there is one."""
        trials = self.trials()
        if any(trial.state.name == "WAITING" for trial in trials):  # left by one that was killed
            return True
        taken = [self.space.texts(trial.params) for trial in trials if counts(trial)]
        for point in self.points:
            if self.space.texts(point) not in taken:
                self.study.enqueue_trial(point)
                return True
        return False

    def finish(self, trial: optuna.Trial, score: Score, **noted: Any) -> None:  # noqa: ANN401
        """Tell that a trial ran to its end."""
        self._end(trial, "COMPLETE", score, noted)

    def prune(self, trial: optuna.Trial, score: Score, **noted: Any) -> None:  # noqa: ANN401
        """Tell that a trial was ended early, since others were better there."""
        self._end(trial, "PRUNED", score, noted)

    def fail(self, trial: optuna.Trial, why: str) -> None:
        """Tell that a trial failed or was stopped."""
        self._end(trial, "FAIL", None, {"why": why})

    def _end(self, trial: optuna.Trial, state: str, score: Score | None, noted: Mapping[str, Any]) -> None:
        from optuna.trial import TrialState

        if score is not None:
            noted = {**noted, "accuracy": score.accuracy, "loss": score.loss, "images": score.images}
        trial.set_user_attr("noted", noted)
        value = score.loss if state == "COMPLETE" else None
        self.study.tell(trial, value, TrialState[state], skip_if_finished=True)


def counts(trial: optuna.trial.FrozenTrial) -> bool:
    """Say whether a trial ended or is under way: one that was killed or stopped is drawn again."""
    return trial.state.name != "WAITING" and state_of(trial) not in ("killed", "stopped")


def noted(trial: optuna.trial.FrozenTrial) -> Mapping[str, Any]:
    """Return what was noted at a trial's end."""
    return trial.user_attrs.get("noted", {})


def make_sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    """Return a sampler: random search, or the tree-structured Parzen estimator, which begins with ten random trials."""
    import optuna

    return (optuna.samplers.RandomSampler if name == "random" else optuna.samplers.TPESampler)(seed=seed % 2**32)


def open_study(folder: Path, storage: str | None, name: str, first_rung: int) -> optuna.Study:
    """Open a study, or begin it: in the folder's journal, or under a name at a storage's address.

    Nobody else may be at work in the folder.

    Raises:
        UserError: the storage cannot be used.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=max(1, first_rung), reduction_factor=FACTOR)
    try:
        place = storage or journal(folder / JOURNAL)
        return optuna.create_study(
            storage=place, study_name=name, direction="minimize", pruner=pruner, load_if_exists=True
        )
    except (KeyboardInterrupt, UserError):
        raise
    except Exception as error:  # of SQLAlchemy, of the database's driver, of a file that is no journal
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        given = f"--storage {without_password(storage)}" if storage else str(folder / JOURNAL)
        would_do = "Give an address such as sqlite:///tune.db, or none." if storage else "Move it away to begin anew."
        raise UserError(f"{given} cannot be used: {reason}. {would_do}") from error


def journal(path: Path) -> optuna.storages.JournalStorage:
    """Return the journal in a file, mended where a process was killed or the disk was full while writing to it.

    A line that was cut off is glued to the next one, after which Optuna can read no more of the file. Its own lock, a
    link beside the file, is not needed where nobody else is at work: a Ctrl-C while Optuna removes that is lost in a
    FileNotFoundError, and for one that is left over it waits half a minute.
    """
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    if path.exists() and 0 < (readable := length_readable(path)) < path.stat().st_size:
        with path.open("rb+") as file:
            file.truncate(readable)
    return JournalStorage(JournalFileBackend(str(path), threading.RLock()))


def length_readable(path: Path) -> int:
    """Return how many bytes of a journal stand before the first line that cannot be read."""
    length = 0
    with path.open("rb") as file:
        for line in file:
            try:
                json.loads(line)
            except ValueError:
                break
            if not line.endswith(b"\n"):
                break
            length += len(line)
    return length


def without_password(storage: str) -> str:
    """Return a storage's address as it may be shown."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(storage).render_as_string(hide_password=True)
    except ArgumentError:
        return storage


def worker_of(folder: Path) -> str:
    """Return the name of a folder on this machine: a copy of the folder elsewhere is another worker."""
    file = folder / "worker.txt"
    if not file.exists():
        file.write_text(uuid.uuid4().hex, encoding="utf-8")
    return f"{platform.node()} {file.read_text(encoding='utf-8').strip()}"


def take_up_killed(search: Search) -> tuple[int, int]:
    """Let what this folder's earlier process had under way when it was killed go on; return how many do, and fail.

    Those fail that had not drawn all their settings. Those of other machines, and of other folders, are left alone.
    """
    from optuna.trial import Trial, TrialState

    failed = 0
    for trial in search.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        worker = trial.user_attrs.get("by", {}).get("worker")
        if worker != search.worker and not (search.alone and worker is None):
            continue
        if DRAWN in trial.user_attrs:
            search.left.append(trial)
            continue
        Trial(search.study, trial._trial_id).set_user_attr(UNDRAWN, True)
        search.study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
        failed += 1
    return len(search.left), failed


def ranked(trials: Sequence[optuna.trial.FrozenTrial]) -> list[optuna.trial.FrozenTrial]:
    """Return the trials that ran to their end, the best first: by accuracy, and at a tie by the smaller loss.

    Accuracies within one standard error of the highest are a tie, as in Breiman's rule (Breiman 1984, 3.4.3).
    """
    ended = [trial for trial in trials if state_of(trial) == "finished"]
    if not ended:
        return []
    least = least_of_tie(*max((noted(trial)["accuracy"], noted(trial)["images"]) for trial in ended))

    def place(trial: optuna.trial.FrozenTrial) -> tuple[float, float]:
        accuracy, loss = noted(trial)["accuracy"], noted(trial)["loss"]
        return (0.0, loss) if accuracy >= least else (1 - accuracy, loss)

    return sorted(ended, key=place)


def least_of_tie(highest: float, images: int) -> float:
    """Return the least accuracy that is within one standard error of the highest.

    Two right and two wrong are added (Agresti and Coull 1998): where none is wrong, there is an error too.
    """
    share = (highest * images + 2) / (images + 4)
    return highest - (share * (1 - share) / images) ** 0.5


def state_of(trial: optuna.trial.FrozenTrial) -> str:
    """Say in a word how a trial ended: finished, pruned, failed, killed, stopped, or running where it has not.

    One that was killed failed without a reason: there was nobody left to note one.
    """
    if trial.state.name == "FAIL":
        why = noted(trial).get("why")
        return "killed" if why is None else STOPPED if why == STOPPED else "failed"
    return {"COMPLETE": "finished", "PRUNED": "pruned"}.get(trial.state.name, "running")
