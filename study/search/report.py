"""What `tune` leaves: every trial as a table, the figures as JSON, and a page that begins with the verdict."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from data.csv_table import guarded
from data.dataset import Dataset
from study.experiments.plan import train_arguments
from study.pages.blocks import Figure, Table
from study.pages.render import render
from study.runtime import console, environment, output
from study.runtime.format import format_value
from study.search.anew import Runs
from study.search.asked import Asked
from study.search.study import JOURNAL, Search, noted, ranked, state_of, without_password
from study.search.verdict import Found, advice, figures, sentences
from study.settings.as_command import as_command
from study.settings.commands import TuneSettings
from study.settings.resolve import as_json

if TYPE_CHECKING:
    from study.search.figures import Point

TABLE, SUMMARY, PAGE = "tune.csv", "tune.json", "tune.html"
CRITERION = "validation accuracy; at a tie, within one standard error of the highest, the smaller loss"
ENOUGH = 20  # trials that ran to their end, from which importances are told
IN_TABLE = 200  # trials on the page, the best; the table has all
FIGURES = ("accuracy (95 % interval)", "images", "best", "defaults", "difference, points", "95 % interval")
HEADER = ("trial", "state", "accuracy", "loss", "epochs", "seconds")


@dataclass(frozen=True)
class Record:
    """All that is written: what was asked, the search, the images, what was found, and by which runs.

    `best`: the flags that were found.
    """

    asked: Asked
    search: Search
    dataset: Dataset
    found: Found
    best: Mapping[str, str]
    runs: Runs
    out: Path

    @cached_property
    def setting(self) -> str:
        """`learning-rate 0.003, dropout 0.41`."""
        return ", ".join(f"{name.replace('_', '-')} {text}" for name, text in self.best.items())

    @cached_property
    def told(self) -> list[str]:
        """Return the verdict and the figures behind it, a sentence each or two."""
        return sentences(self.found, self.setting)

    @cached_property
    def command(self) -> str:
        """Return the command as it may be shown."""
        storage = self.asked.own.storage
        return self.asked.command.replace(storage, without_password(storage)) if storage else self.asked.command

    @property
    def run(self) -> Path:
        """Return the run of the best setting with the first seed."""
        return next(iter(self.runs["best"].values())).folder


def command_for(record: Record, chosen: Mapping[str, str]) -> str:
    """Return the command that trains a setting."""
    runs = record.asked.own.runs
    texts = record.asked.flags(chosen) | dict(chosen) | ({"runs": runs} if runs != TuneSettings.runs else {})
    return shlex.join(["python", "main.py", *train_arguments(texts)])


def next_step(record: Record) -> tuple[str, str]:
    """Return the sensible next command and why: to train the best setting where it beats the defaults, or these."""
    verdict = record.found.verdict
    return command_for(record, record.best if verdict.better else {}), advice(verdict)


def write(record: Record) -> None:
    """Write table, JSON and page."""
    names = record.search.space.names
    header = (*HEADER, *(name.replace("_", "-") for name in names), "note", "host")
    output.write_csv(record.out / TABLE, header, guarded(rows(record)))
    output.write_json(record.out / SUMMARY, content(record))
    output.write_page(record.out / PAGE, page(record))


def rows(record: Record) -> list[list[object]]:
    """Return a row a trial, in their order."""
    found = []
    for trial in record.search.trials():
        if trial.state.name == "WAITING":
            continue
        said, texts = noted(trial), record.search.space.texts(trial.params)
        figures = [said.get(name, "") for name in ("accuracy", "loss", "epochs", "seconds")]
        values = [texts.get(name, "") for name in record.search.space.names]
        host = trial.user_attrs.get("by", {}).get("host", "")
        found.append([trial.number, state_of(trial), *figures, *values, said.get("why", ""), host])
    return found


def content(record: Record) -> dict[str, Any]:
    """Return what `tune.json` says."""
    asked, dataset = record.asked, record.dataset
    return {
        "command": record.command,
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "sampler": asked.own.sampler,
        "space": dict(record.search.space.described()),
        "criterion": CRITERION,
        "states": states(record),
        "best": dict(record.best),
        "best_command": command_for(record, record.best),
        "settings": as_json(asked.settings.with_values(runs=asked.own.runs)),
        "data": {
            "folder": str(dataset.root.resolve()),
            "drawn": dataset.synthetic,
            "images": len(dataset.entries),
            "fingerprint": dataset.fingerprint(),
        },
        "found": record.found.as_json(),
        "runs": {name: {seed: str(run.folder) for seed, run in of.items()} for name, of in record.runs.items()},
        **environment.machine(),
    }


def states(record: Record) -> dict[str, int]:
    """Count the trials by how they ended."""
    ended = [state_of(trial) for trial in record.search.trials() if trial.state.name != "WAITING"]
    return {state: ended.count(state) for state in dict.fromkeys(ended)}


def values(record: Record) -> dict[str, Any]:
    """Return the result for `--json`."""
    return {
        "run": str(record.run),
        "folder": str(record.out),
        "page": str(record.out / PAGE),
        "csv": str(record.out / TABLE),
        "best": {name.replace("_", "-"): text for name, text in record.best.items()},
        "best_trial": ranked(record.search.trials())[0].number,
        "states": states(record),
        **record.found.as_json(),
    }


def page(record: Record) -> str:
    """Return the page."""
    from study.search import figures as tune_figures

    points, shares = points_of(record), importances(record)
    ended = sum(point.rank is not None for point in points)
    told = ", ".join(f"{count:,} {state}" for state, count in states(record).items())
    settings = [[name, format_value(value, name)] for name, value in content(record)["settings"].items()]
    return render(
        "tune.html.jinja",
        root=str(record.dataset.root),
        drawn=record.dataset.synthetic,
        created=f"{datetime.now():%Y-%m-%d %H:%M}",
        command=record.command,
        told=record.told,
        better=record.found.verdict.better,
        worse=record.found.verdict.worse,
        defaults_command=command_for(record, {}),
        best_command=command_for(record, record.best),
        predict=as_command("predict", {"run": record.run}),
        runs=run_list(record),
        figures=Table(FIGURES, figures(record.found)),
        trials=f"{len(record.search.trials()):,} trials: {told}",
        criterion=CRITERION,
        history=Figure(tune_figures.history(points), "Accuracy and loss of each trial on validation"),
        importances=Figure(tune_figures.importances(shares), "Importance of each setting") if shares else None,
        few=f"{ended:,} trials ran to their end: too few to tell which settings matter. From {ENOUGH} on it is told, "
        "where their accuracies differ.",
        parallel=Figure(
            tune_figures.parallel(record.search.space.entries, points), "The values of each trial, and its accuracy"
        ),
        space=Table(("setting", "searched"), record.search.space.described(), (0, 1)),
        board=board(record),
        left_out=max(0, len(points) - IN_TABLE),
        table_file=TABLE,
        settings=Table(("setting", "value"), settings, (0, 1)),
    )


def run_list(record: Record) -> list[dict[str, Any]]:
    """Return the runs of both settings, each with its figures and the address of its report, as seen from the page."""
    retrained = {"best": record.found.best, "defaults": record.found.defaults}
    return [
        {
            "name": name,
            "seed": seed,
            "val": f"{100 * retrained[name].val[seed]:.1f}",
            "test": f"{100 * retrained[name].test[seed]:.1f}",
            "report": quote(run.folder.relative_to(record.out).as_posix()) + "/report.html",
        }
        for name, of in record.runs.items()
        for seed, run in of.items()
    ]


def points_of(record: Record) -> list[Point]:
    """Return the trials that have an accuracy."""
    from study.search.figures import Point

    trials = record.search.trials()
    ranks = {trial.number: rank for rank, trial in enumerate(ranked(trials))}
    return [
        Point(
            trial.number,
            noted(trial)["accuracy"],
            noted(trial)["loss"],
            record.search.space.texts(trial.params),
            ranks.get(trial.number),
        )
        for trial in trials
        if state_of(trial) in ("finished", "pruned")
    ]


def importances(record: Record) -> dict[str, float]:
    """Return how much each setting mattered, by fANOVA (Hutter 2014); nothing where too few trials tell."""
    import optuna

    ended = ranked(record.search.trials())
    if len(ended) < ENOUGH or len({trial.value for trial in ended}) < 2:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return dict(optuna.importance.get_param_importances(record.search.study, evaluator=evaluator))


def board(record: Record) -> Table:
    """Return the trials that have an accuracy, the best first."""
    names = record.search.space.names
    header = ("trial", "state", "accuracy %", "loss", "epochs", *(name.replace("_", "-") for name in names))
    trials = record.search.trials()
    pruned = sorted((one for one in trials if state_of(one) == "pruned"), key=lambda one: noted(one)["loss"])
    lines = []
    for trial in [*ranked(trials), *pruned][:IN_TABLE]:
        said, texts = noted(trial), record.search.space.texts(trial.params)
        figures = [f"{100 * said['accuracy']:.2f}", f"{said['loss']:.4f}", said["epochs"]]
        lines.append([trial.number, state_of(trial), *figures, *(texts.get(name, "–") for name in names)])
    return Table(header, lines, (1,))


def print_results(record: Record) -> None:
    """Print the verdict and where the rest is."""
    for sentence in record.told:
        console.print(sentence)
    console.print(f"predict by it: {as_command('predict', {'run': record.run}, ['IMAGE'])}")
    console.print(f"look at {record.out / PAGE}; every trial: {record.out / TABLE}; kept for more in {place(record)}")


def place(record: Record) -> str:
    """Return where the trials are kept."""
    storage = record.asked.own.storage
    return without_password(storage) if storage else str(record.out / JOURNAL)
