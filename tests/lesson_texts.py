"""What the text cells of a lesson say, in one language."""

import re
from functools import cache

from lessons.catalogue import Lesson

CELL = re.compile(r"^# %%(.*)$", re.MULTILINE)


@cache
def text(lesson: Lesson, language: str) -> str:
    """Return the text cells of a lesson in one line: in English lines join by a space, in Japanese without."""
    parts = CELL.split(lesson.source.read_text(encoding="utf-8"))
    cells = [cell for head, cell in zip(parts[1::2], parts[2::2], strict=True) if f'lang="{language}"' in head]
    lines = [line.removeprefix("#").strip() for cell in cells for line in cell.splitlines()]
    return (" " if language == "en" else "").join(lines)
