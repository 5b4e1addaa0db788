"""Train every combination of some settings with several seeds, on one split, and rank them by validation."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from data import any_form
from data.dataset import synthetic_images
from errors import UserError
from study import tasks
from study.experiments import report as compare_report
from study.experiments.contents import with_contents
from study.experiments.jobs import Job, alone_in, jobs_at_once, run_all, wait_for_earlier
from study.experiments.outcome import outcome
from study.experiments.plan import Combination, Plan, flag_texts, make_plan, resolve_texts
from study.experiments.result import Line, rank, ranking_table, read_result, write_csv
from study.runs import folder as run_folder
from study.runs.folder import Run
from study.runtime import console, output
from study.runtime.result import Result
from study.runtime.signals import naming
from study.settings import conflicts
from study.settings.commands import CompareSettings
from study.tasks import scores

Key = tuple[Combination, int]
NOTE, FILES = "compare.json", ("compare.html", "compare.csv", "curves.png")


def compare(settings: CompareSettings, fixed: Mapping[str, str], command: str = "") -> Result:
    """Train what is not there yet, write `compare.csv` and `compare.html`, print the ranking and return it.

    Args:
        settings: of the comparison.
        fixed: flags of train for all, as typed.
        command: as it was typed.

    Raises:
        UserError: something that the user can mend, or every training failed.
    """
    plan = make_plan(settings, fixed)
    check_several(plan, settings.vary)
    for combination in plan.combinations:
        conflicts.check_installed(resolve_texts(flag_texts(combination, plan.fixed)))
    data = plan.fixed.get("data")
    task = tasks.get(plan.task)
    # What is wrong with it is told once, before any training.
    place = Path(data) if data else synthetic_images(console.bar)
    scanned = any_form.scan(place, task.MIN_CLASSES, task.SEVERAL_LABELS, explained="group" in plan.fixed)
    output.refuse_within(plan.out, data, "--out")
    plan = with_contents(plan, scanned.images, named=settings.out is not None)
    open_folder(plan.out)
    at_once = jobs_at_once(settings.jobs)
    with alone_in(plan.out), naming(command):
        check_same(plan)
        failures = run_missing(plan, at_once)
        done = {key: run for key in keys(plan) if (run := finished_run(plan, *key))}
        if not done:
            raise UserError(f"None of {len(failures)} trainings ended well: see the reasons above, and {plan.out}.")
        told = {job_label(key): why for key, why in failures.items()}
        lines, sentences = report(plan, done, told, command)
    return outcome(plan, lines, sentences, told, settings, fixed)


def check_several(plan: Plan, vary: Sequence[str]) -> None:
    """Raise UserError where there is a single combination, and so nothing to compare it with."""
    if len(plan.combinations) > 1:
        return
    received = " ".join(f"--vary {item}" for item in vary)
    raise UserError(
        f"compare sets trainings with different settings against each other. Received: {received}, which is one "
        "setting. Name two values or more, such as optimizer=sgd,adam; a single one is for train."
    )


def keys(plan: Plan) -> list[Key]:
    """Return all trainings: every combination with the first seed, then with the next."""
    return [(combination, seed) for seed, combination in itertools.product(plan.seeds, plan.combinations)]


def job_label(key: Key) -> str:
    """`adam, seed 1`."""
    return f"{key[0].label}, seed {key[1]}"


def finished_run(
    plan: Plan, combination: Combination, seed: int, note: Callable[[str], None] = lambda line: None
) -> Run | None:
    """Return the complete run folder of a training, if there is one; tell `note` of one whose figures are damaged."""
    try:
        run = run_folder.newest_run(plan.folder_of(combination, seed), None)
    except UserError:
        return None
    try:
        read_result(run)
    except UserError as error:
        note(f"{error} That is done now.")
        return None
    return run


def open_folder(out: Path) -> None:
    """Make the folder. Raise UserError now, not after training, where it would not do."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"Cannot write to {out}: {error.strerror}. Give --out a folder that can be written.") from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise UserError(f"Cannot write to {out}: permission denied. Give --out a folder that can be written.")
    if not (out / NOTE).exists() and (there := [name for name in FILES if (out / name).exists()]):
        raise UserError(
            f"{out} has a file {there[0]} and is no folder of a comparison, which has a {NOTE}: it would be lost. "
            "Give another --out DIR."
        )


