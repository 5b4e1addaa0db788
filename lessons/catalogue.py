"""Which lessons there are: number, title and question, read from their sources."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
LANGUAGES = ("en", "ja")
TITLE = re.compile(r"^# # (\d\d) · (.+)$", re.MULTILINE)
QUESTION = re.compile(r"^# \*\*(?:Question\.|問い。)\*\* ?(.+(?:\n# .+)*)", re.MULTILINE)

SOLUTION = re.compile(r'^# %% \[markdown\] solution="(\w+)"$', re.MULTILINE)


@dataclass(frozen=True)
class Lesson:
    """A lesson; titles and questions are in English, then in Japanese."""

    number: str
    titles: tuple[str, str]
    questions: tuple[str, str]
    source: Path

    @property
    def exercises(self) -> tuple[str, ...]:
        """Return the names of its exercises, in their order."""
        return tuple(SOLUTION.findall(self.source.read_text(encoding="utf-8")))

    def notebook(self, language: str) -> Path:
        """Return the notebook in a language."""
        folder = NOTEBOOKS if language == "en" else NOTEBOOKS / language
        return folder / f"{self.source.stem}.ipynb"


def read(source: Path) -> Lesson:
    """Read what a lesson is about. Raise ValueError where title or question is missing in one language."""
    text = source.read_text(encoding="utf-8")
    titles, questions = TITLE.findall(text), [found.replace("\n# ", " ") for found in QUESTION.findall(text)]
    if len(titles) != len(LANGUAGES) or len(questions) != len(LANGUAGES):
        raise ValueError(f"{source} has {len(titles)} titles and {len(questions)} questions; one a language is needed")
    (number, en), (_, ja) = titles
    return Lesson(number, (en, ja), (questions[0], questions[1]), source)


def lessons() -> list[Lesson]:
    """Return all lessons in order."""
    return [read(path) for path in sorted((NOTEBOOKS / "src").glob("[0-9][0-9]_*.py"))]
