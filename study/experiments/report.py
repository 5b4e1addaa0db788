"""`compare.html`: which combination was best, whether that may be chance, and how each learned, in one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Any
from urllib.parse import quote

from study import tasks
from study.experiments import figures as compare_figures
from study.experiments.figures import MAX_DRAWN
from study.experiments.plan import CONDITIONAL
from study.experiments.result import Line, Result, count_splits, ranking_table, resolved_settings, task_of
from study.experiments.significance import against_best, verdict
from study.pages.blocks import Figure, Table
from study.pages.render import render
from study.runtime import output
from study.runtime.format import format_value
from study.tasks.scores import score_text


def summary_sentences(lines: Sequence[Line], varied: Sequence[str]) -> list[str]:
    """Return what the ranking means, a sentence each; the first is about the best two."""
    ranked = [line for line in lines if line.results]
    results = [result for line in ranked for result in line.results.values()]
    sentences = [f"Only {ranked[0].label} was trained: there is nothing to compare it with."]
    if len(ranked) > 1:
        values = {line.label: {seed: result.score for seed, result in line.results.items()} for line in ranked}
        sentences = [verdict(values), *([against_best(values)] if len(ranked) > 2 else [])]
    note = task_of(ranked).accuracy_note(results[0].images)
    sentences.append(
        f"{note} Seeds change initial weights and shuffling, never the split: p says nothing about other images."
    )
    if results[0].baseline:
        name, constant = results[0].baseline
        what = "" if results[0].own_score is None else f"{task_of(ranked).ACCURACY} "
        no_better = mean(ranked[0].values("accuracy")) <= constant
        sentences.append(
            f"Always answering {name}: {what}{100 * constant:.1f} %."
            + " The best is no better than that: nothing was learned that helps." * no_better
        )
    sentences.append(
        "Validation chose: the figure of the best is a little too high. The test split was not looked at here; look at "
        "it once, in the report of the run that you choose."
    )
    for name, values in resolved_settings(ranked, varied)[1].items():
        if name in CONDITIONAL:
            continue
        values_text = ", ".join(f"{label} {format_value(value, name)}" for label, value in values.items())
        sentences.append(
            f"{name.replace('_', '-')} differs too, since its default follows from what was varied: {values_text}."
        )
    if len(precisions := {precision(result) for result in results}) > 1 and "precision" not in varied:
        sentences.append(
            f"Careful: runs were trained in different precision ({', '.join(sorted(precisions))}), by what was faster "
            "at the moment. Give --precision float32."
        )
    if (number := count_splits(results)) > 1:
        sentences.append(
            f"Careful: the runs have {number} different splits, so their figures do not compare. Images have "
            "changed, or another --image-size or --resize found other near duplicates. Give another --out, or a "
            "--split-file."
        )
    return sentences


def precision(result: Result) -> str:
    """Return in what the last stage of a run was trained."""
    chosen = result.run.info["stages"][-1]["precision"]
    return chosen["precision"] if chosen else "float32"


def write(
    out: Path,
    command: str,
    lines: Sequence[Line],
    sentences: Sequence[str],
    varied: Sequence[str],
    failures: Mapping[str, str],
) -> None:
    """Write the curves and the page.

    Args:
        out: the folder.
        command: as it was typed.
        lines: best first.
        sentences: what `summary_sentences` returned.
        varied: names of the varied settings.
        failures: training -> reason.
    """
    ranked = [line for line in lines if line.results]
    drawn = {line.label: [result.epochs for result in line.results.values()] for line in ranked}
    task = task_of(ranked)
    called = task.SCORE_NAME
    compare_figures.curves(drawn, out / "curves.png", called, f"val_{task.SCORE}")
    same, _ = resolved_settings(ranked, varied)
    settings = [[name.replace("_", "-"), format_value(value, name)] for name, value in same.items()]
    page = render(
        "compare.html.jinja",
        title=f"Comparison of {', '.join(name.replace('_', ' ') for name in varied)}",
        created=f"{datetime.now():%Y-%m-%d %H:%M}",
        command=command,
        told=sentences,
        board=Table(*ranking_table(lines)),
        curves=Figure((out / "curves.png").read_bytes(), f"Validation loss and {called} over the epochs"),
        caption=caption(len(ranked)),
        settings=Table(("setting", "value"), settings, (0, 1)),
        combinations=[(line.label, run_list(line, out)) for line in ranked],
        failures=Table(("training", "reason"), list(failures.items()), (0, 1)),
    )
    output.write_page(out / "compare.html", page)


def caption(combinations: int) -> str:
    """Say how to read the curves, and what they leave out."""
    text = (
        "Line: mean over the seeds; band: one standard deviation. Where a run ended earlier than others, the later "
        "epochs are the mean of those that went on. The figures above are those of the epoch that each run kept."
    )
    more = combinations - MAX_DRAWN
    return text + (f" Drawn are the best {MAX_DRAWN}; {more} more are in the table." if more > 0 else "")


def run_list(line: Line, out: Path) -> list[dict[str, Any]]:
    """Return the run folders of a combination, each with the address of its report."""
    return [
        {
            "seed": seed,
            "score": score_text(result.score, tasks.get(result.run.task).SCORE),
            "report": quote(result.run.folder.relative_to(out).as_posix()) + "/report.html",
            "folder": str(result.run.folder),
        }
        for seed, result in line.results.items()
    ]
