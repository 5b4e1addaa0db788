"""The page: images are dropped or chosen, and each gets its answer. Nothing in it but its own may run."""

from __future__ import annotations

from dataclasses import dataclass

from study.pages.policy import allowed
from study.pages.render import render
from study.predict import drop
from study.predict.verdicts import Judge
from study.runs.folder import Run
from study.serve.limits import MEGABYTE, Limits


@dataclass(frozen=True)
class Page:
    """A page, and what its browser may do with it."""

    text: str
    policy: str


def page(run: Run, judge: Judge | None, limits: Limits, language: str) -> Page:
    """Return the page of a run; its style and program are allowed by what they are, and every other is not."""
    told = {
        "words": drop.words(judge),
        "classes": run.info["class_names"],
        "bytes": limits.bytes,
    }
    text = render(
        "serve.html.jinja",
        language,
        **drop.values(run, judge),
        told=told,
        megabytes=limits.bytes // MEGABYTE,
        megapixels=limits.pixels // 1_000_000,
    )
    return Page(text, policy(text))


def policy(text: str) -> str:
    """Return the Content-Security-Policy of a page."""
    return (
        f"default-src 'none'; style-src {allowed(text, 'style')}; script-src {allowed(text, 'script')}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
