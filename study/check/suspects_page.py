"""The part of `check.html` where a person judges suspected labels: one card for each, whose choices become fixes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from data import display
from data.fixes import COLUMNS
from study.check.image_statistics import ImageStatistics
from study.pages import suspects
from study.pages.blocks import Figure
from study.pages.suspects import Card

if TYPE_CHECKING:
    from study.check.audit import AuditResult
    from study.inference.label_errors import Suspect


def section(result: AuditResult) -> dict[str, Any]:
    """Return what `_suspects.html.jinja` shows."""
    cards = [card(result, suspect) for suspect in result.suspects[: suspects.MOST]]
    earlier = [astuple(fix) for fix in result.fixes]
    return suspects.section(cards, contents(result), result.scan.class_names, COLUMNS, earlier)


def contents(result: AuditResult) -> Iterator[tuple[str, str]]:
    """Yield hash and class of each image that can be used."""
    for record, stats in zip(result.scan.images, result.statistics, strict=True):
        if isinstance(stats, ImageStatistics):
            yield stats.sha256, record.label


def card(result: AuditResult, suspect: Suspect) -> Card:
    """Return an image, what is said of it, and those most like it in each of both classes."""
    record, stats = result.scan.images[suspect.image], result.statistics[suspect.image]
    large = display.enlarged(record.path, suspects.LARGE_SIDE, result.ranges)
    shown = {
        label: [(result.scan.images[i].name, neighbour(result, i)) for i in alike]
        for label, alike in ((suspect.given, suspect.like_given), (suspect.suggested, suspect.like_suggested))
    }
    return Card(
        record.name,
        stats.sha256,
        suspect.given,
        suspect.suggested,
        suspect.own,
        suspect.other,
        suspects.judged(large, result.thumbnails[suspect.image], (stats.width, stats.height), record.name),
        shown,
    )


def neighbour(result: AuditResult, index: int) -> Figure:
    """Return an image in its own shape: thumbnails are squares."""
    stats, name = result.statistics[index], result.scan.images[index].name
    return suspects.neighbour(result.thumbnails[index], (stats.width, stats.height), name)
