"""What a command found, for a script, and what is sensible to do next, for a person."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Result:
    """How a command ended.

    Args:
        values: what it found; `plain` makes JSON of it, which `--json` prints.
        next_command: the next sensible command, which a user can copy; "" where there is none.
        why: what that command is for, in a few words.
        code: the exit code.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    next_command: str = ""
    why: str = ""
    code: int = 0

    def next_line(self) -> str:
        """`next: look at the images: python main.py check`; "" where there is nothing to do next."""
        words = [part for part in ("next", self.why, self.next_command) if part]
        return ": ".join(words) if self.next_command else ""

    def as_json(self) -> dict[str, Any]:
        """Return the values, and behind them the next command and why, null where there is none."""
        following = {"command": self.next_command, "why": self.why} if self.next_command else None
        return plain({**self.values, "next": following})


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON may hold
    """Return the same as JSON can hold it.

    A number that is none is null, an array of NumPy a list, a path a text; bytes of a file name that are no UTF-8 are
    escapes such as \\xff, as in the tables.
    """
    if hasattr(value, "tolist"):  # of NumPy, which commands without numbers need not import
        value = value.tolist()
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str | Path):
        try:
            return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        except UnicodeEncodeError:  # half of a letter, as Windows lets names have
            return str(value).encode("utf-8", "backslashreplace").decode()
    return None if isinstance(value, float) and not math.isfinite(value) else value
