"""Rows of small pictures on the page of `check`: copies side by side, odd ones with their reason."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from study.check.image_issues import Finding
from study.check.label_issues import STRANGER

if TYPE_CHECKING:
    from study.check.audit import Look

MOST_PAIRS = 60  # shown; all stand in check.csv
MOST_ODD = 12  # of a kind
SIDE = 96  # the longer side of a picture on the page
COPIES = ("two labels", "leak", "duplicate", "near duplicate")


def copies(look: Look) -> list[str]:
    """Return the pairs of copies, then those of pictures that look like another class."""
    index = {image.name: i for i, image in enumerate(look.scan.images)}
    body = []
    for title, kinds, what in (
        ("Copies", COPIES, "pairs"),
        ("Pictures that look like another class", (STRANGER,), "pictures, each beside the one most like it there"),
    ):
        pairs = unordered(finding for finding in look.findings if finding.kind in kinds)
        shown = "".join(pair(look, finding, index) for finding in pairs[:MOST_PAIRS])
        text = f"{len(pairs):,} {what}{more(len(pairs), MOST_PAIRS)}" if pairs else "None was found"
        body += [f"<h2>{title}</h2>", f"<p>{text}.</p>", f"<div class=shown>{shown}</div>" if shown else ""]
    return body


def unordered(found: Iterable[Finding]) -> list[Finding]:
    """Keep one finding of each pair: one that is told of both pictures is shown once."""
    first: dict[frozenset[str], Finding] = {}
    for finding in found:
        first.setdefault(frozenset((finding.path, finding.related_path)), finding)
    return list(first.values())


def pair(look: Look, finding: Finding, index: dict[str, int]) -> str:
    """Return two pictures side by side, with what is said of them."""
    sides = "".join(
        f"<div>{thumbnail(look, index[name])}<figcaption>{escape(name)}</figcaption></div>"
        for name in (finding.path, finding.related_path)
    )
    words = finding.detail.replace(finding.related_path, "the other")
    return f"<figure class=pair><div>{sides}</div><figcaption>{label(finding)}: {escape(words)}</figcaption></figure>"


def odd_pictures(look: Look) -> list[str]:
    """Return the odd pictures, kind by kind, each with its reason."""
    index = {image.name: i for i, image in enumerate(look.scan.images)}
    by_kind = defaultdict(list)
    for finding in look.findings:
        if finding.path in index and finding.kind not in (*COPIES, STRANGER):
            by_kind[finding.kind].append(finding)
    body = ["<h2>Odd pictures</h2>", "" if by_kind else "<p>None was found.</p>"]
    for kind, found in by_kind.items():
        shown = "".join(
            f"<figure class=odd>{thumbnail(look, index[finding.path])}"
            f"<figcaption>{escape(finding.path)}: {escape(finding.detail)}</figcaption></figure>"
            for finding in found[:MOST_ODD]
        )
        body += [f"<h3>{kind}: {len(found):,}{more(len(found), MOST_ODD)}</h3>", f"<div class=shown>{shown}</div>"]
    return body


def thumbnail(look: Look, i: int) -> str:
    """Return a picture in its own shape: thumbnails are stored squashed. Empty where it cannot be decoded."""
    known = look.known[i]
    if isinstance(known, str):
        return ""
    longer = max(known.width, known.height)
    width, height = (max(8, round(side * SIDE / longer)) for side in (known.width, known.height))
    return encoded(look.thumbs[i], width, height, look.scan.images[i].name)


def encoded(pixels: np.ndarray, width: int, height: int, text: str) -> str:
    """Return pixels as a JPEG within the page."""
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", quality=80)
    content = base64.b64encode(file.getvalue()).decode()
    name = escape(text)
    shape = f"width:{width}px;height:{height}px"
    return f"<img style='{shape}' alt='{name}' title='{name}' src='data:image/jpeg;base64,{content}'>"


def label(finding: Finding) -> str:
    """Return the kind, marked where it is severe."""
    return f"<b{' class=severe' if finding.severity == 'severe' else ''}>{escape(finding.kind)}</b>"


def more(count: int, most: int) -> str:
    """Say how many are not shown."""
    return f"; the first {most} are shown, the other {count - most:,} stand in check.csv" if count > most else ""
