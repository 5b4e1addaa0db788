"""Rows of small images on the page of `check`: copies side by side, odd ones with their reason."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from study.check.image_issues import Finding
from study.check.label_issues import STRANGER
from study.pages.blocks import Figure

if TYPE_CHECKING:
    from study.check.audit import Look

MOST_PAIRS = 60  # shown; all stand in check.csv
MOST_ODD = 12  # of a kind
SIDE = 96  # the longer side of a picture on the page
COPIES = ("two labels", "leak", "duplicate", "near duplicate")


def copies(look: Look) -> list[dict[str, Any]]:
    """Return the pairs of copies, then those of images that look like another class."""
    index = {image.name: i for i, image in enumerate(look.scan.images)}
    found = []
    for title, kinds, what in (
        ("Copies", COPIES, "pairs"),
        ("Images that look like another class", (STRANGER,), "images, each beside the most similar one of that class"),
    ):
        pairs = unordered(finding for finding in look.findings if finding.kind in kinds)
        text = f"{len(pairs):,} {what}{more(len(pairs), MOST_PAIRS)}" if pairs else "None was found"
        shown = [pair(look, finding, index) for finding in pairs[:MOST_PAIRS]]
        found.append({"title": title, "text": text, "pairs": shown})
    return found


def unordered(found: Iterable[Finding]) -> list[Finding]:
    """Keep one finding of each pair: one that is told of both images is shown once."""
    first: dict[frozenset[str], Finding] = {}
    for finding in found:
        first.setdefault(frozenset((finding.path, finding.related_path)), finding)
    return list(first.values())


def pair(look: Look, finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    """Return two images, as (name, thumbnail), with what is said of them."""
    return {
        "pictures": [(name, thumbnail(look, index[name])) for name in (finding.path, finding.related_path)],
        "kind": finding.kind,
        "severe": finding.severity == "severe",
        "text": finding.detail.replace(finding.related_path, "the other"),
    }


def odd_pictures(look: Look) -> list[dict[str, Any]]:
    """Return the odd images, kind by kind, each as (name, thumbnail, reason)."""
    index = {image.name: i for i, image in enumerate(look.scan.images)}
    by_kind = defaultdict(list)
    for finding in look.findings:
        if finding.path in index and finding.kind not in (*COPIES, STRANGER):
            by_kind[finding.kind].append((finding.path, thumbnail(look, index[finding.path]), finding.detail))
    return [
        {"kind": kind, "count": f"{len(found):,}{more(len(found), MOST_ODD)}", "pictures": found[:MOST_ODD]}
        for kind, found in by_kind.items()
    ]


def thumbnail(look: Look, i: int) -> Figure | None:
    """Return an image in its own shape: thumbnails are stored squashed. None where it cannot be decoded."""
    known = look.known[i]
    if isinstance(known, str):
        return None
    longer = max(known.width, known.height)
    width, height = (max(8, round(side * SIDE / longer)) for side in (known.width, known.height))
    return small(look.thumbs[i], width, height, look.scan.images[i].name)


def small(pixels: np.ndarray, width: int, height: int, text: str) -> Figure:
    """Return pixels as a JPEG that is shown in that size."""
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", quality=80)
    return Figure(file.getvalue(), text, (width, height))


def more(count: int, most: int) -> str:
    """Say how many are not shown."""
    return f"; the first {most} are shown, the other {count - most:,} stand in check.csv" if count > most else ""
