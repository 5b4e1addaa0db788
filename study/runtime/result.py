"""What a command found, for a script, and what is sensible to do next, for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """How a command ended.

    Args:
        values: what it found, as JSON can hold it; paths as texts. `--json` prints it.
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
