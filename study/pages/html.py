"""The parts of a one-file page: style, tables, figures."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from study.pages.blocks import Block, Heading, Table, Text

STYLE = """
body{font:16px/1.55 system-ui,sans-serif;max-width:1120px;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.7rem;margin-bottom:.2rem}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid #ccc}
table{border-collapse:collapse;margin:.6rem 0}
td,th{padding:.25rem .8rem;text-align:right;border-bottom:1px solid #e4e4e4}
td:first-child,th:first-child,.text td{text-align:left}.note{color:#555}.big{font-size:1.25rem}
.wide{overflow-x:auto}img{max-width:max(100%,46rem);height:auto}p,code{overflow-wrap:anywhere}
"""


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table that scrolls by itself where the page is too narrow for it."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class=wide><table><tr>{head}</tr>{lines}</table></div>"


def picture(png: bytes, text: str) -> str:
    """Return a picture that lies within the page, with the text for those who cannot see it."""
    content = base64.b64encode(png).decode()
    return f"<div class=wide><img alt='{escape(text)}' src='data:image/png;base64,{content}'></div>"


def render(blocks: Sequence[Block]) -> str:
    """Return blocks as HTML."""
    parts = []
    for block in blocks:
        if isinstance(block, Heading):
            parts.append(f"<h{block.level}>{escape(block.text)}</h{block.level}>")
        elif isinstance(block, Text):
            parts.append(f"<p class='{escape(block.style)}'>{escape(block.text)}</p>")
        elif isinstance(block, Table):
            parts.append(table(block.header, block.rows))
        else:
            parts.append(picture(block.png, block.text))
    return "".join(parts)
