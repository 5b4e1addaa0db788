"""The part of `check.html` where a person judges suspected labels: one card for each, whose choices become fixes."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from data import display
from data.fixes import COLUMNS
from study.check import gallery
from study.check.image_statistics import ImageStatistics
from study.pages import pictures
from study.pages.blocks import Figure

if TYPE_CHECKING:
    from study.check.audit import AuditResult
    from study.check.label_issues import Suspect

SIDE = 320  # the longer side of the picture that is judged; a narrow one keeps MIN_SIDE where its file has it
MIN_SIDE = 200
SMALL = 88  # that of a neighbour


def section(result: AuditResult) -> dict[str, Any]:
    """Return what `_suspects.html.jinja` shows."""
    return {
        "cards": [card(result, suspect) for suspect in result.suspects[: gallery.MAX_PAIRS]],
        "data": {
            "key": f"fixes {fingerprint(result)}",
            "classes": result.scan.class_names,
            "columns": COLUMNS,
            "earlier": [astuple(fix) for fix in result.fixes],
        },
    }


def fingerprint(result: AuditResult) -> str:
    """Return a hash of all contents and their classes, as training has it: choices belong to these."""
    known = zip(result.scan.images, result.statistics, strict=True)
    lines = [f"{stats.sha256} {record.label}" for record, stats in known if isinstance(stats, ImageStatistics)]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def card(result: AuditResult, suspect: Suspect) -> dict[str, Any]:
    """Return an image, what is said of it, and those most like it in each of both classes, as (name, thumbnail)."""
    names = [record.name for record in result.scan.images]
    shown = {
        label: [(names[i], neighbour(result, i)) for i in alike]
        for label, alike in ((suspect.given, suspect.like_given), (suspect.suggested, suspect.like_suggested))
    }
    return {
        "path": names[suspect.image],
        "sha256": result.statistics[suspect.image].sha256,
        "given": suspect.given,
        "suggested": suspect.suggested,
        "own": f"{suspect.own:.1%}",
        "other": f"{suspect.other:.1%}",
        "picture": picture(result, suspect.image),
        "neighbours": shown,
    }


def picture(result: AuditResult, index: int) -> Figure:
    """Return an image as large as it takes to judge it; one that has gone since, as the thumbnail that is left."""
    record, stats = result.scan.images[index], result.statistics[index]
    longer, shorter = max(stats.width, stats.height), min(stats.width, stats.height)
    scale = min(max(SIDE / longer, MIN_SIDE / shorter), 3 * SIDE / longer)
    width, height = (max(1, round(side * scale)) for side in (stats.width, stats.height))
    large = display.enlarged(record.path, gallery.LARGE_SIDE, result.ranges)
    if large is None:
        return pictures.jpeg_figure(result.thumbnails[index], width, height, record.name)
    return Figure(pictures.jpeg(large), record.name, (width, height))


def neighbour(result: AuditResult, index: int) -> Figure:
    """Return an image so small that three of them stand side by side, in its own shape: thumbnails are squares."""
    stats = result.statistics[index]
    longer = max(stats.width, stats.height)
    width, height = (max(8, round(side * SMALL / longer)) for side in (stats.width, stats.height))
    small = Image.fromarray(result.thumbnails[index]).resize((width, height))
    return pictures.jpeg_figure(np.asarray(small), width, height, result.scan.images[index].name)
