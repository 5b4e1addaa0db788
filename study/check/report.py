"""`check.html`: what was found in a folder and how its classes look, in one file that needs no network."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from data import duplicates
from study.check import class_issues, classes_page, gallery, image_issues, issues
from study.check import figures as plots
from study.check.embedding import LEAST_COSINE, SAME_SCENE
from study.check.label_issues import LEAST_LIKELY, STRANGER
from study.pages.html import STYLE, picture, table

if TYPE_CHECKING:
    from study.check.audit import Look

LIKE = f"similarity from {duplicates.LEAST_SIMILARITY:g}"
SCENE = f"from {SAME_SCENE:g} where ImageNet features agree too, with a cosine from {LEAST_COSINE:g}"
MEANING = {
    "two labels": f"the same file, or nearly the same picture ({LIKE}), in two classes",
    "leak": f"the same file, or nearly the same picture ({LIKE}, or {SCENE}), in two of train, val and test",
    "duplicate": "byte-identical files in one class",
    "near duplicate": f"nearly the same picture in one class ({LIKE}, or {SCENE}); the one with fewer pixels is named",
    STRANGER: f"probability of its own class below {LEAST_LIKELY:.0%} to a classifier that learned from the others: "
    "a wrong label, or an unusual picture",
    "few images": f"fewer than {class_issues.LEAST_IMAGES} different images of a class: severe; "
    f"fewer than {class_issues.FEW_IMAGES} to judge it by",
    "imbalance": f"the largest class has more than {class_issues.MOST_IMBALANCE:g} times the images of the smallest",
    "similar names": "class names that differ only in case, spaces or the width of letters",
    "learning type": "by the training images of the rarest class",
    "wrong suffix": "the file's name says another format than its content",
    "animated": "several pictures in one file",
    "tiny": f"a side below {image_issues.LEAST_SIDE} pixels",
    "extreme shape": f"one side more than {image_issues.MOST_ASPECT:g} times the other",
    "cropped": f"--resize crop would cut away more than {image_issues.MOST_LOST:.0%}",
    "plain": f"nearly one colour: standard deviation of grey below {image_issues.LEAST_CONTRAST:g}",
    "dark": f"mean grey below {image_issues.DARKEST:g} of 255",
    "bright": f"mean grey above {image_issues.BRIGHTEST:g} of 255",
    "blurred": f"variance of the Laplacian below {image_issues.LEAST_SHARPNESS:g}",
    "left out": "files and folders that training passes over",
    "hidden files": "names that begin with a dot, and those that systems leave behind",
    "orientation": "pictures that the file stores turned",
    "crop": "what --resize crop cuts away on average",
    **dict.fromkeys(image_issues.UNREADABLE, "the file gives no picture"),
}

LOOKS = """
.shown{display:flex;flex-wrap:wrap;gap:.8rem;margin:.6rem 0 1rem;align-items:flex-start}
figure{margin:0;max-width:100%}figcaption{font-size:.8rem;line-height:1.35;overflow-wrap:anywhere}
.shown img,.pair img{max-width:none;background:#eee}.odd{width:11rem}.pair{width:16.5rem}
.pair>div{display:flex;gap:.4rem}.pair>div>div{width:8rem}.severe{color:#a33a00;font-weight:600}
.panels{display:flex;flex-wrap:wrap;gap:.5rem}
.panels>.wide{min-width:0}.panels img{max-width:100%}h3{font-size:1.02rem;margin:1.4rem 0 .2rem}
.left td:nth-child(2),.left th:nth-child(2),.left td:last-child,.left th:last-child{text-align:left}
li{overflow-wrap:anywhere}
@media(max-width:40rem){.left tr{display:grid;grid-template-columns:1fr 5.2rem 4rem;border-bottom:1px solid #e4e4e4}
.left td,.left th{border:0}.left td:last-child,.left th:last-child{grid-column:1/-1;padding-top:0}}
"""


def page(look: Look) -> str:
    """Return the whole page."""
    names = ", ".join([*(plots.cut(name) for name in look.scan.class_names[:8]), "…"][: len(look.scan.class_names)])
    body = [
        f"<h1>Look before you train: {escape(names)}</h1>",
        f"<p class=note>{datetime.now():%Y-%m-%d %H:%M} · <code>{escape(look.command)}</code> · "
        f"<code>{escape(str(look.scan.root))}</code></p>",
        *summary(look),
        *classes_page.counts(look),
        *gallery.copies(look),
        *gallery.odd_pictures(look),
        *classes_page.sizes(look),
        *classes_page.each(look),
        *the_map(look),
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>check · {escape(names)}</title><style>{STYLE}{LOOKS}</style><body>{''.join(body)}</body></html>"
    )


def summary(look: Look) -> list[str]:
    """Return the counts, the advice and the table of kinds."""
    by_severity = Counter(finding.severity for finding in look.findings)
    counted = Counter((finding.kind, finding.severity) for finding in look.findings)
    severe, warnings, notes = (by_severity[name] for name in issues.SEVERITIES)
    advice = next((finding.detail for finding in look.findings if finding.kind == "learning type"), "")
    rows = [(kind, severity, f"{n:,}", MEANING.get(kind, "")) for (kind, severity), n in counted.items()]
    return [
        f"<p class=big>{len(look.scan.images):,} images in {len(look.scan.class_names)} classes. "
        f"Findings: {severe:,} severe, {warnings:,} warning(s), {notes:,} note(s).</p>",
        f"<p>{escape(advice[:1].upper() + advice[1:])}.</p>" if advice else "",
        "<p>No file was changed. To leave pictures out of training, fill the column <code>drop</code> of "
        "<code>check.csv</code> beside this page and give it to <code>train --exclude</code>.</p>",
        "<h2>Findings by kind</h2>",
        f"<div class=left>{table(('kind', 'severity', 'count', 'what counts as one'), rows)}</div>",
        "<p class=note>Severe: spoils the result. Warning: look at it. Note: good to know.</p>",
    ]


def the_map(look: Look) -> list[str]:
    """Return the map and, below it, the pictures that lie far from their class."""
    if len(look.usable) < 3:
        return []
    labels = [look.scan.images[i].label for i in look.usable]
    row = {int(i): at for at, i in enumerate(look.usable)}
    named = [row[i] for i in look.outliers]
    drawn = plots.scatter(look.places, labels, look.scan.class_names, look.shares, named)
    shown = "".join(
        f"<figure class=odd>{gallery.thumbnail(look, i)}<figcaption><b>{number}</b> "
        f"{escape(look.scan.images[i].name)}</figcaption></figure>"
        for number, i in enumerate(look.outliers, 1)
    )
    return [
        "<h2>Map</h2>",
        f"<p>Principal components (PCA) of {escape(look.source)}.</p>",
        f"<div class=panels>{picture(drawn, 'Map of all pictures, coloured by class')}</div>",
        "<p>Far from the middle of their class:</p>" if shown else "<p>None lies far from its class.</p>",
        f"<div class=shown>{shown}</div>" if shown else "",
    ]
