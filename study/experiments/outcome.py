"""What `compare` tells a script, and what is sensible to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from study.experiments.plan import Plan, flag_texts
from study.experiments.result import Line, row_values
from study.experiments.significance import CHANCE, ENOUGH_SEEDS, differences, p_values
from study.runtime.result import Result
from study.settings.as_command import as_command
from study.settings.commands import CompareSettings


def outcome(
    plan: Plan,
    lines: Sequence[Line],
    sentences: Sequence[str],
    failures: Mapping[str, str],
    settings: CompareSettings,
    fixed: Mapping[str, str],
) -> Result:
    """Return the ranking, and the training or the comparison that would come next.

    Args:
        plan: of the comparison.
        lines: best first.
        sentences: what the ranking means.
        failures: training -> reason.
        settings: of the comparison.
        fixed: flags of train for all, as typed.
    """
    ranked = [line for line in lines if line.results]
    score = {line.label: {seed: one.score for seed, one in line.results.items()} for line in ranked}
    p_of = p_values(score)
    best, texts = ranked[0], {combination.label: dict(combination.texts) for combination in plan.combinations}
    constant = next(iter(best.results.values())).baseline
    values = {
        "folder": plan.out,
        "page": plan.out / "compare.html",
        "csv": plan.out / "compare.csv",
        "best": best.label,
        "combinations": [of_line(line, texts[line.label]) for line in lines],
        "baseline": constant and {"class": constant[0], "accuracy": constant[1]},
        "p_values": [{"first": first, "second": second, "p": p} for (first, second), p in p_of.items()],
        "sentences": list(sentences),
        "failures": [{"training": label, "reason": why} for label, why in failures.items()],
    }
    if constant and mean(best.values("accuracy")) <= constant[1]:
        return Result(values, as_command("check", fixed), "nothing was learned that helps, look at the data")
    told_apart = len(ranked) < 2 or (
        p_of.get((best.label, ranked[1].label), 1) < CHANCE and sum(differences(*list(score.values())[:2])) > 0
    )
    if not told_apart and len(plan.seeds) < ENOUGH_SEEDS:
        own = {"vary": settings.vary, "seeds": ENOUGH_SEEDS, "jobs": settings.jobs, "out": settings.out}
        why = f"{len(plan.seeds)} seed(s) do not tell the best two apart, take more"
        return Result(values, as_command("compare", {**fixed, **own}), why)
    chosen = next(combination for combination in plan.combinations if combination.label == best.label)
    why = "train with the best" if told_apart else "train with the best, which is not clearly better than the second"
    return Result(values, as_command("train", flag_texts(chosen, fixed)), why)


def of_line(line: Line, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return one combination: what was set, its figures over the seeds, and the run of each seed."""
    return {
        "combination": line.label,
        "settings": texts,
        **row_values(line),
        "runs": [{"seed": seed, "run": result.run.folder} for seed, result in line.results.items()],
    }
