"""The page of `inspect --page`, in one language, and what is said of it on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from study.inspect.explainer_texts import NOTES, sentence, texts
from study.pages.language import Bilingual, t, told_in
from study.pages.render import render
from study.runtime.result import plain


def page(model: str, network: str, content: Mapping[str, Any], command: str, language: str) -> str:
    """Return the whole page; `content` is what `explain` gave."""
    return render(
        "explainer.html.jinja",
        language,
        title=sentence("title", model=model),
        intro=sentence("intro"),
        script=sentence("script"),
        network=network,
        created=f"{datetime.now():%Y-%m-%d %H:%M}",
        command=command,
        notes=_notes(content),
        data=plain({**content, "texts": texts(told_in(language))}),
    )


def sentences(content: Mapping[str, Any], images: int) -> list[str]:
    """Say what the page leaves out: steps, images, and layers that it does not take apart."""
    steps, shown = content["steps"], len(content["images"])
    apart = sum(step["kind"] != "maps" for step in steps)
    told = [
        f"{len(steps)} of {content['all_steps']} layers are shown, {apart} of them with how their values come about"
    ]
    if shown < images:
        told.append(f"{shown} of {images} images are shown: the page has no room for more")
    return told


def _notes(content: Mapping[str, Any]) -> list[Bilingual]:
    """Return what stands at the foot of the page."""
    notes = [NOTES["exact" if content["exact"] else "rounded"]]
    shown, every = len(content["steps"]), content["all_steps"]
    if shown < every:
        text = NOTES["steps"]
        notes.append(t(*(form.format(shown=shown, all=every) for form in (text, text.ja))))
    return [*notes, NOTES["dropped"]] if content["dropped"] else notes
