"""The settings of `page`."""

from __future__ import annotations

from dataclasses import dataclass

from study.settings.data import data_now
from study.settings.declare import Settings, setting


@dataclass(frozen=True)
class PageSettings(Settings):
    """`python main.py page`."""

    paths: tuple[str, ...] = setting(
        (), "the run, by its folder or name (default: the newest that beats the commonest class)", metavar="[RUN]"
    )
    out: str | None = setting(None, "page to write (default: <run folder's name>.html)", metavar="FILE.html")
    int8: bool = setting(
        False,
        "the network in 8-bit integers, a quarter as large; what it costs in accuracy is measured",
        kind=bool,
    )
    allow_changed: int = setting(
        0,
        "write the page although so many validation images get another answer than from the run",
        kind=int,
        low=0,
    )
    examples: int = setting(
        3, "images of the test split that lie in the page to try it; who gets it sees them", kind=int, low=0, high=50
    )
    language: str = setting("en", "of the page", choices=("en", "ja"))
    runtime: str | None = setting(
        None, "folder of npm's onnxruntime-web (default: the one in node_modules)", metavar="DIR"
    )
    data: str | None = data_now()
    runs: str = setting("runs", "folder that holds the run folders", metavar="DIR")
