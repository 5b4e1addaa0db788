"""From a template and plain values to a page of one file: all values are escaped, and a missing one is an error."""

from __future__ import annotations

import base64
import functools
import re
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from study.pages.language import one_of, told_in

_FLAG = re.compile(r"(?<![A-Za-z0-9_-])-{1,2}[a-z][a-z-]*")

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, language: str = "en", **values: object) -> str:
    """Return the page that a file of `templates/` makes of values, in "en" or "ja"."""
    return _environment(language).get_template(template).render(values)


@functools.cache
def _environment(language: str) -> jinja2.Environment:
    told = told_in(language)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=told,
    )
    environment.filters |= {"data_url": _data_url, "thousands": "{:,}".format, "percent": _percent, "told": told}
    environment.filters["flags_whole"] = lambda text: _flags_whole(told(text))
    environment.globals |= {"language": language, "en": language == "en", "t": one_of(language)}
    return environment


def _data_url(image: bytes) -> str:
    """Return a PNG or JPEG file as an address that holds it."""
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def _flags_whole(text: object) -> Markup:
    """Return a text whose flags no line breaks: at the end of a line `--right` would become `--` or a lone `right`."""
    return Markup(_FLAG.sub(r'<span class="whole">\g<0></span>', str(escape(text))))


def _percent(share: float) -> str:
    """Return a share in percent; one that is not quite 1 is never called 100."""
    return "> 99.9" if 0.9995 <= share < 1 else f"{100 * share:.1f}"
