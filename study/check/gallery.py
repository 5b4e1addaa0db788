"""Rows of small images on the page of `check`: copies side by side, odd ones with their reason."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from study.check.image_issues import Issue
from study.check.label_issues import SUSPECTED_LABEL_ERROR
from study.pages.blocks import Figure

if TYPE_CHECKING:
    from study.check.audit import AuditResult

MAX_PAIRS = 60  # shown; all stand in check.csv
MAX_ODD = 12  # of a kind
SIDE = 96  # the longer side of an image on the page
DUPLICATE_KINDS = ("two labels", "leak", "duplicate", "near duplicate")


def pair_groups(result: AuditResult) -> list[dict[str, Any]]:
    """Return the pairs of copies."""
    index = {image.name: i for i, image in enumerate(result.scan.images)}
    pairs = unique_pairs(issue for issue in result.issues if issue.kind in DUPLICATE_KINDS)
    text = f"{len(pairs):,} pairs{describe_rest(len(pairs), MAX_PAIRS)}" if pairs else "None was found"
    shown = [pair(result, issue, index) for issue in pairs[:MAX_PAIRS]]
    return [{"title": "Copies", "text": text, "pairs": shown}]


def unique_pairs(issues: Iterable[Issue]) -> list[Issue]:
    """Keep one finding of each pair: one that is told of both images is shown once."""
    first: dict[frozenset[str], Issue] = {}
    for issue in issues:
        first.setdefault(frozenset((issue.path, issue.related_path)), issue)
    return list(first.values())


def pair(result: AuditResult, issue: Issue, index: dict[str, int]) -> dict[str, Any]:
    """Return two images, as (name, thumbnail), with what is said of them."""
    return {
        "pictures": [(name, thumbnail(result, index[name])) for name in (issue.path, issue.related_path)],
        "kind": issue.kind,
        "severe": issue.severity == "severe",
        "text": issue.detail.replace(issue.related_path, "the other"),
    }


def odd_images(result: AuditResult) -> list[dict[str, Any]]:
    """Return the odd images, kind by kind, each as (name, thumbnail, reason)."""
    index = {image.name: i for i, image in enumerate(result.scan.images)}
    by_kind = defaultdict(list)
    for issue in result.issues:
        if issue.path in index and issue.kind not in (*DUPLICATE_KINDS, SUSPECTED_LABEL_ERROR):
            by_kind[issue.kind].append((issue.path, thumbnail(result, index[issue.path]), issue.detail))
    return [
        {"kind": kind, "count": f"{len(issues):,}{describe_rest(len(issues), MAX_ODD)}", "pictures": issues[:MAX_ODD]}
        for kind, issues in by_kind.items()
    ]


def thumbnail(result: AuditResult, i: int) -> Figure | None:
    """Return an image in its own shape: thumbnails are stored squashed. None where it cannot be decoded."""
    stats = result.statistics[i]
    if isinstance(stats, str):
        return None
    longer = max(stats.width, stats.height)
    width, height = (max(8, round(side * SIDE / longer)) for side in (stats.width, stats.height))
    return jpeg_figure(result.thumbnails[i], width, height, result.scan.images[i].name)


def jpeg_figure(pixels: np.ndarray, width: int, height: int, text: str) -> Figure:
    """Return pixels as a JPEG that is shown in that size."""
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", quality=80)
    return Figure(file.getvalue(), text, (width, height))


def describe_rest(count: int, most: int) -> str:
    """Say how many are not shown."""
    return f"; the first {most} are shown, the other {count - most:,} stand in check.csv" if count > most else ""
