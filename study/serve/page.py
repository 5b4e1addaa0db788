"""The page: images are dropped or chosen, and each gets its answer. Nothing in it but its own may run."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from study.pages.render import render
from study.predict.told import cautions, task_of
from study.predict.verdicts import UNLIKE, UNSURE, Judge
from study.runs.folder import Run
from study.serve.limits import MEGABYTE, Limits

MOST_NAMED = 40  # classes


@dataclass(frozen=True)
class Page:
    """A page, and what its browser may do with it."""

    text: str
    policy: str


def page(run: Run, judge: Judge | None, limits: Limits, language: str) -> Page:
    """Return the page of a run; its style and program are allowed by what they are, and every other is not."""
    names = run.info["class_names"]
    told = {
        "words": judge.words if judge and judge.known else {UNSURE: "", UNLIKE: ""},
        "classes": names,
        "bytes": limits.bytes,
        "pixels": limits.pixels,
    }
    text = render(
        "serve.html.jinja",
        language,
        run=run.folder.name,
        model=run.info["model"],
        names=names[:MOST_NAMED],
        more=max(0, len(names) - MOST_NAMED),
        several=task_of(run).SEVERAL_LABELS,
        cautions=cautions(run),
        notes=notes(judge),
        told=told,
        megabytes=limits.bytes // MEGABYTE,
        megapixels=limits.pixels // 1_000_000,
    )
    return Page(text, policy(text))


def notes(judge: Judge | None) -> list[str]:
    """Return what must be said of the verdicts."""
    return list(filter(None, [*judge.renamed(), judge.why_no_threshold()])) if judge else []


def policy(text: str) -> str:
    """Return the Content-Security-Policy of a page: its own style and scripts by their hashes, and no other."""

    def hashes(tag: str) -> str:
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digests = (hashlib.sha256(one.encode()).digest() for one in found)
        return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)

    return (
        f"default-src 'none'; style-src {hashes('style')}; script-src {hashes('script')}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
