"""What `check` tells a script, and what is sensible to do next."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.check.report import summary, train_command
from study.runtime.result import Result

if TYPE_CHECKING:
    from study.check.audit import AuditResult
    from study.settings.commands import CheckSettings


def outcome(result: AuditResult, settings: CheckSettings, out: Path) -> Result:
    """Return the counts, every severe finding and every suspected label; and the training that would come next."""
    first = to_look_at(result, out)
    command = train_command(settings, out if first else None)
    return Result(values(result, out), command, first or "train on these images")


def values(result: AuditResult, out: Path) -> dict[str, Any]:
    """Return what was found."""
    labels = Counter(label for image in result.scan.images for label in result.scan.labels_of(image))
    kinds = Counter((issue.kind, issue.severity) for issue in result.issues)
    return {
        "folder": out,
        "page": out / "check.html",
        "csv": out / "check.csv",
        "data": result.scan.root,
        "images": len(result.scan.images),
        "classes": {name: labels[name] for name in result.scan.class_names},
        "findings": summary(result)["severities"],
        "kinds": [{"kind": kind, "severity": severity, "count": n} for (kind, severity), n in kinds.items()],
        "severe": [asdict(issue) for issue in result.issues if issue.severity == "severe"],
        "suspects": [
            {
                "path": result.scan.images[suspect.image].name,
                "given": suspect.given,
                "suggested": suspect.suggested,
                "own": suspect.own,
                "other": suspect.other,
            }
            for suspect in result.suspects
        ],
    }


def to_look_at(result: AuditResult, out: Path) -> str:
    """Say what a person should judge before any training; nothing where there is nothing."""
    severe = sum(issue.severity == "severe" for issue in result.issues)
    found, suspects = [f"{severe:,} severe finding(s)"] * (severe > 0), len(result.suspects)
    if suspects:
        found.append(f"{suspects:,} suspected label(s)")
    if not found:
        return ""
    marked = "what you mark in its check.csv is then left out"
    repaired = ", and its buttons save a fixes.csv for --fixes" if suspects else ""
    return f"look at {out / 'check.html'} first, {' and '.join(found)}; {marked}{repaired}"
