"""What the page of `check` shows of the classes: counts and weights, sizes, and each class by itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from data.folder import PARTS
from study.check import figures as plots
from study.check import gallery, image_issues
from study.check.image_statistics import Facts
from study.pages.html import picture, table

if TYPE_CHECKING:
    from study.check.audit import Look

MOST_CLASSES = 30  # shown one by one
SAMPLE = 14  # pictures of a class
ELSEWHERE = ("learning type", "crop")  # findings that stand in another place on the page


def counts(look: Look) -> list[str]:
    """Return the counts of the classes with balanced weights, and the findings on them."""
    usable = Counter(look.scan.images[i].label for i in look.usable)
    parts = [part for part in PARTS if any(image.part == part for image in look.scan.images)]
    in_part = Counter((look.scan.images[i].label, look.scan.images[i].part) for i in look.usable)
    filled = sum(count > 0 for count in usable.values())
    rows = [
        (
            name,
            f"{usable[name]:,}",
            *(f"{in_part[name, part]:,}" for part in parts),
            f"{usable.total() / (filled * usable[name]):.2f}" if usable[name] else "–",
        )
        for name in look.scan.class_names
    ]
    return [
        "<h2>Classes</h2>",
        table(("class", "usable images", *parts, "balanced weight"), rows),
        "<p class=note>Balanced weight: all images / (classes × images of the class), as --class-weight balanced.</p>",
        *told(look),
    ]


def told(look: Look) -> list[str]:
    """Return the findings that are not about a picture but on a class, the folder, or what is left out of it."""
    images, by_kind = {image.name for image in look.scan.images}, defaultdict(list)
    for finding in look.findings:
        if finding.path not in images and finding.kind not in ELSEWHERE:
            by_kind[finding.kind].append(finding)
    body = []
    for found in by_kind.values():
        body.append(f"<h3>{gallery.label(found[0])}: {len(found):,}{gallery.more(len(found), gallery.MOST_ODD)}</h3>")
        about = ["" if finding.path == "." else f"{finding.path}: " for finding in found]
        lines = [escape(name + finding.detail) for name, finding in zip(about, found, strict=True)]
        body.append(f"<ul><li>{'<li>'.join(lines[: gallery.MOST_ODD])}</ul>")
    return body


def sizes(look: Look) -> list[str]:
    """Return the histograms of all pictures' sizes and shapes, and what a crop would cut away."""
    known = [look.known[i] for i in look.usable]
    if not known:
        return []
    lost = [image_issues.lost(one) for one in known]
    return [
        "<h2>Sizes and shapes</h2>",
        "<div class=panels>",
        picture(plots.sizes([max(one.width, one.height) for one in known]), "Histogram of the longer sides"),
        picture(plots.shapes([one.width / one.height for one in known]), "Histogram of width : height"),
        picture(plots.crops(lost, image_issues.MOST_LOST), "Histogram of what a square crop cuts away"),
        "</div>",
        f"<p>A square crop from the middle cuts away {np.mean(lost):.0%} of a picture on average; "
        f"{sum(share > image_issues.MOST_LOST for share in lost):,} of {len(lost):,} lose more than "
        f"{image_issues.MOST_LOST:.0%}. --resize pad keeps everything, with grey bars; squash changes the shape.</p>",
    ]


def each(look: Look) -> list[str]:
    """Return a section for each class: some pictures by chance, the mean picture, sizes and brightness."""
    everyone = [look.known[i] for i in look.usable]
    names = look.scan.class_names
    body = ["<h2>Each class</h2>"]
    if len(names) > MOST_CLASSES:
        body.append(f"<p>The first {MOST_CLASSES} of {len(names)} classes are shown.</p>")
    for name in names[:MOST_CLASSES]:
        rows = np.array([i for i in look.usable if look.scan.images[i].label == name], int)
        body.append(f"<h3>{escape(name)}: {len(rows):,} usable images</h3>")
        if len(rows):
            body.append(faces(look, rows))
            body.append(panels(name, [look.known[i] for i in rows], everyone))
    return body


def faces(look: Look, rows: np.ndarray) -> str:
    """Return some pictures by chance, always the same, and the mean of all."""
    chosen = np.sort(np.random.default_rng(0).permutation(rows)[:SAMPLE])
    mean = gallery.encoded(look.thumbs[rows].mean(axis=0), gallery.SIDE, gallery.SIDE, "mean picture")
    shown = "".join(gallery.thumbnail(look, i) for i in chosen)
    return f"<div class=shown>{shown}<figure>{mean}<figcaption>mean picture</figcaption></figure></div>"


def panels(name: str, own: Sequence[Facts], everyone: Sequence[Facts]) -> str:
    """Return two histograms of a class."""
    sides = [max(one.width, one.height) for one in own], [max(one.width, one.height) for one in everyone]
    light = [one.brightness for one in own], [one.brightness for one in everyone]
    grey = np.linspace(0, 255, plots.BINS + 1)
    size = plots.class_histogram(*sides, f"Size: {plots.cut(name)}", "longer side in pixels", plots.spread(sides[1]))
    brightness = plots.class_histogram(
        *light, f"Brightness: {plots.cut(name)}", "mean grey, 0 black to 255 white", grey
    )
    return f"<div class=panels>{picture(size, f'Sizes of {name}')}{picture(brightness, f'Brightness of {name}')}</div>"
