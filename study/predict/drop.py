"""What stands on a page on which images are dropped, whether `serve` answers or the page itself."""

from __future__ import annotations

from typing import Any

from study.predict.told import cautions, evaluated
from study.predict.verdicts import UNLIKE, UNSURE, Judge
from study.runs.folder import Run

MOST_NAMED = 40  # classes


def values(run: Run, judge: Judge | None) -> dict[str, Any]:
    """Return what its template needs of a run."""
    names = run.info["class_names"]
    return {
        "run": run.folder.name,
        "model": run.info["model"],
        "names": names[:MOST_NAMED],
        "more": max(0, len(names) - MOST_NAMED),
        "figures": evaluated(run)[0],
        "cautions": cautions(run),
        "notes": judge.notes() if judge else [],
    }


def words(judge: Judge | None) -> dict[str, str]:
    """Return how the verdicts are written; as nothing where the run has none."""
    return judge.words if judge and judge.known else {UNSURE: "", UNLIKE: ""}