def check_same(plan: Plan) -> None:
    """Note in the folder what its runs share.

    Raises:
        UserError: runs of other settings, or of images or files that held something else, would be mixed in.
    """
    note, same = plan.out / NOTE, json.loads(json.dumps(plan.same))
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
        earlier, contents = dict(noted["same"]), dict(noted.get("contents", {}))
        if "contents" not in noted:
            why = "does not say what its images were: if they were changed since, give another --out DIR"
            console.print(f"careful: {plan.out} {why}")
    except FileNotFoundError:
        earlier, contents = same, {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{note} cannot be read: {error}. Give another --out DIR.") from error
    differing = sorted(name for name in earlier.keys() | same.keys() if earlier.get(name) != same.get(name))
    if differing:
        names = ", ".join(name.replace("_", "-") for name in differing)
        raise UserError(f"{plan.out} holds a comparison with another {names}. Give another --out DIR, or none.")
    if changed := [name for name in contents.keys() & plan.contents if contents[name] != plan.contents[name]]:
        what = ", ".join(sorted(changed))
        raise UserError(f"{plan.out} holds a comparison from before a change of {what}. Give another --out DIR.")
    output.write_json(note, {"same": same, "contents": {**contents, **plan.contents}})


def run_missing(
    plan: Plan, at_once: int, command: str = "compare", otherwise: str = ", or give another --out DIR"
) -> dict[Key, str]:
    """Train what is missing and return the reasons of those that failed.

    `command` and `otherwise` are for the message where a training of an earlier command does not end.
    """
    every = {
        key: Job(job_label(key), tuple(plan.arguments(*key)), plan.folder_of(*key) / "train.log") for key in keys(plan)
    }
    wait_for_earlier(list(every.values()), command, otherwise)  # before looking: they may just have finished a run
    missing = [key for key in every if not finished_run(plan, *key, console.print)]
    count = f"{len(plan.combinations)} combination(s) × {len(plan.seeds)} seed(s) = {len(keys(plan))} trainings"
    console.print(f"{count}, {len(keys(plan)) - len(missing)} of them done before; {at_once} at once, in {plan.out}")
    jobs: dict[Job, Key] = {}
    for key in missing:
        folder = plan.folder_of(*key)
        for left in folder.glob(".unfinished-*"):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        jobs[every[key]] = key
    failures: dict[Key, str] = {}
    try:
        with console.bar(command, len(jobs)) as advance:

            def finished(job: Job, why: str | None) -> None:
                run = finished_run(plan, *jobs[job])
                if why is None and run:
                    task = tasks.get(run.task)
                    of = "" if task.SCORE == scores.ACCURACY else f"{task.SCORE_NAME} "
                    score = scores.score_text(read_result(run).score, task.SCORE)
                    console.print(f"{job.label}: validation {of}{score}")
                else:
                    failures[jobs[job]] = why or "it left no complete run folder"
                    console.print(f"{job.label}: failed: {failures[jobs[job]]} (all it printed: {job.log})")
                advance()

            run_all(list(jobs), at_once, finished)
    except KeyboardInterrupt:
        done = sum(finished_run(plan, *key) is not None for key in keys(plan))
        console.print(f"{done} of {len(keys(plan))} trainings are done and kept.")
        raise
    return failures


def report(
    plan: Plan, done: Mapping[Key, Run], failures: Mapping[str, str], command: str
) -> tuple[list[Line], list[str]]:
    """Write the table and the page, and print the ranking; return it with what it means."""
    results = {key: read_result(run) for key, run in done.items()}
    lines = rank(
        [
            Line(
                combination.label,
                {seed: results[combination, seed] for seed in plan.seeds if (combination, seed) in results},
            )
            for combination in plan.combinations
        ]
    )
    varied = list(dict.fromkeys(name for combination in plan.combinations for name, _ in combination.texts))
    sentences = compare_report.summary_sentences(lines, varied)
    write_csv(plan.out / "compare.csv", lines)
    compare_report.write(plan.out, command, lines, sentences, varied, failures)
    console.table("By validation, best first", *ranking_table(lines))
    for sentence in sentences:
        console.print(sentence)
    console.print(f"look at {plan.out / 'compare.html'}; the table: {plan.out / 'compare.csv'}")
    return lines, sentences
